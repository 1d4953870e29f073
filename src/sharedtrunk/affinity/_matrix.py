"""Every task beside every other task: the directed matrix of benefits, and which tasks to put on one trunk.

One training of a pair serves both directions: each task is judged at its own stop. A row has the same role for all tasks.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sharedtrunk._support.limits import check_budget
from sharedtrunk.affinity._advice import AffinityMatrix
from sharedtrunk.affinity._conditions import Progress, check_conditions, conditions_of
from sharedtrunk.affinity._effects import Paired, effects
from sharedtrunk.affinity._groups import suggested_groups
from sharedtrunk.affinity._kept import Kept
from sharedtrunk.affinity._kinds_in_words import notes_on_units
from sharedtrunk.affinity._matrix_by_task import matrix_by_task
from sharedtrunk.affinity._metrics import IN_NATS, LOG_LOSS
from sharedtrunk.affinity._patience import ENOUGH, Patience
from sharedtrunk.affinity._reference import negligible_line, reference_for
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import objections, prepared_rows
from sharedtrunk.affinity._splits import TRAIN
from sharedtrunk.affinity._student import STUDENT, LinearStudent, Student
from sharedtrunk.affinity._trials import Arm, run_trials
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table, leaks, with_related_rows, with_weights


def affinity_matrix(
    table: Table,
    tasks: Sequence[str],
    *,
    student: Student | LinearStudent | Sequence[Student | LinearStudent] = STUDENT,
    repeats: int | None = None,
    negligible: float | None = None,
    seed: int = 0,
    groups: Any = None,
    times: Any = None,
    cv: Any = None,
    estimator: Any = None,
    prepare: bool = True,
    n_jobs: int | None = None,
    metric: str | Callable[..., float] | None = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    budget: float | int | None = None,
    keep: str | os.PathLike[str] | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> AffinityMatrix:
    """Measure the benefit MT_{A←B} of every ordered pair of `tasks`, and suggest groups of tasks.

    With a network and benefits in nats, one training of a pair judges both of its tasks. Then all pairs are one family for
    the correction of verdicts, and unlike in `advise` a row's role holds for all its labels, so that an auxiliary task learns
    from seven tenths of its labels and not from all of them. With another `student`, an `estimator` or a `metric` every task
    in turn is the main task of a study as in `advise`, a family of its own, and effects of log losses have outlooks.

    Parameters
    ----------
    table, repeats, negligible, seed, groups, times, cv, sample_weight, class_weight, budget, keep, stop, progress
        As for `advise`; where one training judges both tasks, a splitter is given the labels of the first task, no task is
        screened out, and classes are balanced or all alike. The budget is for the whole matrix.
    student, estimator, prepare, n_jobs, metric
        As for `advise`, for every main task in turn; by default a network.
    tasks
        Two or more tasks of the table. Ordered ones are trained on as classes.

    Returns
    -------
    AffinityMatrix
        An effect, in nats of A's held-out loss (of a numeric A in units of its variance) or in the metric, for every pair
        (A, B), and the suggested groups.

    Raises
    ------
    InputError
        For fewer than two tasks, too few labels, and settings out of range.

    References
    ----------
    Standley et al. (2020), Fifty et al. (2021) for the grouping.
    """
    started = time.perf_counter()
    student = student if isinstance(student, Student | LinearStudent) else tuple(student)
    check_conditions(student, repeats, negligible, seed)
    if len(tasks) < 2:
        raise invalid("A matrix needs at least two tasks", received=", ".join(tasks) or "none", hint="Name more tasks.")
    check_budget(budget)
    table = with_weights(with_related_rows(table, groups=groups, times=times), sample_weight)
    tasks = table.tasks_of(tasks)
    in_nats = metric is None or (metric == LOG_LOSS.name and not any(table.kind(task) == "numeric" for task in tasks))
    if not isinstance(student, Student) or estimator is not None or not in_nats:
        return matrix_by_task(
            table, tasks, student=student, repeats=repeats, cv=cv, negligible=negligible, seed=seed, keep=keep,
            estimator=estimator, prepare=prepare, n_jobs=n_jobs, metric=metric, class_weight=class_weight, budget=budget,
            stop=stop, progress=progress,
        )  # fmt: skip
    patience, kept = Patience(budget, stop), Kept(keep)
    rows = prepared_rows(table, tasks, tasks, seed=seed, class_weight=class_weight)
    strata, fewest = _strata(rows.strata()), min(int((codes >= 0).sum()) for codes in rows.codes)
    splits = resampling(table, rows, strata, labels=fewest, cv=cv, repeats=repeats, seed=seed)
    roles = splits.roles  # all rows are judged
    indices = range(len(tasks))
    alone = {a: _arm(len(tasks), a) for a in indices}
    pairs = {(a, b): _arm(len(tasks), a, b) for a in indices for b in indices if a != b}
    arms = list(dict.fromkeys([*alone.values(), *pairs.values()]))
    total, done = len(arms) * len(roles), 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    found = run_trials(
        rows, arms, roles, np.zeros(rows.judged), student, seed=seed, kept=kept, stop=patience.over, progress=report
    )
    trained = min(int(outcome.trained.sum()) for outcome in found.values())
    unfinished = (
        [] if trained == len(roles) else [f"Every pair is trained on {trained} or more of {len(roles)} splits."]
    )
    objections_of = [objections(rows.codes[a], table.classes[task], roles, task) for a, task in enumerate(tasks)]
    if trained < min(ENOUGH, len(roles)):
        objections_of = [[f"not settled: {trained} of {len(roles)} splits are trained"]] * len(tasks)
    paired = [
        Paired((tasks[b],), 1.0, found[arm, a], found[alone[a], a], objections_of[a]) for (a, b), arm in pairs.items()
    ]
    references = [reference_for(rows, roles, roles == TRAIN, a) for a in indices]
    scoring = IN_NATS._replace(groups=splits.groups, weights=rows.judged_weights)
    lines = [
        negligible_line(found[alone[a], a], references[a], scoring._replace(codes=rows.codes[a]))
        if negligible is None
        else negligible
        for a in indices
    ]
    named = [(tasks[a], tasks[b]) for a, b in pairs]
    family = effects(paired, negligible=[lines[a] for a, _ in pairs], scoring=scoring)
    measured = dict(zip(named, family, strict=True))
    seconds = time.perf_counter() - started
    conditions = {
        task: conditions_of(
            table,
            task,
            int((rows.codes[a] >= 0).sum()),
            student,
            roles=roles[:, rows.codes[a] >= 0],
            folds=splits.folds,
            repeats=splits.repeats,
            splits=splits.words,
            negligible=lines[a],
            seed=seed,
            trainings=done,
            seconds=seconds,
            kept=kept.found,
        )
        for a, task in enumerate(tasks)
    }
    found_leaks = {leak.sentence: leak for task in tasks for leak in leaks(table, task)}
    worst_first = tuple(sorted(found_leaks.values(), key=lambda leak: not leak.severe))
    return AffinityMatrix(
        tasks=tuple(tasks),
        loss_alone={
            task: scoring.by_row(found[alone[a], a].loss[found[alone[a], a].trained]) for a, task in enumerate(tasks)
        },
        effects=measured,
        groups=suggested_groups(tasks, measured),
        conditions=conditions,
        notes=(*(leak.sentence for leak in worst_first), *table.notes, *splits.notes, *notes_on_units(table, tasks)),
        leaks=worst_first,
        loss_of_frequencies={task: scoring.by_row(references[a].loss).mean for a, task in enumerate(tasks)},
        unfinished=tuple(unfinished),
    )


def _arm(tasks: int, *members: int) -> Arm:
    """The arm that trains `members`, each of weight 1, and judges them all."""
    members = tuple(sorted(members))
    return Arm(tuple(float(task in members) for task in range(tasks)), judged=members)


def _strata(codes: np.ndarray) -> np.ndarray:
    """The stratum of every row: one per combination of labels, sorted first by the task with the fewest labels.

    Rows are dealt to the folds in this order, so that the rarest labels are spread most evenly.
    """
    order = np.argsort((codes >= 0).sum(axis=1), kind="stable")
    return np.unique(codes[order], axis=1, return_inverse=True)[1].reshape(-1)
