"""Paired trainings on resampled splits: the outcome of each *arm*, a weighting of the tasks, on every split.

Arms of one split share rows, roles, start and the order of the batches (common random numbers), so that their difference
is paired. Arms of one split also share their inputs, which are prepared by the rows that the split trains on: a batch of
lanes belongs to one split. Batches run on several threads, because one does not fill the cores.
"""

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sharedtrunk._support.environment import cores
from sharedtrunk._support.randomness import stream
from sharedtrunk.affinity._engine import FULL_BATCH_ROWS, Lanes, Schedule, Stops, train_lanes
from sharedtrunk.affinity._kept import Kept, Lane, part
from sharedtrunk.affinity._network import Activation, Network, initial_network, logits
from sharedtrunk.affinity._numeric_targets import NumericTargets, binned
from sharedtrunk.affinity._precision import jax_precision
from sharedtrunk.affinity._split_inputs import SplitInputs
from sharedtrunk.affinity._splits import TEST, TRAIN, VALIDATION
from sharedtrunk.affinity._student import Student
from sharedtrunk.affinity._training_weights import TrainingWeights
from sharedtrunk.affinity._ways import BESIDE, Way

LANES = 4
"""Lanes of a batch on a CPU: few, because a batch lasts as long as its slowest lane."""

LANES_ON_A_DEVICE = 256
"""Lanes of a batch on an accelerator, which computes them side by side."""

JUDGED_BATCH = 512
"""Judged rows per step where there are more than `FULL_BATCH_ROWS` of them."""

REST_BATCH = 128
"""Other rows per step. With twice as many, trainings took a quarter longer and losses were no lower."""


class Rows(NamedTuple):
    """A table ready for training: tasks, each split's inputs, label codes (−1: missing), numbers of classes.

    The first `judged` rows are those with a label of a judged task. `numbers` are the rows' places in the table. A task of
    one class is trained on numbers, which are in `targets`; its codes say where a label is. `weights` say how much labels
    count.
    """

    tasks: tuple[str, ...]
    inputs: SplitInputs
    codes: Int[np.ndarray, "task sample"]
    classes: tuple[int, ...]
    judged: int
    numbers: Int[np.ndarray, "sample"]
    targets: NumericTargets | None = None
    weights: TrainingWeights | None = None

    def numeric(self, task: int) -> bool:
        """Whether a task is trained on numbers."""
        return self.classes[task] == 1

    def strata(self) -> Int[np.ndarray, "task sample"]:
        """Codes by which rows are dealt evenly to folds: those of classes, or of a few ranges of numbers."""
        parts = [binned(codes) if self.numeric(task) else codes for task, codes in enumerate(self.codes)]
        return np.stack(parts)

    @property
    def judged_weights(self) -> Float[np.ndarray, "judged"] | None:
        """How much the judged rows count in means; None where all count alike."""
        rows = None if self.weights is None else self.weights.rows
        return None if rows is None else rows[: self.judged]


class Arm(NamedTuple):
    """Weights of the tasks, the share of the main task's labels (task 0) that are known, the tasks that are judged, and the
    way in which auxiliary tasks of weight above 0 are used."""

    weights: tuple[float, ...]
    share: float = 1.0
    judged: tuple[int, ...] = (0,)
    way: Way = BESIDE


class Outcome(NamedTuple):
    """How one arm does in one judged task: its loss (nats) and correctness (0 or 1) on every test row of every split.

    The loss of a numeric task is its squared error in units of the target's variance, and its correctness is NaN.
    Rows that are not tested are NaN. `step` is the stop and `validation` the validation loss there. `made` is False for
    splits without validation or test rows of the task, which are left out, and for splits that are not trained.
    `probabilities` (split, judged, class) are those of the task's classes (the mean of a number), NaN in rows that are not
    tested; empty where no metric needs them.
    """

    loss: Float[np.ndarray, "split judged"]
    right: Float[np.ndarray, "split judged"]
    step: Float[np.ndarray, "split"]
    validation: Float[np.ndarray, "split"]
    made: Bool[np.ndarray, "split"]
    probabilities: Float[np.ndarray, "..."] = np.empty(0)

    @property
    def trained(self) -> Bool[np.ndarray, "split"]:
        """Whether a split is trained, made or not: its step is known."""
        return np.isfinite(self.step)

    def beginning(self, split: int) -> "Outcome":
        """The outcome of this split and the later ones."""
        return Outcome(*(values[split:] for values in self))

    def with_splits(self, other: "Outcome", splits: Bool[np.ndarray, "split"]) -> "Outcome":
        """This outcome, with those of the `splits` from another one."""
        chosen = zip(self, other, strict=True)
        return Outcome(*(np.where(splits.reshape(-1, *[1] * (a.ndim - 1)), b, a) for a, b in chosen))


class Trial(NamedTuple):
    """One training: an arm on a split."""

    arm: Arm
    split: int


def run_trials(
    rows: Rows,
    arms: Sequence[Arm],
    roles: Int[np.ndarray, "split sample"],
    ranks: Float[np.ndarray, "judged"],
    student: Student,
    *,
    seed: int,
    splits: Sequence[int] | None = None,
    kept: Kept | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[int], None] | None = None,
    probabilities: bool = False,
) -> dict[tuple[Arm, int], Outcome]:
    """Train every arm on every split and return its outcome for each task that it judges, by (arm, task).

    Only rows with the role TRAIN are trained on, also among those that are not judged. Outside the test rows, an arm knows
    the main label of a judged row only if the row's entry in `ranks` is at most the arm's share. `progress(n)` is called
    whenever n more trainings are done. An interrupt cancels the batches that have not begun. With `probabilities`, outcomes
    have those of task 0, which all arms must then judge alone, and nothing is kept.

    Without `splits` all are trained. Trainings in `kept` are read, and new ones are written there as they finish. Once
    `stop()` is true, what has not finished is left out: its splits are not `made`.
    """
    if not arms:
        return {}
    most = LANES if jax.default_backend() == "cpu" else LANES_ON_A_DEVICE
    lanes = -(-len(arms) // -(-len(arms) // most))  # as few batches as possible, of nearly equal size
    kept = Kept.nowhere() if kept is None or probabilities else kept
    key = kept.key(rows, ranks, student, seed, lanes)
    trials = [Trial(arm, split) for split in (range(len(roles)) if splits is None else splits) for arm in arms]
    read = {trial: kept.read(key, *trial, roles[trial.split]) for trial in trials}
    done = {trial: lane for trial, lane in read.items() if lane is not None}
    if progress is not None and done:
        progress(len(done))
    prepared = _Prepared(rows, roles, ranks, student, seed, lanes, probabilities)

    def work(batch: list[Trial]) -> list[Lane]:
        trained = prepared.train(batch)
        for trial, lane in zip(batch, trained, strict=True):
            kept.write(key, *trial, roles[trial.split], lane)
        return trained

    batches = _batches([trial for trial in trials if trial not in done], lanes)
    for batch, found in zip(batches, on_threads(work, batches, progress, stop), strict=True):
        done |= {} if found is None else dict(zip(batch, found, strict=True))
    empty = _untrained(rows, probabilities)
    return {
        (arm, task): _outcome([done.get(Trial(arm, split)) for split in range(len(roles))], place, empty)
        for arm in arms
        for place, task in enumerate(arm.judged)
    }


def _batches(trials: Sequence[Trial], lanes: int) -> list[list[Trial]]:
    """Batches of at most `lanes` trials of one split each, in order."""
    return [batch[first : first + lanes] for batch in by_split(trials) for first in range(0, len(batch), lanes)]


def by_split(trials: Sequence[Trial]) -> list[list[Trial]]:
    """The trials of each split, in order."""
    found: dict[int, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.split, []).append(trial)
    return list(found.values())


def _untrained(rows: Rows, probabilities: bool) -> Outcome:
    """The numbers of a split that is not trained. In single precision, because it must not change that of the others."""
    row, one = np.full(rows.judged, np.nan, np.float32), np.array(np.nan, np.float32)
    classes = np.full((rows.judged, rows.classes[0]), np.nan) if probabilities else np.empty(0)
    return Outcome(row, row, one, one, np.array(False), classes)


def _outcome(of_splits: Sequence[Lane | None], place: int, untrained: Outcome) -> Outcome:
    """The outcome in the task at `place` among those that are judged; a split that is not trained is None."""
    return Outcome(
        *(
            np.array([empty if lane is None else lane[name][place] for lane in of_splits])
            for name, empty in zip(Outcome._fields, untrained, strict=True)
        )
    )


def on_threads(work, batches: list, progress, stop) -> list:
    """Results of `work` on every batch, in order, from as many threads as there are cores; the first failure ends it.

    Where `stop()` came first, the result is None; the batches that are running then end on their own.
    """
    if stop is not None and stop():
        return [None] * len(batches)
    pool = ThreadPoolExecutor(cores())
    try:
        futures = [pool.submit(work, batch) for batch in batches]
        waiting = set(futures)
        while waiting and not (stop is not None and stop()):
            ready, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
            for future in ready:
                future.result()
            if progress is not None and ready:
                progress(sum(len(batch) for batch, future in zip(batches, futures, strict=True) if future in ready))
    finally:
        # Not `with`: an interrupt would wait for the batches that are running.
        pool.shutdown(wait=False, cancel_futures=True)
    return [future.result() if future.done() and not future.cancelled() else None for future in futures]


class _Prepared:
    """Arrays that all batches share, on the device; `train` trains one batch."""

    def __init__(self, rows: Rows, roles, ranks, student: Student, seed: int, lanes: int, probabilities: bool):
        self.probabilities = probabilities
        self.rows, self.roles, self.ranks = rows, roles, ranks
        self.student, self.seed, self.lanes = student, seed, lanes
        with jax_precision(student.dtype):
            self.classes = tuple(
                None if size == 1 else jnp.asarray(_one_hot(codes, size), student.dtype)
                for codes, size in zip(rows.codes, rows.classes, strict=True)
            )
        self.units = np.where(np.array(rows.classes) == 1, 2.0, 1.0)  # ½ (y − ŷ)² is half of a squared error
        self.schedule = schedule_for(rows.judged, len(rows.inputs), student)

    def train(self, batch: list[Trial]) -> list[Lane]:
        padded = [*batch, *[batch[0]] * (self.lanes - len(batch))]
        with jax_precision(self.student.dtype):  # JAX keeps this setting per thread
            inputs, features = self._inputs(batch[0].split)
            lanes, tested = self._lanes(padded, len(batch), features, inputs.shape[1])
            rate = jnp.asarray(self.student.learning_rate, self.student.dtype)
            kept = {"keep_networks": True} if self.probabilities else {}
            targets = self._targets(batch[0].split)
            stops = train_lanes(lanes, inputs, targets, rate, schedule=self.schedule, **kept)
            probabilities = self._of_main(stops, inputs, tested)
        # Every task is judged at its own stop; rows that do not test it stay NaN.
        outcomes = {
            "loss": np.where(tested, stops.row_loss, np.nan) * self.units.astype(self.student.dtype)[:, None],
            "right": np.where(tested & (self.units == 1)[:, None], stops.row_right, np.nan),
            "step": np.asarray(stops.step, np.float64),
            "validation": np.where(np.isfinite(stops.validation), stops.validation, np.nan),
            "made": tested.any(axis=2) & (np.asarray(lanes.validation) > 0).any(axis=2),
            "probabilities": probabilities,
        }
        return [part(outcomes, lane, trial.arm.judged) for lane, trial in enumerate(batch)]

    def _targets(self, split: int) -> tuple[Float[Array, "sample _"], ...]:
        """Targets of all tasks as the engine takes them; numbers are those of the split, 0 where there is none."""
        found = () if self.rows.targets is None else np.nan_to_num(self.rows.targets.of(self.roles[split]))
        return tuple(
            jnp.asarray(found[task][:, None], self.student.dtype) if of_classes is None else of_classes
            for task, of_classes in enumerate(self.classes)
        )

    def _of_main(self, stops: Stops, inputs: Array, tested: np.ndarray) -> Float[np.ndarray, "lane _ ..."]:
        """Probabilities of task 0 at its stop by lane (1, judged, class), NaN where not tested; empty if not asked for."""
        if not self.probabilities:
            return np.empty((*tested.shape[:2], 0))
        found = np.asarray(_main_probabilities(stops.network, inputs[: self.rows.judged]), np.float64)
        known = tested[:, 0] & np.isfinite(
            np.asarray(stops.row_loss)[:, 0]
        )  # no finite loss: the weights are the start's
        return np.where(known[:, :, None], found, np.nan)[:, None]

    def _inputs(self, split: int) -> tuple[Float[Array, "sample _"], int]:
        """The inputs of a split and how many of their columns are no padding."""
        return self.rows.inputs.of(self.roles[split] == TRAIN, self.student.dtype)

    def _lanes(
        self, trials: list[Trial], count: int, features: int, width: int
    ) -> tuple[Lanes, Bool[np.ndarray, "lane task judged"]]:
        """Lanes of a batch and their test rows. Lanes after the first `count` are padding and follow no criterion."""
        parts = [self._roles(trial) for trial in trials]
        tasks = len(self.rows.classes)
        open_ = np.array([[task in trial.arm.judged for task in range(tasks)] for trial in trials])
        open_[count:] = False
        criteria = np.broadcast_to(np.eye(tasks), (len(trials), tasks, tasks))
        coefficients, validation, tested = (np.stack(part) for part in zip(*parts, strict=True))
        weights = (jnp.asarray(part, self.student.dtype) for part in (coefficients, validation, criteria))
        return Lanes(self._starts(trials, features, width), *weights, open=jnp.asarray(open_)), tested

    def _starts(self, trials: list[Trial], features: int, width: int):
        key = stream(jax.random.key(self.seed), "start")
        splits = jnp.asarray([trial.split for trial in trials])
        student, rows = self.student, self.rows
        return _starts(
            key,
            splits,
            features=features,
            width=width,
            hidden=student.hidden,
            classes=rows.classes,
            tasks=rows.tasks,
            activation=student.activation,
            dtype=student.dtype,
        )

    def _roles(self, trial: Trial) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Training coefficients (task, sample), validation weights and test rows (task, judged) of one trial."""
        judged, known = self.rows.judged, self.rows.codes >= 0
        trained, role = self.roles[trial.split] == TRAIN, self.roles[trial.split, :judged]
        withheld = (self.ranks > trial.arm.share) & (role != TEST)
        main_known = known[0].copy()
        main_known[:judged] &= ~withheld
        known = np.concatenate([main_known[None], known[1:]])
        train = known & trained[None]
        validation = known[:, :judged] & (role == VALIDATION)[None]
        tested = known[:, :judged] & (role == TEST)[None]
        if self.rows.weights is not None:
            weights = self.rows.weights.of(self.rows.codes, train)
            train, validation = train * weights, validation * weights[:, :judged]
        return _shares(train) * np.asarray(trial.arm.weights)[:, None], _shares(validation), tested


def schedule_for(judged: int, samples: int, student: Student) -> Schedule:
    """The training loop, which visits all judged rows in every step if they are few. A check costs at most about a third
    of the steps between two checks."""
    judged_batch = judged if judged <= FULL_BATCH_ROWS else JUDGED_BATCH
    visited = judged_batch + min(REST_BATCH, samples - judged)
    check_every = max(5, -(-judged // visited))
    patience = max(student.patience, 4 * check_every)
    return Schedule(
        judged, judged_batch, REST_BATCH, check_every, patience, max(student.max_steps, 20 * check_every), student.tol
    )


def _shares(chosen: np.ndarray) -> np.ndarray:
    """Equal weights of each task's chosen rows (or in proportion to theirs), which sum to 1; all 0 for a task without any."""
    sums = chosen.sum(axis=1, keepdims=True)
    return chosen / np.where(sums > 0, sums, 1)


def _one_hot(codes: np.ndarray, size: int) -> np.ndarray:
    """One-hot labels (sample, class), with zero rows for missing labels."""
    return (codes[:, None] == np.arange(size)[None, :]).astype(np.float32)


@jax.jit
def _main_probabilities(network: Network, inputs: Float[Array, "judged _"]) -> Float[Array, "lane judged _"]:
    """The first task's probabilities of these rows, or the mean of a number, by lane."""
    found = jax.vmap(lambda one: logits(one, inputs)[0])(network)
    return found if found.shape[2] == 1 else jax.nn.softmax(found, axis=2)


@functools.partial(jax.jit, static_argnames=("features", "width", "hidden", "classes", "tasks", "activation", "dtype"))
def _starts(key, splits, *, features: int, width: int, hidden, classes, tasks, activation: Activation, dtype: str):
    """A start for every lane, which depends on its split alone; weights of padding are 0."""

    def one(split):
        network = initial_network(
            jax.random.fold_in(key, split), features, hidden, classes, activation, jnp.dtype(dtype), tasks
        )
        if not network.trunk:
            return network
        first = jnp.pad(network.trunk[0], ((0, 0), (0, width - features)))
        return eqx.tree_at(lambda whole: whole.trunk[0], network, first)

    return jax.vmap(one)(splits)
