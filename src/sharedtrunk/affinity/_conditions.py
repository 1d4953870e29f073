"""The conditions of a measurement: which settings are allowed, how many repeats there are, and the record of the
measurement."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Int

from sharedtrunk._support.limits import check_negligible, check_repeats, check_seed, check_trunk_widths, shown
from sharedtrunk._support.words import listed
from sharedtrunk.affinity._records import Conditions
from sharedtrunk.affinity._splits import TRAIN, VALIDATION
from sharedtrunk.affinity._student import LinearStudent, Student
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table

Progress: TypeAlias = Callable[[int, int], None]
"""Called as `progress(done, total)` with numbers of trainings."""

REPEATS = 3
"""The largest number of repeats of ten folds, unless the user asks for more: repeats reduce the error that comes from the
trainings, not the error that comes from the number of rows."""

TESTED_ROWS = 1500
"""Repeats are made until about this many rows have been tested; with more, the interval hardly narrows."""


def check_conditions(
    student: Student | LinearStudent | tuple[Student | LinearStudent, ...],
    repeats: int | None,
    negligible: float | None,
    seed: int,
) -> None:
    """Raise `InputError` for settings out of range, and for a student without a trunk: its tasks would share nothing."""
    check_repeats(repeats)
    check_negligible(0.0 if negligible is None else negligible)
    check_seed(seed)
    candidates = student if isinstance(student, tuple) else (student,)
    if not candidates or not all(isinstance(each, Student | LinearStudent) for each in candidates):
        rule = "the student is a Student, a LinearStudent, or several of them"
        raise invalid(rule, received=shown(student), hint="Leave it out for the better one of both.")
    for each in candidates:
        if isinstance(each, Student):
            check_trunk_widths(each.hidden)


def auxiliary_tasks(table: Table, main: str, auxiliaries: Sequence[str]) -> tuple[str, ...]:
    """The auxiliary tasks of these names, without the main one: a column of several labels in a cell is a task for each.

    Raises `InputError` for none, and for a main task that is among them or is such a column.
    """
    if main in table.parts:
        hint = f"Name one of {listed(list(table.parts[main]))}."
        raise invalid("a main task is one label of a cell with several", received=shown(main), hint=hint)
    found = tuple(task for task in table.tasks_of(auxiliaries) if task != main or main in auxiliaries)
    if not found or main in found:
        raise invalid(
            "Advice needs a main task and at least one other task beside it",
            received=f"main {main}, auxiliary {', '.join(map(str, auxiliaries)) or 'none'}",
            hint="Name auxiliary tasks that are not the main one.",
        )
    return found


def repeats_for(labels: int) -> int:
    """`REPEATS`, or fewer for a task with many labels."""
    return int(np.clip(round(TESTED_ROWS / labels), 1, REPEATS))


def conditions_of(
    table: Table,
    main: str,
    labels: int,
    student: Student | LinearStudent,
    *,
    roles: Int[np.ndarray, "split labelled"],
    folds: int,
    repeats: int,
    splits: str,
    negligible: float,
    seed: int,
    trainings: int,
    seconds: float,
    model: str = "",
    metric: str = "log_loss",
    kept: int = 0,
) -> Conditions:
    """The record of a measurement on `labels` labels of the main task, whose rows have these `roles`.

    One's own `model` is trained on the validation rows too, and has no trunk that we know of.
    """
    count, trained, stopping = len(roles), int((roles == TRAIN).sum()), int((roles == VALIDATION).sum())
    linear = isinstance(student, LinearStudent)
    if model or linear:
        trained, stopping = trained + stopping, 0
    return Conditions(
        rows=len(table.features),
        features=table.features.shape[1],
        classes=len(table.classes[main]),
        labels=labels,
        trained_on=round(trained / count),
        stopped_by=round(stopping / count),
        hidden=() if model or linear else student.hidden,
        activation="" if model else "linear" if linear else student.activation,
        folds=folds,
        repeats=repeats,
        splits=splits,
        negligible=negligible,
        seed=seed,
        trainings=trainings,
        seconds=seconds,
        model=model,
        metric=metric,
        kept=kept,
    )
