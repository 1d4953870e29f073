"""Linear students with weight decay that are averaged inside their training rows: alone, beside other tasks, or fed by them.

Three ways of learning the main task (task 0), all at minima of convex losses (`students.minimize`), so there is neither a
start nor a stopping time:

- *alone*: regularized logistic regression, one layer with decay (λ/2) ‖W‖²;
- *beside*: a trunk that all tasks share, two layers with decay, the nuclear norm λ ‖W‖_* of the stacked weights;
- *fed*: each auxiliary task's own regression first; its log odds are further features of the main task's regression. A row
  with a label of the auxiliary task gets log odds from a regression that did not see that label (out of fold).

No single λ is chosen. The probabilities of all λ on a path are averaged, with the shares that give the rows that were left
out, fold by fold, the lowest loss (stacking, Wolpert 1992; a linear opinion pool). Choosing the best λ costs .01 nats more at
100 labels on public tables, because few labels choose it badly. Folds leave rows out with all their labels, as for a new row.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy.special import log_softmax, logsumexp

from sharedtrunk.affinity._decayed import largest_decay
from sharedtrunk.students import Problem, minimize
from sharedtrunk.tables import MISSING

RIDGE_PATH = np.geomspace(100, 3e-4, 14)
TRUNK_PATH = np.geomspace(1, 1e-3, 12)
"""Weight decays in units of the smallest one at which a trunk has no weights."""

FEATURE_SCALES = (1.0, 4.0)
"""Standard deviations of an auxiliary task's log odds as features, that of the other features being 1. The larger one decays
less; students of both are averaged."""

SMOOTHING = 1e-3
"""Share of a label's probability that all classes get alike, so that a class that a fold lacks has a finite loss."""

GAP, MOST_STEPS = 3e-4, 500
"""Duality gap in nats at which a minimum is done, far below what can be measured on held-out rows, and most steps for it."""

POOL_STEPS, LEAST_SHARE = 50, 1e-3
"""Steps of the shares of a pool, and the share below which a student is left out."""

LEAST_SPREAD = 1e-6
"""Standard deviation of log odds below which they count as constant."""

FEWEST_FEATURES, FEWEST_ROWS, MANY = 16, 256, 1024
"""Smallest numbers of features and rows that a problem is filled up to, and the size up to which there are few steps."""


class Rows(NamedTuple):
    """Training rows: standardized inputs, label codes (`MISSING` where there is none), numbers of classes, folds of rows."""

    inputs: Float[np.ndarray, "sample feature"]
    codes: Int[np.ndarray, "task sample"]
    classes: tuple[int, ...]
    folds: Int[np.ndarray, "sample"]


class Pool(NamedTuple):
    """An average of linear students of the main task.

    `parts` are students with the share of each, and `out_of_fold` is ln P of the training rows, every row by students that
    did not see its labels.
    """

    parts: "tuple[tuple[float, Linear | Pool], ...]"
    out_of_fold: Float[np.ndarray, "sample class"]

    def log_probabilities(self, inputs: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample class"]:
        """ln P of every class."""
        shares = np.array([share for share, _ in self.parts])
        return _averaged(np.stack([part.log_probabilities(inputs) for _, part in self.parts]), shares)


class Linear(NamedTuple):
    """One student: weights (class, feature), intercepts (class,), and the students whose log odds are its last features."""

    weights: Float[np.ndarray, "class feature"]
    intercepts: Float[np.ndarray, "class"]
    sources: "tuple[Source, ...]" = ()

    def log_probabilities(self, inputs: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample class"]:
        """ln P of every class."""
        own = [inputs, *(source.features(source.student.log_probabilities(inputs)) for source in self.sources)]
        return log_softmax(np.concatenate(own, axis=1) @ self.weights.T + self.intercepts, axis=-1)


class Source(NamedTuple):
    """An auxiliary task's student, and the mean and scale that make features of its log odds."""

    student: Pool
    mean: Float[np.ndarray, "class"]
    scale: float

    def features(self, log_probabilities: Float[np.ndarray, "sample class"]) -> Float[np.ndarray, "sample class"]:
        """Log odds against the mean over the classes, centred and scaled."""
        return (_log_odds(log_probabilities) - self.mean) * self.scale


def alone(rows: Rows) -> Pool:
    """The main task by itself."""
    return single(rows, 0)


def beside(rows: Rows, weights: Sequence[float]) -> Pool:
    """The main task on a trunk with the tasks that have weight α_t > 0."""
    tasks = [task for task, weight in enumerate(weights) if weight > 0 and (rows.codes[task] != MISSING).any()]
    return _path(rows, tasks, [weights[task] for task in tasks], layers=2).pooled()


def single(rows: Rows, task: int) -> Pool:
    """A task by itself."""
    return _path(rows, [task], [1.0], layers=1).pooled()


def fed(rows: Rows, students: Sequence[Pool]) -> Pool:
    """The main task with the log odds of auxiliary tasks' `single` students among its features."""
    odds = [_log_odds(student.out_of_fold) for student in students]
    found = []
    for size in FEATURE_SCALES:
        sources = tuple(
            Source(student, each.mean(axis=0), size / max(float(each.std()), LEAST_SPREAD))
            for student, each in zip(students, odds, strict=True)
        )
        own = [source.features(source.student.out_of_fold) for source in sources]
        path = _path(rows._replace(inputs=np.concatenate([rows.inputs, *own], axis=1)), [0], [1.0], layers=1)
        found.append(path.pooled(sources))
    return mixed(rows, found)


def mixed(rows: Rows, pools: Sequence[Pool]) -> Pool:
    """The average of several students of the main task."""
    return _pool(pools, np.stack([pool.out_of_fold for pool in pools]), rows.codes[0])


def _pool(students: Sequence["Linear | Pool"], out_of_fold: np.ndarray, codes: np.ndarray) -> Pool:
    """Students averaged by their ln P out of fold (student, sample, class), with the shares of the lowest loss.

    Expectation maximization from equal shares: the loss is convex and falls in every step. A limited number of steps keeps
    the shares closer to equal than the labels alone would have them.
    """
    labelled = np.flatnonzero(codes != MISSING)
    likelihood = np.exp(out_of_fold[:, labelled, codes[labelled]])
    shares = np.full(len(students), 1 / len(students))
    for _ in range(POOL_STEPS):
        joint = shares[:, None] * likelihood
        shares = (joint / np.maximum(joint.sum(axis=0), np.finfo(float).tiny)).mean(axis=1)
    kept = np.flatnonzero(shares > LEAST_SHARE)
    shares = shares[kept] / shares[kept].sum()
    parts = tuple((float(share), students[int(place)]) for share, place in zip(shares, kept, strict=True))
    return Pool(parts, _averaged(out_of_fold[kept], shares))


class _Path(NamedTuple):
    """The first of some tasks along falling decays (lane, decay, …): a lane for each fold left out, and one with all rows."""

    rows: Rows
    task: int
    weights: np.ndarray
    intercepts: np.ndarray

    def pooled(self, sources: tuple[Source, ...] = ()) -> Pool:
        """The average over the path; `sources` made the last features."""
        students = [Linear(*each, sources) for each in zip(self.weights[-1], self.intercepts[-1], strict=True)]
        return _pool(students, self._out_of_fold(), self.rows.codes[self.task])

    def _out_of_fold(self) -> np.ndarray:
        """ln P of every row (decay, sample, class) by students that did not see its labels."""
        found = self._log_probabilities(-1, self.rows.inputs)
        for fold in range(len(self.weights) - 1):
            held = self.rows.folds == fold
            found[:, held] = self._log_probabilities(fold, self.rows.inputs[held])
        return found

    def _log_probabilities(self, lane: int, inputs: np.ndarray) -> np.ndarray:
        """(decay, sample, class)"""
        return log_softmax(inputs @ self.weights[lane].swapaxes(1, 2) + self.intercepts[lane][:, None], axis=-1)


def _path(rows: Rows, tasks: Sequence[int], weights: Sequence[float], *, layers: int) -> _Path:
    problem = _problem(rows, tasks, weights)
    path = (RIDGE_PATH if layers == 1 else TRUNK_PATH) * largest_decay(problem)
    found = minimize(
        problem,
        path.astype(np.float32),
        layers=layers,
        intercept=True,
        tolerance=GAP,
        most_iterations=MOST_STEPS,
    )
    size, features = rows.classes[tasks[0]], rows.inputs.shape[1]
    composites, intercepts = np.asarray(found.composites[0], float), np.asarray(found.intercepts[0], float)
    return _Path(rows, tasks[0], composites[..., :size, :features], intercepts[..., :size])


def _problem(rows: Rows, tasks: Sequence[int], weights: Sequence[float]) -> Problem:
    """One lane for each fold that is left out, and one with all rows. Blank rows and columns make few different shapes."""
    count, features = rows.inputs.shape
    inputs = np.zeros((_filled(features, FEWEST_FEATURES), _filled(count, FEWEST_ROWS)), np.float32)
    inputs[:features, :count] = rows.inputs.T
    fold = np.arange(rows.folds.max() + 2)[:, None]  # the last one leaves no row out
    targets, coefficients = [], []
    for task, weight in zip(tasks, weights, strict=True):
        labelled = rows.codes[task] != MISSING
        size = rows.classes[task]
        onehot = np.eye(size, dtype=np.float32)[np.where(labelled, rows.codes[task], 0)].T
        smooth = np.zeros(
            (_filled_classes(size), count), np.float32
        )  # further classes have no samples: they are left out
        smooth[:size] = ((1 - SMOOTHING) * onehot + SMOOTHING / size) * labelled
        known = (rows.folds != fold) & labelled
        coefficient = np.zeros((len(fold), inputs.shape[1]), np.float32)
        coefficient[:, :count] = weight * known / np.maximum(known.sum(axis=1, keepdims=True), 1)
        target = np.zeros((len(fold), len(smooth), inputs.shape[1]), np.float32)
        target[..., :count] = smooth * coefficient[:, None, :count]
        targets.append(jnp.asarray(target))
        coefficients.append(jnp.asarray(coefficient))
    return Problem(jnp.asarray(inputs), tuple(targets), tuple(coefficients))


def _filled(count: int, least: int) -> int:
    """The size that `count` rows or columns are filled up to: one of few, because every size needs its own program.

    Compiling takes seconds, a path of small problems hundredths of a second. Sizes are powers of four up to `MANY`, and
    powers of two beyond.
    """
    power = (max(count, least) - 1).bit_length()
    return 2 ** (power + power % 2 if 2**power <= MANY else power)


def _filled_classes(size: int) -> int:
    """The number of classes that a task is filled up to: 3 times a power of two."""
    return 3 * 2 ** max(0, (-(-size // 3) - 1).bit_length())


def _averaged(log_probabilities: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return np.asarray(logsumexp(log_probabilities, axis=0, b=shares[:, None, None]))


def _log_odds(log_probabilities: np.ndarray) -> np.ndarray:
    return log_probabilities - log_probabilities.mean(axis=1, keepdims=True)
