"""The matrix of all tasks as one study for each main task, for students and metrics where no training serves two tasks.

Every main task has splits and a family of comparisons of its own, as in `advise`, and auxiliary tasks are learnt from all of
their labels. Every effect has an outlook where those of `advise` do.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._advice import AffinityMatrix
from sharedtrunk.affinity._groups import suggested_groups
from sharedtrunk.affinity._kinds_in_words import notes_on_units
from sharedtrunk.affinity._make_study import conditions_after, study_of
from sharedtrunk.affinity._patience import Patience
from sharedtrunk.affinity._selection import primary
from sharedtrunk.affinity._study import Study
from sharedtrunk.affinity._trials import Outcome
from sharedtrunk.tables import Table, leaks


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
    studies: dict[str, Study] = {}
    effects, started, done = {}, time.perf_counter(), 0
    for number, main in enumerate(tasks):
        spent, others = (time.perf_counter() - started) / 60, [task for task in tasks if task != main]

        def report(trained: int, planned: int, number: int = number, before: int = done) -> None:
            if progress is not None:
                progress(before + trained, before + planned * (len(tasks) - number))

        left = None if budget is None else max(budget - spent, 0) / (len(tasks) - number)
        study = study_of(table, main, others, choose=False, patience=Patience(left, stop), progress=report, **how)
        found = {each.auxiliaries[0]: each for each in primary(study.singles())}
        effects |= {(main, other): found[other] for other in others}
        studies[main], done = study, done + study.done
    seconds, kept = time.perf_counter() - started, sum(study.kept.found for study in studies.values())
    found_leaks = {leak.sentence: leak for task in tasks for leak in leaks(table, task)}
    worst_first = tuple(sorted(found_leaks.values(), key=lambda leak: not leak.severe))
    by_table = (*(leak.sentence for leak in worst_first), *table.notes, *notes_on_units(table, tasks))
    splits = studies[tasks[0]].splits.notes
    by_study = [
        f"{task}: {note}"
        for task, study in studies.items()
        for note in study.notes()
        if note not in (*study.splits.notes, *by_table)
    ]
    return AffinityMatrix(
        tasks=tuple(tasks),
        loss_alone={task: _loss(study, study.outcomes[study.arm()]) for task, study in studies.items()},
        effects=effects,
        groups=suggested_groups(tasks, effects),
        conditions={
            task: dataclasses.replace(conditions_after(study, seconds), trainings=done, kept=kept)
            for task, study in studies.items()
        },
        notes=tuple(dict.fromkeys((*by_table, *splits, *by_study))),
        leaks=worst_first,
        loss_of_frequencies={task: _loss(study, study.reference).mean for task, study in studies.items()},
        unfinished=tuple(f"{task}: {text}" for task, study in studies.items() for text in study.unfinished),
    )


def _loss(study: Study, outcome: Outcome) -> Estimate:
    """The loss on the splits on which the student is trained alone."""
    return study.scoring.by_row(outcome.loss[study.trained[study.arm()]])
