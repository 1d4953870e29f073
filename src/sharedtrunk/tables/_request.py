"""What a reader is asked for (which columns are tasks, which stay out, how many rows are kept) and what it returns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharedtrunk._support.words import closest, listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._missing import USUAL, MissingTexts, missing_texts


@dataclass(frozen=True)
class Plan:
    """Columns by role, the size and seed of the sample of rows (None: all rows), and the texts that mean missing."""

    tasks: tuple[str, ...]
    drop: tuple[str, ...]
    rows: int | None
    seed: int
    missing: MissingTexts = USUAL


@dataclass(frozen=True)
class Found:
    """What a reader returns: columns, the rows' numbers in the file (from 0, no header), how many rows the file has."""

    columns: list[Column]
    row_numbers: np.ndarray
    total: int


def plan(
    tasks: Sequence[str], drop: Sequence[str], rows: int | None, seed: int, missing: Sequence[Any] | str | None = None
) -> Plan:
    """Check what can be checked before a file is opened. Raises `InputError`."""
    wanted, left_out = _names(tasks), _names(drop)
    if not wanted:
        raise invalid("a table needs a task", received="none", hint="Name the column to predict (--main COLUMN).")
    twice = _repeated(wanted)
    if twice:
        raise invalid("each task is named once", received=f"{listed(twice)} twice", hint="Name it once.")
    both = [name for name in wanted if name in left_out]
    if both:
        hint = "Leave it out of one of the two."
        raise invalid("a task's column is not dropped", received=f"{listed(both)} in both", hint=hint)
    if rows is not None and rows < _limits.LEAST_LABELLED:
        rule = f"a sample has at least {_limits.LEAST_LABELLED} rows"
        raise invalid(rule, received=str(rows), hint="Ask for more rows (--rows N).")
    return Plan(wanted, left_out, rows, seed, missing_texts(missing))


def columns_to_read(asked: Plan, names: Sequence[str]) -> tuple[str, ...]:
    """The columns that are read, in the file's order. Raises `InputError` for names that are repeated or not there."""
    twice = _repeated(names)
    if twice:
        hint = "Rename or remove one of each pair."
        raise invalid("columns have different names", received=f"{listed(twice)} more than once", hint=hint)
    for name in (*asked.tasks, *asked.drop):
        if name not in names:
            rule = "tasks and dropped columns are columns of the table"
            raise invalid(rule, received=f"{shown(name)}, which is not one", hint=closest(name, names))
    kept = tuple(name for name in names if name not in asked.drop)
    if len(kept) == len(asked.tasks):
        hint = "Keep at least one column beside the tasks."
        raise invalid("a table needs features", received="only tasks and dropped columns", hint=hint)
    return kept


def check_size(numbers: int | float, hint: str) -> None:
    """Raise `InputError` where that many numbers would not fit the limit of memory."""
    if 8 * numbers > _limits.MOST_BYTES:
        rule = f"a table holds at most {_limits.MOST_BYTES / 2**30:.3g} GiB of numbers"
        raise invalid(rule, received=f"about {8 * numbers / 2**30:.2g} GiB", hint=hint)


def read_fewer(rows: int | None) -> str:
    """The way out of a table that is too large to hold."""
    action = "Give --rows N" if rows is None else "Give a smaller --rows N"
    return f"{action} to read a random sample of N rows, or leave columns out (--drop COLUMN)."


def no_rows(path: object) -> InputError:
    """The error for a file with columns and nothing in them."""
    return invalid("a table needs rows", received=f"column names only, in {path}", hint="Check the file.")


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
