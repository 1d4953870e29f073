"""Paired trainings on resampled splits: what each *arm*, a weighting of the tasks, achieves on every split.

Arms of one split share rows, roles, start and the order of the batches (common random numbers), so that their difference
is paired. Batches of lanes run on several threads: one batch does not fill the cores.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from sharedtrunk._support.environment import cores
from sharedtrunk._support.randomness import stream
from sharedtrunk.affinity._engine import Lanes, Schedule, train_lanes
from sharedtrunk.affinity._network import Activation, initial_network
from sharedtrunk.affinity._precision import jax_precision
from sharedtrunk.affinity._splits import TEST, TRAIN, VALIDATION

LANES = 4
"""Lanes of a batch on a CPU: few, because a batch lasts as long as its slowest lane."""

WHOLE = 1024
"""Up to this many judged rows are all visited in every step; of more, `JUDGED_BATCH`."""

JUDGED_BATCH = 512

REST_BATCH = 128
"""Further rows a step: with twice as many, trainings took a quarter longer for the same losses."""


@dataclasses.dataclass(frozen=True)
class Student:
    """How a student is built and trained, as in `SharedTrunkClassifier`: steps of Adam, patience in steps, tol in nats."""

    hidden: tuple[int, ...] = (100,)
    activation: Activation = "relu"
    learning_rate: float = 0.003
    max_steps: int = 1000
    patience: int = 30
    tol: float = 0.003
    dtype: str = "float32"


STUDENT = Student()
"""One ReLU layer of 100 units."""


class Rows(NamedTuple):
    """A table ready for training: tasks, standardized inputs, label codes (−1 missing), classes; judged rows first."""

    tasks: tuple[str, ...]
    inputs: Float[np.ndarray, "sample feature"]
    codes: Int[np.ndarray, "task sample"]
    classes: tuple[int, ...]
    judged: int


class Arm(NamedTuple):
    """Weights of the tasks, the share of the main task's labels (task 0) that are known, and the tasks that are judged."""

    weights: tuple[float, ...]
    share: float = 1.0
    judged: tuple[int, ...] = (0,)


class Outcome(NamedTuple):
    """One arm's loss (nats) and correctness (0 or 1) on every test row of every split, NaN elsewhere, and where it stopped.

    For one judged task; `step` is the stop in steps and `validation` the validation loss there. `made` says which splits have
    rows of the task to stop by and to test on; the others are no trainings of it.
    """

    loss: Float[np.ndarray, "split judged"]
    right: Float[np.ndarray, "split judged"]
    step: Float[np.ndarray, "split"]
    validation: Float[np.ndarray, "split"]
    made: Bool[np.ndarray, "split"]


class Trial(NamedTuple):
    """One training to make: which arm on which split."""

    arm: Arm
    split: int


def run_trials(
    rows: Rows,
    arms: Sequence[Arm],
    roles: Int[np.ndarray, "split judged"],
    ranks: Float[np.ndarray, "judged"],
    student: Student,
    *,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> dict[tuple[Arm, int], Outcome]:
    """Train every arm on every split and return its outcome for each task that it judges, by (arm, task).

    `roles` are those of the judged rows; the others are trained on. `ranks` nest the shares of known main labels.
    `progress(n)` is called as n more trainings are done. An interrupt leaves no threads behind.
    """
    trials = [Trial(arm, split) for arm in arms for split in range(len(roles))]
    lanes = LANES if jax.default_backend() == "cpu" else 256
    batches = [trials[begin : begin + lanes] for begin in range(0, len(trials), lanes)]
    prepared = _Prepared(rows, roles, ranks, student, seed, min(lanes, len(trials)))
    done = [part for batch in _on_threads(prepared.train, batches, progress) for part in batch]
    found: dict[tuple[Arm, int], Outcome] = {}
    for place, arm in enumerate(arms):
        mine = done[place * len(roles) : (place + 1) * len(roles)]
        for task in arm.judged:
            found[arm, task] = Outcome(*(np.array([lane[name][task] for lane in mine]) for name in Outcome._fields))
    return found


def _on_threads(work, batches: list, progress) -> list:
    """`work` on every batch, in order, on as many threads as there are cores; the first failure ends it."""
    pool = ThreadPoolExecutor(cores())
    try:
        futures = [pool.submit(work, batch) for batch in batches]
        waiting = set(futures)
        while waiting:
            ready, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
            for future in ready:
                future.result()
            if progress is not None and ready:
                progress(sum(len(batch) for batch, future in zip(batches, futures, strict=True) if future in ready))
    finally:
        # Not `with`: an interrupt would wait for the batches that are running.
        pool.shutdown(wait=False, cancel_futures=True)
    return [future.result() for future in futures]


class _Prepared:
    """What all batches share, on the device; `train` makes one batch of trainings."""

    def __init__(self, rows: Rows, roles, ranks, student: Student, seed: int, lanes: int):
        self.rows, self.roles, self.ranks, self.student, self.seed, self.lanes = (
            rows,
            roles,
            ranks,
            student,
            seed,
            lanes,
        )
        with jax_precision(student.dtype):
            self.inputs = jnp.asarray(rows.inputs, student.dtype)
            self.targets = tuple(
                jnp.asarray(_one_hot(codes, size), student.dtype)
                for codes, size in zip(rows.codes, rows.classes, strict=True)
            )
        self.schedule = schedule_for(rows.judged, len(rows.inputs), student)

    def train(self, batch: list[Trial]) -> list[dict[str, np.ndarray]]:
        padded = [*batch, *[batch[0]] * (self.lanes - len(batch))]
        with jax_precision(self.student.dtype):  # here, because it is the thread's
            lanes = self._lanes(padded, len(batch))
            rate = jnp.asarray(self.student.learning_rate, self.student.dtype)
            kept = train_lanes(lanes, self.inputs, self.targets, rate, schedule=self.schedule)
        # every task is judged by its own stop; what is no test row of it stays unknown
        tested = np.asarray(lanes.test) > 0
        own = {
            "loss": np.where(tested, kept.row_loss, np.nan),
            "right": np.where(tested, kept.row_right, np.nan),
            "step": np.asarray(kept.step, np.float64),
            "validation": np.where(np.isfinite(kept.validation), kept.validation, np.nan),
            "made": tested.any(axis=2) & (np.asarray(lanes.validation) > 0).any(axis=2),
        }
        return [{name: values[lane] for name, values in own.items()} for lane in range(len(batch))]

    def _lanes(self, trials: list[Trial], real: int) -> Lanes:
        """Lanes of a batch; those beyond the `real` ones are padding, which follows nothing."""
        parts = [self._roles(trial) for trial in trials]
        tasks = len(self.rows.classes)
        open_ = np.array([[task in trial.arm.judged for task in range(tasks)] for trial in trials])
        open_[real:] = False
        criteria = np.broadcast_to(np.eye(tasks), (len(trials), tasks, tasks))
        coefficients, validation, test = (
            jnp.asarray(np.stack(part), self.student.dtype) for part in zip(*parts, strict=True)
        )
        return Lanes(
            self._starts(trials),
            coefficients,
            validation,
            test,
            jnp.asarray(criteria, self.student.dtype),
            jnp.asarray(open_),
        )

    def _starts(self, trials: list[Trial]):
        key = stream(jax.random.key(self.seed), "start")
        splits = jnp.asarray([trial.split for trial in trials])
        student, rows = self.student, self.rows
        return _starts(
            key,
            splits,
            features=self.inputs.shape[1],
            hidden=student.hidden,
            classes=rows.classes,
            tasks=rows.tasks,
            activation=student.activation,
            dtype=student.dtype,
        )

    def _roles(self, trial: Trial) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Training coefficients (task, sample), validation and test weights (task, judged) of one trial."""
        judged, known = self.rows.judged, self.rows.codes >= 0
        role = self.roles[trial.split]
        hidden = (self.ranks > trial.arm.share) & (role != TEST)
        main_known = known[0].copy()
        main_known[:judged] &= ~hidden
        known = np.concatenate([main_known[None], known[1:]])
        train = known.copy()
        train[:, :judged] &= (role == TRAIN)[None]
        counts = np.maximum(train.sum(axis=1), 1)
        coefficients = train * (np.asarray(trial.arm.weights) / counts)[:, None]
        validation = known[:, :judged] & (role == VALIDATION)[None]
        return coefficients, _shares(validation), _shares(known[:, :judged] & (role == TEST)[None])


def schedule_for(judged: int, samples: int, student: Student) -> Schedule:
    """Judged rows whole where they are few; looks cost at most about a third of the steps between them."""
    judged_batch = judged if judged <= WHOLE else JUDGED_BATCH
    visited = judged_batch + min(REST_BATCH, samples - judged)
    every = max(5, -(-judged // visited))
    patience = max(student.patience, 4 * every)
    return Schedule(judged, judged_batch, REST_BATCH, every, patience, max(student.max_steps, 20 * every), student.tol)


def _shares(chosen: np.ndarray) -> np.ndarray:
    """Weights over the chosen rows of every task that sum to 1, or 0 where none is chosen."""
    return chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)


def _one_hot(codes: np.ndarray, size: int) -> np.ndarray:
    """(sample, class), zero rows where the label is missing."""
    return (codes[:, None] == np.arange(size)[None, :]).astype(np.float32)


@functools.partial(jax.jit, static_argnames=("features", "hidden", "classes", "tasks", "activation", "dtype"))
def _starts(key, splits, *, features: int, hidden, classes, tasks, activation: Activation, dtype: str):
    """A start for every lane, known by its split alone."""

    def one(split):
        return initial_network(
            jax.random.fold_in(key, split), features, hidden, classes, activation, jnp.dtype(dtype), tasks
        )

    return jax.vmap(one)(splits)
