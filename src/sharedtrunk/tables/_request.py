"""The input of a reader (columns by role, number of rows, missing texts), its output, and checks that all readers share."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sharedtrunk._support.limits import check_different_names
from sharedtrunk._support.words import closest, counted, listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._missing import USUAL, MissingTexts, missing_texts
from sharedtrunk.tables._patterns import chosen, matching
from sharedtrunk.tables._several_labels import column_of
from sharedtrunk.tables._text_format import FOUND_IN_FILE, TextFormat

_MOST_ROWS = 10**9


@dataclass(frozen=True)
class ReadRequest:
    """Columns by role; the random sample's number of rows (None: all rows) and its seed; and how the file is written.

    `tasks`, `features` and `drop` are names and patterns (`_patterns`); with `features` None every column but the tasks is
    one. `format` is for text files, `sheet` for Excel's. `groups`, `time` and `weights` are the columns that say which rows
    belong together, their order, and how much each counts.
    """

    tasks: tuple[str, ...]
    drop: tuple[str, ...]
    rows: int | None
    seed: int
    missing: MissingTexts = USUAL
    features: tuple[str, ...] | None = None
    format: TextFormat = FOUND_IN_FILE
    sheet: str | None = None
    groups: str | None = None
    time: str | None = None
    weights: str | None = None

    def of(self, names: Collection[str]) -> "ReadRequest":
        """The request in a file of these columns: a task of one label of a column, color=red, is read from color."""
        tasks = tuple(dict.fromkeys(column_of(task, names) for task in self.tasks_among(names)))
        return replace(self, tasks=tasks)

    def tasks_among(self, names: Collection[str]) -> tuple[str, ...]:
        """The tasks by name, each pattern replaced by the columns that it matches and that have no other role."""
        said = (chosen(pattern, names) for pattern in (*self.drop, *(self.features or ())))
        taken = set(self.about_rows).union(self.tasks, *said)
        free = [name for name in names if name not in taken]
        named = [task for task in self.tasks if task in names]
        found: list[str] = []
        for task in self.tasks:
            is_name = "*" not in task or column_of(task, names) in names
            matched = {task} if is_name else matching("tasks", [task], free, named)
            found += [task] if is_name else [name for name in free if name in matched]
        return tuple(dict.fromkeys(found))

    @property
    def about_rows(self) -> tuple[str, ...]:
        """The columns of groups, times and weights, where they were named."""
        return tuple(name for name in (self.groups, self.time, self.weights) if name is not None)

    @property
    def as_written(self) -> tuple[str, ...]:
        """The columns whose texts stay as they are written in a file: tasks, groups, times, weights; no features."""
        return (*self.tasks, *self.about_rows)


@dataclass(frozen=True)
class ReadColumns:
    """Columns, the numbers of their rows in the file (from 0, without the header), and how many rows the file has.

    `notes`: what was found in the file, or left out of it.
    """

    columns: list[Column]
    row_numbers: np.ndarray
    total: int
    notes: tuple[str, ...] = ()


def read_request(
    tasks: Sequence[str],
    drop: Sequence[str],
    rows: int | None,
    seed: int,
    missing: Sequence[Any] | str | None = None,
    *,
    features: Sequence[str] | None = None,
    format: TextFormat = FOUND_IN_FILE,
    sheet: str | None = None,
    groups: str | None = None,
    time: str | None = None,
    weights: str | None = None,
) -> ReadRequest:
    """The request, checked as far as possible before a file is opened. Raises `InputError`."""
    task_names, dropped = _names(tasks), _names(drop)
    asked = None if features is None else _names(features)
    if not task_names:
        raise invalid("a table needs a task", received="none", hint="Name the column to predict (--main COLUMN).")
    twice = [name for name, times in Counter(task_names).items() if times > 1]
    if twice:
        raise invalid("each task is named once", received=f"{listed(twice)} twice", hint="Name it once.")
    for rule, role, names in (
        ("a task's column is not dropped", "drop", dropped),
        ("a task's column is not a feature", "features", asked or ()),
    ):
        both = [name for name in task_names if name in names]
        if both:
            hint = "Leave it out of one of the two."
            raise invalid(rule, received=f"{listed(both)} under tasks and {role}", hint=hint)
    if asked == ():
        raise invalid(
            "a table needs features", received="none", hint="Name columns, or leave the features out for all."
        )
    about = (groups, time, weights)
    twice = [name for name in about if name is not None and name in (*task_names, *dropped, *(asked or ()))]
    if twice:
        hint = "Name the column under one of them only; a column of groups, times or weights is not a feature anyway."
        raise invalid(
            "groups, time and weights are neither tasks nor features nor dropped", received=listed(twice), hint=hint
        )
    if rows is not None and not _limits.LEAST_LABELLED <= rows <= _MOST_ROWS:
        rule = f"a sample has {_limits.LEAST_LABELLED} to {_MOST_ROWS:,} rows"
        raise invalid(rule, received=shown(rows), hint="Give another --rows N, or leave it out to read all rows.")
    return ReadRequest(task_names, dropped, rows, seed, missing_texts(missing), asked, format, sheet, *about)


def columns_to_read(request: ReadRequest, names: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns to read, in the file's order. Raises `InputError` for repeated and for unknown names."""
    check_different_names("columns", names)
    for name in request.as_written:
        if name not in names:
            rule = f"{'tasks' if name in request.tasks else 'groups, time and weights'} are columns of the table"
            raise invalid(rule, received=f"{shown(name)}, which is not one", hint=closest(name, names))
    own = request.as_written
    asked = set(names) if request.features is None else matching("features", request.features, names, own)
    dropped = matching("dropped columns", request.drop, names, own)
    to_read = tuple(name for name in names if name in own or (name in asked and name not in dropped))
    if len(to_read) == len(set(own)):
        hint = "Keep at least one column beside the tasks."
        raise invalid("a table needs features", received="only tasks and dropped columns", hint=hint)
    return to_read


def left_out_note(request: ReadRequest, names: Sequence[str], kept: Collection[str]) -> str:
    """The note on the columns that are neither tasks nor features because features were named; empty for none."""
    left_out = [name for name in names if name not in kept]
    if request.features is None or not left_out:
        return ""
    return f"Left out, because not named among the features: {counted(len(left_out), 'column')} ({listed(left_out)})."


def sampled_rows(request: ReadRequest, total: int) -> np.ndarray | None:
    """Numbers of the rows of a random sample, in order; None where all `total` rows are read."""
    if request.rows is None or request.rows >= total:
        return None
    return np.sort(np.random.default_rng(request.seed).choice(total, request.rows, replace=False))


def check_size(numbers: int | float, hint: str) -> None:
    """Raise `InputError` if a table of that many numbers would be larger than a table may be."""
    if 8 * numbers > _limits.MOST_BYTES:
        rule = f"a table holds at most {_limits.MOST_BYTES / 2**30:.3g} GiB of numbers"
        raise invalid(rule, received=f"about {8 * numbers / 2**30:.2g} GiB", hint=hint)


def read_fewer(rows: int | None) -> str:
    """The hint for a table that is too large."""
    action = "Give --rows N" if rows is None else "Give a smaller --rows N"
    return f"{action} to read a random sample of N rows, or leave columns out (--drop COLUMN)."


def no_rows(path: object) -> InputError:
    """The error for a file with a header and no rows."""
    return invalid("a table needs rows", received=f"column names only, in {path}", hint="Check the file.")


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
