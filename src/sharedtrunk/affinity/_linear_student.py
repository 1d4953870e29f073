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

A task of one class is a number: its loss is half the squared error, its student's output the mean, and the shares of a pool
are those of least squared error out of fold. As a feature of another task it is that mean. Rows may have weights.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import nnls
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

FEWEST_FEATURES, FEWEST_ROWS = 16, 64


class Rows(NamedTuple):
    """Training rows: standardized inputs, label codes (`MISSING` where there is none), numbers of classes, folds of rows.

    A task of one class is a number: `numbers` are its standardized targets, and its codes say where there is one. `weights`
    are those of the rows, or of every label (task, sample); None: all are 1.
    """

    inputs: Float[np.ndarray, "sample feature"]
    codes: Int[np.ndarray, "task sample"]
    classes: tuple[int, ...]
    folds: Int[np.ndarray, "sample"]
    numbers: Float[np.ndarray, "task sample"] | None = None
    weights: Float[np.ndarray, "*task sample"] | None = None

    def weights_of(self, task: int) -> Float[np.ndarray, "sample"]:
        """How much the labels of a task count."""
        if self.weights is None:
            return np.ones(len(self.inputs))
        return self.weights if self.weights.ndim == 1 else self.weights[task]

    def targets(self, task: int) -> Float[np.ndarray, "sample"] | None:
        """The numbers of a task, 0 where there is none; None for classes."""
        if self.classes[task] > 1 or self.numbers is None:
            return None
        return np.where(self.codes[task] != MISSING, np.nan_to_num(self.numbers[task]), 0.0)


class Pool(NamedTuple):
    """An average of linear students of the main task.

    `parts` are students with the share of each, and `out_of_fold` is ln P of the training rows (or the mean of a number,
    with one class), every row by students that did not see its labels.
    """

    parts: "tuple[tuple[float, Linear | Pool], ...]"
    out_of_fold: Float[np.ndarray, "sample class"]

    def log_probabilities(self, inputs: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample class"]:
        """ln P of every class, or the mean of a number."""
        shares = np.array([share for share, _ in self.parts])
        return _averaged(np.stack([part.log_probabilities(inputs) for _, part in self.parts]), shares)


class Linear(NamedTuple):
    """One student: weights (class, feature), intercepts (class,), and the students whose log odds are its last features."""

    weights: Float[np.ndarray, "class feature"]
    intercepts: Float[np.ndarray, "class"]
    sources: "tuple[Source, ...]" = ()

    def log_probabilities(self, inputs: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample class"]:
        """ln P of every class, or the mean of a number."""
        own = [inputs, *(source.features(source.student.log_probabilities(inputs)) for source in self.sources)]
        return _outputs(np.concatenate(own, axis=1) @ self.weights.T + self.intercepts)


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
    return _path(rows, [0], [1.0], layers=1).pooled()


def beside(rows: Rows, weights: Sequence[float]) -> Pool:
    """The main task on a trunk with the tasks that have weight α_t > 0."""
    tasks = [task for task, weight in enumerate(weights) if weight > 0 and (rows.codes[task] != MISSING).any()]
    return _path(rows, tasks, [weights[task] for task in tasks], layers=2).pooled()


def fed(rows: Rows, auxiliaries: Sequence[int]) -> Pool:
    """The main task with the log odds of auxiliary tasks among its features."""
    students = [
        _path(rows, [task], [1.0], layers=1).pooled() for task in auxiliaries if (rows.codes[task] != MISSING).any()
    ]
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
    return _pool(pools, np.stack([pool.out_of_fold for pool in pools]), rows, 0)


def _pool(students: Sequence["Linear | Pool"], out_of_fold: np.ndarray, rows: Rows, task: int) -> Pool:
    """Students averaged by their ln P (or means) out of fold (student, sample, class), with the shares of the lowest loss."""
    labelled = np.flatnonzero(rows.codes[task] != MISSING)
    weights, targets = rows.weights_of(task)[labelled], rows.targets(task)
    if targets is None:
        shares = _likeliest(np.exp(out_of_fold[:, labelled, rows.codes[task, labelled]]), weights)
    else:
        shares = _nearest(out_of_fold[:, labelled, 0] - targets[labelled], weights)
    kept = np.flatnonzero(shares > LEAST_SHARE)
    shares = shares[kept] / shares[kept].sum()
    parts = tuple((float(share), students[int(place)]) for share, place in zip(shares, kept, strict=True))
    return Pool(parts, _averaged(out_of_fold[kept], shares))


def _likeliest(likelihood: Float[np.ndarray, "student label"], weights: Float[np.ndarray, "label"]) -> np.ndarray:
    """The shares of the lowest mean of −ln Σ share · likelihood, nearly.

    Expectation maximization from equal shares: the loss is convex and falls in every step. A limited number of steps keeps
    the shares closer to equal than the labels alone would have them.
    """
    shares = np.full(len(likelihood), 1 / len(likelihood))
    for _ in range(POOL_STEPS):
        joint = shares[:, None] * likelihood
        shares = np.average(joint / np.maximum(joint.sum(axis=0), np.finfo(float).tiny), axis=1, weights=weights)
    return shares


def _nearest(errors: Float[np.ndarray, "student label"], weights: Float[np.ndarray, "label"]) -> np.ndarray:
    """The shares s ≥ 0 of sum 1 with the lowest mean of (Σ s · error)².

    The solution of |E s|² + (1 − Σ s)² at s ≥ 0 is a multiple of it: along a ray the first term grows with the second's
    square.
    """
    if not errors.size:
        return np.full(len(errors), 1 / len(errors))
    rows = (errors * np.sqrt(weights / weights.sum())).T
    found, _ = nnls(np.vstack([rows, np.ones(len(errors))]), np.append(np.zeros(len(rows)), 1.0))
    return found / found.sum()


class _Path(NamedTuple):
    """The first of some tasks along falling decays (lane, decay, …): a lane for each fold left out, and one with all rows."""

    rows: Rows
    task: int
    weights: np.ndarray
    intercepts: np.ndarray

    def pooled(self, sources: tuple[Source, ...] = ()) -> Pool:
        """The average over the path; `sources` made the last features."""
        students = [Linear(*each, sources) for each in zip(self.weights[-1], self.intercepts[-1], strict=True)]
        return _pool(students, self._out_of_fold(), self.rows, self.task)

    def _out_of_fold(self) -> np.ndarray:
        """ln P of every row (decay, sample, class) by students that did not see its labels."""
        found = self._log_probabilities(-1, self.rows.inputs)
        for fold in range(len(self.weights) - 1):
            held = self.rows.folds == fold
            found[:, held] = self._log_probabilities(fold, self.rows.inputs[held])
        return found

    def _log_probabilities(self, lane: int, inputs: np.ndarray) -> np.ndarray:
        """(decay, sample, class)"""
        return _outputs(inputs @ self.weights[lane].swapaxes(1, 2) + self.intercepts[lane][:, None])


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
    features = rows.inputs.shape[1]
    composites, intercepts = np.asarray(found.composites[0], float), np.asarray(found.intercepts[0], float)
    return _Path(rows, tasks[0], composites[..., :features], intercepts)


def _problem(rows: Rows, tasks: Sequence[int], weights: Sequence[float]) -> Problem:
    """One lane for each fold that is left out, and one with all rows. Blank rows and columns make few different shapes."""
    count, features = rows.inputs.shape
    inputs = np.zeros((_filled(features, FEWEST_FEATURES), _filled(count, FEWEST_ROWS)), np.float32)
    inputs[:features, :count] = rows.inputs.T
    fold = np.arange(rows.folds.max() + 2)[:, None]  # the last one leaves no row out
    targets, coefficients = [], []
    for task, weight in zip(tasks, weights, strict=True):
        labelled = rows.codes[task] != MISSING
        known = (rows.folds != fold) & labelled
        counted = known * rows.weights_of(task)
        totals = counted.sum(axis=1, keepdims=True)
        coefficient = np.zeros((len(fold), inputs.shape[1]), np.float32)
        coefficient[:, :count] = weight * counted / np.where(totals > 0, totals, 1)
        target = np.zeros((len(fold), rows.classes[task], inputs.shape[1]), np.float32)
        target[..., :count] = _smooth(rows, task) * coefficient[:, None, :count]
        targets.append(jnp.asarray(target))
        coefficients.append(jnp.asarray(coefficient))
    squared = tuple(rows.classes[task] == 1 for task in tasks)
    return Problem(jnp.asarray(inputs), tuple(targets), tuple(coefficients), squared if any(squared) else ())


def _smooth(rows: Rows, task: int) -> np.ndarray:
    """Label probabilities (class, sample), smoothed, or numbers (1, sample); 0 without a label."""
    numbers = rows.targets(task)
    if numbers is not None:
        return numbers[None].astype(np.float32)
    labelled, size = rows.codes[task] != MISSING, rows.classes[task]
    onehot = np.eye(size, dtype=np.float32)[np.where(labelled, rows.codes[task], 0)].T
    return ((1 - SMOOTHING) * onehot + SMOOTHING / size) * labelled


def _filled(count: int, least: int) -> int:
    """The size that `count` rows or columns are filled up to: a power of two, so that few programs are compiled."""
    return max(least, 2 ** (count - 1).bit_length())


def _outputs(z: np.ndarray) -> np.ndarray:
    """ln P of every class along the last axis, or the mean of a number, which is alone there."""
    return z if z.shape[-1] == 1 else log_softmax(z, axis=-1)


def _averaged(log_probabilities: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The average of probabilities, as logarithms, or of means."""
    if log_probabilities.shape[-1] == 1:
        return np.tensordot(shares, log_probabilities, axes=1)
    return np.asarray(logsumexp(log_probabilities, axis=0, b=shares[:, None, None]))


def _log_odds(log_probabilities: np.ndarray) -> np.ndarray:
    """Log odds against the mean over the classes; the mean of a number as it is."""
    if log_probabilities.shape[-1] == 1:
        return log_probabilities
    return log_probabilities - log_probabilities.mean(axis=1, keepdims=True)
