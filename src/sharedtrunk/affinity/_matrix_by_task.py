"""The matrix of all tasks as one study for each main task, for students and metrics where no training serves two tasks.

Every main task has splits and a family of comparisons of its own, as in `advise`, and auxiliary tasks are learnt from all of
their labels. Every effect has an outlook where those of `advise` do.
"""

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._advice import AffinityMatrix
from sharedtrunk.affinity._given_splits import MOST_SPLITS
from sharedtrunk.affinity._groups import suggested_groups
from sharedtrunk.affinity._kinds_in_words import notes_on_units
from sharedtrunk.affinity._make_study import conditions_after, study_of
from sharedtrunk.affinity._metrics import metric_for
from sharedtrunk.affinity._patience import Patience
from sharedtrunk.affinity._records import Conditions, Effect
from sharedtrunk.affinity._selection import primary
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table, leaks


class _Row(NamedTuple):
    """What is kept of one main task's study; it holds on to all of its trainings, so it goes before the next one begins."""

    effects: list[Effect]
    loss: Estimate
    loss_of_frequencies: float
    conditions: Conditions
    notes: list[str]
    unfinished: list[str]


def matrix_by_task(
    table: Table,
    tasks: Sequence[str],
    *,
    budget: float | int | None,
    stop: Callable[[], bool] | None,
    progress: Callable[[int, int], None] | None,
    **how: Any,
) -> AffinityMatrix:
    """`affinity_matrix` by a study for each main task; `how` are settings of `study_of`, for all of them."""
    if isinstance(how["class_weight"], dict):
        hint = 'Say "balanced", or leave it out.'
        raise invalid("in a matrix classes are balanced or all alike", received="a dict", hint=hint)
    for task in tasks:  # before anything is trained
        metric_for(how["metric"], table.kind(task), task)
    if isinstance(how["cv"], Iterator):
        how["cv"] = list(itertools.islice(how["cv"], MOST_SPLITS + 1))  # every study asks for them
    rows: dict[str, _Row] = {}
    started, done = time.perf_counter(), 0
    for number, main in enumerate(tasks):

        def report(trained: int, planned: int, number: int = number, before: int = done) -> None:
            if progress is not None:
                progress(before + trained, before + planned * (len(tasks) - number))

        spent = (time.perf_counter() - started) / 60
        left = None if budget is None else max(budget - spent, 0) / (len(tasks) - number)
        rows[main] = _row(table, main, tasks, patience=Patience(left, stop), progress=report, **how)
        done += rows[main].conditions.trainings
    seconds, kept = time.perf_counter() - started, sum(row.conditions.kept for row in rows.values())
    effects = {(main, effect.auxiliaries[0]): effect for main, row in rows.items() for effect in row.effects}
    found_leaks = {leak.sentence: leak for task in tasks for leak in leaks(table, task)}
    worst_first = tuple(sorted(found_leaks.values(), key=lambda leak: not leak.severe))
    by_table = (*(leak.sentence for leak in worst_first), *table.notes, *notes_on_units(table, tasks))
    together = {"trainings": done, "seconds": seconds, "kept": kept}
    return AffinityMatrix(
        tasks=tuple(tasks),
        loss_alone={task: row.loss for task, row in rows.items()},
        effects=effects,
        groups=suggested_groups(tasks, effects),
        conditions={task: dataclasses.replace(row.conditions, **together) for task, row in rows.items()},
        notes=tuple(dict.fromkeys((*by_table, *_told({task: row.notes for task, row in rows.items()})))),
        leaks=worst_first,
        loss_of_frequencies={task: row.loss_of_frequencies for task, row in rows.items()},
        unfinished=tuple(f"{task}: {text}" for task, row in rows.items() for text in row.unfinished),
    )


def _row(table: Table, main: str, tasks: Sequence[str], **how: Any) -> _Row:
    """The study of one main task."""
    begun, others = time.perf_counter(), [task for task in tasks if task != main]
    study = study_of(table, main, others, choose=False, **how)
    found = {each.auxiliaries[0]: each for each in primary(study.singles())}
    trained = study.trained[study.arm()]
    alone, reference = (
        study.scoring.by_row(outcome.loss[trained]) for outcome in (study.outcomes[study.arm()], study.reference)
    )
    conditions = conditions_after(study, time.perf_counter() - begun)
    measured = [found[other] for other in others]
    return _Row(measured, alone, reference.mean, conditions, study.notes(theory=False), study.unfinished)


def _told(notes: dict[str, list[str]]) -> list[str]:
    """The notes of all tasks: those that all have once, others with the task's name."""
    common = set.intersection(*map(set, notes.values()))
    by_task = [
        note if note in common or note.startswith(task) else f"{task}: {note}"
        for task, own in notes.items()
        for note in own
    ]
    return list(dict.fromkeys(by_task))
