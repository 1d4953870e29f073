"""Numbers that look as if they stand for a missing value, such as 999 or 999999.4 in a column of percentages.

Such a number is the smallest or the largest of its column, or one of the last three there, as 97, 98 and 99 are. It lies
farther from all other values than these lie from each other, and `FAR` widths of the bulk (see `bulk`) beyond it. It repeats,
or it is written in nines. It stays a number: the user says whether it means missing.
"""

import re
from typing import NamedTuple

import numpy as np

from sharedtrunk._support.words import counted, shown

FAR = 10.0
"""Least distance from the bulk, in its widths. Honest extremes of heavy tails may be as far, but are no repeated values."""

_NINES = re.compile(r"-?9{2,}(\.\d*)?")
_MOST_PER_COLUMN = 3
"""Sentinels that are looked for in one column: tables that code several reasons for a gap have a few."""

_MOST_TOLD = 6
"""Sentinels that a note names."""


class Bulk(NamedTuple):
    """Lower and upper end and median (feature,) of the bulk of each column."""

    low: np.ndarray
    high: np.ndarray
    median: np.ndarray


class Sentinel(NamedTuple):
    """A column's number that looks like a sentinel, and the number of rows that hold it."""

    column: str
    value: float
    rows: int


def bulk(values: np.ndarray) -> Bulk:
    """Find where the bulk of each column lies: the quartiles of the values other than the median, and the median.

    Where more than half of a column is one value, such as 0, the quartiles of all values coincide, and those of the others
    say how far they reach. In other columns it makes no difference. Missing values (NaN) are left out.

    Parameters
    ----------
    values : (sample, feature)

    Returns
    -------
    Bulk
        NaN for a column without values.
    """
    ordered = np.ascontiguousarray(values.T)  # a sort along memory is several times faster
    ordered = np.sort(ordered, axis=1)  # NaN comes last
    known = np.sum(~np.isnan(ordered), axis=1)
    columns = np.arange(len(ordered))
    median = ordered[columns, np.maximum(known - 1, 0) // 2]
    below, upto = (np.sum(compare(ordered, median[:, None]), axis=1) for compare in (np.less, np.less_equal))
    others = known - (upto - below)
    ends = [median, median]
    for share in (0.25, 0.75):
        rank = np.minimum((share * others).astype(int), np.maximum(others - 1, 0))
        place = np.where(rank < below, rank, np.minimum(rank + upto - below, len(values) - 1))
        ends.append(np.where(others > 0, ordered[columns, place], median))
    return Bulk(np.min(ends, axis=0), np.max(ends, axis=0), median)


def sentinels(values: np.ndarray, names: tuple[str, ...]) -> list[Sentinel]:
    """The numbers that look like sentinels in columns of numbers (sample, feature), NaN where missing."""
    found = []
    if not values.size:
        return found
    where = bulk(values)
    with np.errstate(invalid="ignore"):
        far = FAR * (where.high - where.low)
        suspect = (np.fmax.reduce(values, axis=0) > where.high + far) | (
            np.fmin.reduce(values, axis=0) < where.low - far
        )
    for j in np.flatnonzero(suspect):
        limits = where.low[j] - far[j], where.high[j] + far[j]
        distinct, rows = np.unique(values[~np.isnan(values[:, j]), j], return_counts=True)
        for _ in range(_MOST_PER_COLUMN):
            place = _outlying(distinct, limits)
            if place is None:
                break
            value = float(distinct[place])
            if rows[place] > 1 or _NINES.fullmatch(f"{value:.17g}") or _NINES.fullmatch(f"{value:g}"):
                found.append(Sentinel(names[j], value, int(rows[place])))
            distinct, rows = np.delete(distinct, place), np.delete(rows, place)
    return found


def sentinel_note(found: list[Sentinel]) -> str:
    """The note on numbers that look like sentinels."""
    told = [
        f"{_plain(each.value)} in {shown(each.column)} ({counted(each.rows, 'row')})" for each in found[:_MOST_TOLD]
    ]
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return (
        f"Far beyond the other values, as if it meant missing: {', '.join(told)}{more}. If it does, name it: --missing "
        f"{_plain(found[0].value)} (in Python missing=); otherwise it counts as a number, and is clipped."
    )


def _outlying(distinct: np.ndarray, limits: tuple[float, float]) -> int | None:
    """The place of an extreme value that, with up to two next to it, is farther from the others than they are apart."""
    if len(distinct) < 3:
        return None
    for together in range(1, min(_MOST_PER_COLUMN, len(distinct) - 2) + 1):
        rest, far = distinct[:-together], distinct[-together]
        if far > limits[1] and far - rest[-1] > rest[-1] - rest[0]:
            return len(distinct) - 1
        rest, far = distinct[together:], distinct[together - 1]
        if far < limits[0] and rest[0] - far > rest[-1] - rest[0]:
            return 0
    return None


def _plain(value: float) -> str:
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else repr(value)
