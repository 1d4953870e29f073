"""Columns that seem to say which rows belong together: the same person, patient or scaffold in many rows.

A column of texts or whole numbers is an *identifier* if at least half of the rows share their value with another row, and

- its name says so: `patient`, `SubjectID`, `customer_no` with 5 different values or more, or any other `…_id` with 10; or
- it has more than 20 different values, and rows with the same value are equal in at least half of the other columns, and in
  at least three; or
- it has more than 20 different values, each in the same number of rows, one below the other: a panel of persons.

Ages, counts, ratings, countries and years have many rows per value too, but neither such a name nor such rows.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sharedtrunk.tables._column import Column

_ID = {"id", "ids", "uid", "uuid", "guid", "identifier"}
"""The last word of the name of an identifier."""

_WHOSE = {
    "animal", "athlete", "client", "customer", "donor", "driver", "employee", "family", "household", "individual", "member",
    "mouse", "participant", "patient", "person", "player", "pupil", "respondent", "scaffold", "student", "subject", "user",
}  # fmt: skip
"""Words that alone, or with one of `_ID` or `_NUMBER`, are the name of an identifier."""

_NUMBER = {"code", "key", "name", "no", "nr", "num", "number", "index"}

_LEAST_NAMED, _LEAST_ID, _LEAST_UNNAMED = 5, 10, 21
"""The smallest number of different values: with a word of `_WHOSE`, with another name that ends in id, and without either."""

_SHARED = 0.5
"""The share of rows that have their value in common with another row, at least."""

_LEAST_EQUAL = 3
"""The number of other columns, at least, in which rows with the same value are equal. Two would be too few: a postal code
goes with a town and a state."""

_LEAST_DIFFERENT_PAIRS = 5
"""A column is compared if it differs in this many pairs once they are shuffled: nearly constant columns are equal in most
pairs."""

_PROBED_ROWS, _FIRST_PAIRS, _MOST_COLUMNS = 1000, 50, 100
"""Rows or pairs of rows that are looked at instead of all, pairs that are looked at first, and columns that are compared with
all others."""


class Identifier(NamedTuple):
    """A column, its number of different values, and the number of rows that share their value with another one."""

    column: str
    different: int
    rows: int


def identifiers(columns: Sequence[Column]) -> tuple[Identifier, ...]:
    """The columns that seem to say which rows belong together."""
    found, compared = [], 0
    for each in columns:
        least = _least_different(each.name)
        if not _may_identify(each, least):
            continue
        codes = _codes(each)
        times = np.bincount(codes[codes >= 0])
        different, shared = int((times > 0).sum()), int(times[times > 1].sum())
        if different < least or shared < _SHARED * len(codes):
            continue
        if least == _LEAST_UNNAMED:
            compared += 1
            equal = compared <= _MOST_COLUMNS and _rows_are_equal(codes, each, columns)
            if not equal and not _balanced_panel(codes, times):
                continue
        found.append(Identifier(each.name, different, shared))
    return tuple(found)


def _least_different(name: str) -> int:
    """The smallest number of different values of an identifier with this name."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+", name)]
    # `patientid` is one word
    words = [part for word in words for part in re.sub(rf"^({'|'.join(_WHOSE)})(id|no|nr)$", r"\1 \2", word).split()]
    if words and set(words) <= _WHOSE | _ID | _NUMBER and set(words) & _WHOSE:
        return _LEAST_NAMED
    return _LEAST_ID if words and words[-1] in _ID else _LEAST_UNNAMED


def _may_identify(each: Column, least: int) -> bool:
    """Whether some of the column's rows look like an identifier's; saves sorting thousands of columns of measurements."""
    kind = each.values.dtype.kind
    if kind == "b":
        return False
    rows = np.unique(np.linspace(0, len(each.values) - 1, _PROBED_ROWS).astype(int))
    values = each.values[rows][~each.missing[rows]]
    if kind == "f" and not (np.isfinite(values) & (values == np.floor(values))).all():
        return False
    return len(set(values.tolist())) >= min(least, _LEAST_NAMED)


def _codes(each: Column) -> np.ndarray:
    """A code for every value (sample,), −1 where it is missing or not a whole number."""
    import pandas as pd

    codes = pd.factorize(each.values)[0]
    absent = each.missing.copy()
    if each.values.dtype.kind == "f":
        absent |= ~(np.isfinite(each.values) & (each.values == np.floor(each.values)))
    return np.where(absent, -1, codes)


def _balanced_panel(codes: np.ndarray, times: np.ndarray) -> bool:
    """Whether each value is in the same number of rows, and in neighbouring rows only."""
    known = times[times > 0]
    changes = np.count_nonzero(np.diff(codes))
    return bool((codes >= 0).all() and known.min() == known.max() and changes == len(known) - 1)


def _rows_are_equal(codes: np.ndarray, each: Column, columns: Sequence[Column]) -> bool:
    """Whether rows with the same code are equal in at least half of the other columns, judged by some pairs of rows."""
    rows = np.flatnonzero(codes >= 0)
    first_of = np.zeros(codes.max() + 1, np.int64)
    first_of[codes[rows[::-1]]] = rows[::-1]
    second = rows[first_of[codes[rows]] != rows]
    second = np.random.default_rng(0).permutation(second)[:_PROBED_ROWS]
    first = first_of[codes[second]]
    others = [other for other in columns if other is not each]
    few = slice(0, _FIRST_PAIRS)
    if sum(bool(_equal(other, first[few], second[few]).all()) for other in others) < _LEAST_EQUAL:
        return False  # as for nearly all columns
    shuffled = np.random.default_rng(1).permutation(first)
    others = [other for other in others if (~_equal(other, shuffled, second)).sum() >= _LEAST_DIFFERENT_PAIRS]
    equal = sum(bool(_equal(other, first, second).all()) for other in others)
    return equal >= max(_LEAST_EQUAL, len(others) / 2)


def _equal(column: Column, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(column.values[a] == column.values[b], bool) & ~column.missing[a] & ~column.missing[b]
