"""Paired trainings of the linear student: the same splits, arms and outcomes as `run_trials`.

A student at the minimum of a convex loss has neither a start nor a stop, so it is trained on the validation rows too: it
chooses its weight decays by folds inside its training rows. Arms of one split share what they have in common: the
student alone, and the students of single auxiliary tasks.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk.affinity import _linear_student as linear
from sharedtrunk.affinity._kept import Kept, Lane
from sharedtrunk.affinity._own_trials import outcome_of, trained_rows
from sharedtrunk.affinity._splits import TEST, dealt
from sharedtrunk.affinity._student import LinearStudent
from sharedtrunk.affinity._trials import Arm, Outcome, Rows, Trial, by_split, on_threads
from sharedtrunk.affinity._ways import BESIDE, FEATURE
from sharedtrunk.tables import MISSING


class Learner:
    """The linear students of one training set, each of which is trained once."""

    def __init__(self, rows: linear.Rows) -> None:
        self.rows = rows
        self._alone: linear.Pool | None = None
        self._auxiliaries: dict[int, linear.Auxiliary] = {}
        self._students: dict[tuple[tuple[float, ...], str], linear.Pool] = {}

    def alone(self) -> linear.Pool:
        """The main task by itself."""
        if self._alone is None:
            self._alone = linear.single(self.rows, 0)
        return self._alone

    def auxiliary(self, task: int) -> linear.Auxiliary:
        """An auxiliary task by itself."""
        if task not in self._auxiliaries:
            self._auxiliaries[task] = linear.auxiliary(self.rows, task)
        return self._auxiliaries[task]

    def student(self, weights: Sequence[float], way: str) -> linear.Pool:
        """The main task's student that uses the auxiliary tasks of weight α > 0 in this way.

        Auxiliary tasks of one class teach nothing and are left out.
        """
        codes = self.rows.codes
        used = [
            task
            for task, weight in enumerate(weights)
            if task > 0 and weight > 0 and np.unique(codes[task][codes[task] != MISSING]).size > 1
        ]
        if not used:
            return self.alone()
        key = tuple(weight * (task in (0, *used)) for task, weight in enumerate(weights)), way
        if key not in self._students:
            self._students[key] = self._trained(*key, used)
        return self._students[key]

    def _trained(self, weights: tuple[float, ...], way: str, used: list[int]) -> linear.Pool:
        if way == BESIDE:
            return linear.beside(self.rows, weights)
        if way == FEATURE:
            return linear.fed(self.rows, [self.auxiliary(task) for task in used])
        return linear.mixed(self.rows, [self.alone(), self.student(weights, BESIDE), self.student(weights, FEATURE)])


def run_linear_trials(
    rows: Rows,
    arms: Sequence[Arm],
    roles: Int[np.ndarray, "split sample"],
    ranks: Float[np.ndarray, "judged"],
    student: LinearStudent,
    *,
    seed: int,
    groups: Int[np.ndarray, "sample"] | None = None,
    splits: Sequence[int] | None = None,
    kept: Kept | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[tuple[Arm, int], Outcome]:
    """Train every arm on every split; outcomes of the main task by (arm, 0), with probabilities.

    Rows of one of the `groups` stay in one of the folds that choose the weight decays. The other arguments are those of
    `run_trials`.
    """
    if not arms:
        return {}
    kept = Kept.nowhere() if kept is None else kept
    key = kept.key(rows, ranks, student, seed, 0, groups)
    trials = [Trial(arm, split) for split in (range(len(roles)) if splits is None else splits) for arm in arms]
    read = {trial: kept.read(key, *trial, roles[trial.split]) for trial in trials}
    done: dict[Trial, Lane] = {trial: lane for trial, lane in read.items() if lane is not None}
    if progress is not None and done:
        progress(len(done))

    def work(batch: list[Trial]) -> list[Lane]:
        trained = _split(rows, batch, roles[batch[0].split], ranks, student, groups, seed)
        for trial, lane in zip(batch, trained, strict=True):
            kept.write(key, *trial, roles[trial.split], lane)
        return trained

    batches = by_split([trial for trial in trials if trial not in done])
    for batch, found in zip(batches, on_threads(work, batches, progress, stop), strict=True):
        done |= {} if found is None else dict(zip(batch, found, strict=True))
    found = {
        arm: {trial.split: lane["probabilities"] for trial, lane in done.items() if trial.arm == arm} for arm in arms
    }
    return {(arm, 0): outcome_of(rows, roles, of_splits) for arm, of_splits in found.items()}


def _split(
    rows: Rows, batch: list[Trial], role: np.ndarray, ranks: np.ndarray, student: LinearStudent, groups, seed: int
) -> list[Lane]:
    """Probabilities (judged, class), or means (judged, 1), of the test rows by arm, NaN in other rows."""
    learnt = trained_rows(role)
    inputs = rows.inputs.prepared(learnt)
    tested = np.flatnonzero(role[: rows.judged] == TEST)
    learners: dict[float, Learner] = {}
    found = []
    for trial in batch:
        share = trial.arm.share
        if share not in learners:
            learners[share] = _learner(rows, inputs, role, ranks > share, student, groups, [seed, 5, trial.split])
        outputs = np.full((rows.judged, rows.classes[0]), np.nan)
        chosen = learners[share].student(trial.arm.weights, trial.arm.way)
        logarithms = chosen.log_probabilities(inputs[tested])
        outputs[tested] = logarithms if rows.numeric(0) else np.exp(logarithms)
        found.append({"probabilities": outputs})
    return found


def _learner(rows: Rows, inputs, role, withheld, student: LinearStudent, groups, seed: list[int]) -> Learner:
    """The rows of a split that may be learnt from, in folds that spread the main task's labels evenly."""
    codes = np.where(trained_rows(role), rows.codes, MISSING)
    codes[0, : rows.judged][withheld] = MISSING
    chosen = np.flatnonzero((codes != MISSING).any(axis=0))
    numbers = None if rows.targets is None else rows.targets.of(role)[:, chosen]
    weights = None if rows.weights is None else rows.weights.of(codes, codes != MISSING)[:, chosen]
    strata = np.where(codes[0] != MISSING, rows.strata()[0], MISSING)[chosen]
    own_groups = None if groups is None else groups[chosen]
    folds = dealt(strata, min(student.folds, chosen.size), np.random.default_rng(seed), own_groups)
    return Learner(linear.Rows(inputs[chosen], codes[:, chosen], rows.classes, folds, numbers, weights))
