"""Every task beside every other: the directed matrix of benefits, and which tasks to put on one trunk.

One training of a pair answers both ways: each task is judged by its own stop. The roles of rows are shared by all tasks.
"""

import time
from collections.abc import Sequence

import numpy as np

from sharedtrunk.affinity._advice import AffinityMatrix
from sharedtrunk.affinity._advise import Progress, check_settings, check_trunk, repeats_for
from sharedtrunk.affinity._effects import NEGLIGIBLE, Paired, effects
from sharedtrunk.affinity._groups import suggested_groups
from sharedtrunk.affinity._intervals import clustered
from sharedtrunk.affinity._records import Conditions
from sharedtrunk.affinity._rows import doubts, prepared_rows
from sharedtrunk.affinity._splits import FOLDS, VALIDATION_FOLDS, split_roles
from sharedtrunk.affinity._trials import STUDENT, Arm, Student, run_trials
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Leak, Table, leaks


def affinity_matrix(
    table: Table,
    tasks: Sequence[str],
    *,
    student: Student = STUDENT,
    repeats: int | None = None,
    negligible: float = NEGLIGIBLE,
    seed: int = 0,
    progress: Progress | None = None,
) -> AffinityMatrix:
    """MT_{A←B} for every ordered pair of `tasks`, in nats of A's held-out loss, by paired trainings; and groups.

    All pairs are one family for the correction. Unlike in `advise`, a row's role holds for all its labels, so that one
    training judges both tasks: an auxiliary task with labels of its own rows is trained on seven tenths of them, not on all.
    Raises `InputError` for fewer than two tasks, too few labels, and settings out of range.
    """
    begun = time.perf_counter()
    check_settings(repeats, negligible, seed)
    check_trunk(student)
    if len(tasks) < 2:
        raise invalid("A matrix needs at least two tasks", received=", ".join(tasks) or "none", hint="Name more")
    rows = prepared_rows(table, tasks, tasks, seed=seed)
    repeats = repeats_for(min(int((codes >= 0).sum()) for codes in rows.codes)) if repeats is None else repeats
    roles = split_roles(_strata(rows.codes[:, : rows.judged]), folds=FOLDS, repeats=repeats, seed=seed)
    places = range(len(tasks))
    alone = {a: _arm(len(tasks), a) for a in places}
    pairs = {(a, b): _arm(len(tasks), a, b) for a in places for b in places if a != b}
    arms = list(dict.fromkeys([*alone.values(), *pairs.values()]))
    total, done = len(arms) * len(roles), 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    found = run_trials(rows, arms, roles, np.zeros(rows.judged), student, seed=seed, progress=report)
    doubted = [doubts(rows.codes[a, : rows.judged], table.classes[task], roles, task) for a, task in enumerate(tasks)]
    paired = [Paired((tasks[b],), 1.0, found[arm, a], found[alone[a], a], doubted[a]) for (a, b), arm in pairs.items()]
    named = [(tasks[a], tasks[b]) for a, b in pairs]
    measured = dict(zip(named, effects(paired, negligible=negligible), strict=True))
    seconds = time.perf_counter() - begun
    conditions = {
        task: Conditions(
            rows=len(table.features),
            features=table.features.shape[1],
            classes=rows.classes[a],
            labels=int((rows.codes[a] >= 0).sum()),
            trained_on=round((rows.codes[a] >= 0).sum() * (1 - (1 + VALIDATION_FOLDS) / FOLDS)),
            stopped_by=round((rows.codes[a] >= 0).sum() * VALIDATION_FOLDS / FOLDS),
            hidden=student.hidden,
            activation=student.activation,
            folds=FOLDS,
            repeats=repeats,
            negligible=negligible,
            seed=seed,
            trainings=total,
            seconds=seconds,
        )
        for a, task in enumerate(tasks)
    }
    told = {leak.sentence: leak for task in tasks for leak in leaks(table, task)}
    worst_first = tuple(sorted(told.values(), key=_mild))
    return AffinityMatrix(
        tasks=tuple(tasks),
        loss_alone={task: clustered(found[alone[a], a].loss) for a, task in enumerate(tasks)},
        effects=measured,
        groups=suggested_groups(tasks, measured),
        conditions=conditions,
        notes=(*(leak.sentence for leak in worst_first), *table.notes),
        leaks=worst_first,
    )


def _mild(leak: Leak) -> bool:
    return not leak.severe


def _arm(tasks: int, *members: int) -> Arm:
    """The arm that trains `members`, each of weight 1, and judges them all."""
    members = tuple(sorted(members))
    return Arm(tuple(float(task in members) for task in range(tasks)), judged=members)


def _strata(codes: np.ndarray) -> np.ndarray:
    """One stratum for every combination of labels, in the order of the tasks with the fewest labels.

    Rows are dealt in this order, so that what is rare is spread over the folds first, and every task's labels after it.
    """
    order = np.argsort((codes >= 0).sum(axis=1), kind="stable")
    return np.unique(codes[order], axis=1, return_inverse=True)[1].reshape(-1)
