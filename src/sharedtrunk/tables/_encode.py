"""Encode feature columns: numbers unchanged, true and false as 1 and 0, a category as indicators of its levels.

A category of L levels becomes L − 1 indicators `name=level` (the most frequent level is the reference, all zeros). At most 20
levels are kept, the most frequent ones, and the rest are pooled as `name=other`. Text with more distinct values than half the
rows, or than are remembered, is an identifier and is left out. Dates, and texts that look like numbers but cannot be
read as such, are refused; they never become a category.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sharedtrunk._support.words import counted, listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column, as_floats, dates
from sharedtrunk.tables._missing import HINT
from sharedtrunk.tables._request import check_size
from sharedtrunk.tables._text_column import LATER_TEXTS, parsed

_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?"
    r"|\d{1,2}:\d{2}(:\d{2}.*)?( ?[AaPp][Mm])?|(\d{1,2}[ -])?[A-Z][a-z]{2,8}[ -](\d{1,2}, ?)?\d{4}"
)
_NUMBER_LIKE = re.compile(r"[-+]?\s?[$€£]?\s?\d[\d.,'\s]*\s?[%$€£]?")
_NEARLY_ALL = 0.9
"""A text column with more than this share of dates, or of numbers with units, is refused."""

_POOLED = "other"
"""The level that pools the rarest levels."""


@dataclass(frozen=True)
class Features:
    """Encoded features (sample, feature), their names, and notes on what was done."""

    values: np.ndarray
    names: tuple[str, ...]
    notes: tuple[str, ...]


def encode(columns: Sequence[Column], row_numbers: np.ndarray | None = None) -> Features:
    """Encode feature columns. Raises `InputError` for missing values, infinities, dates and text among numbers."""
    columns = [_with_numbers(each) for each in columns]
    _check_present(columns)
    blocks, names, notes, identifiers, too_many = [], [], [], [], []
    for each in columns:
        if each.numeric:
            blocks.append([each.values.astype(np.float64)])
            names.append(each.name)
            continue
        texts = [str(value) for value in each.values]
        if not each.category:
            _check_category(each, texts, row_numbers)
        if each.forgotten_texts:
            too_many.append(each.name)
            continue
        levels = _levels(texts)
        if levels is None:
            identifiers.append(each.name)
            continue
        blocks.append(_indicators(texts, levels))
        names += [f"{each.name}={level}" for level in levels[1:]]
        notes.append(_note(each.name, levels, len(set(texts))))
    if identifiers:
        notes.append(f"Left out as identifiers, because their texts rarely repeat: {listed(identifiers)}.")
    if too_many:
        more = f"more than {_limits.MOST_DISTINCT_TEXTS:,} different texts"
        notes.append(f"Left out as identifiers ({more}): {listed(too_many)}.")
    return Features(_stacked(blocks, columns), tuple(names), tuple(notes))


def _check_present(columns: Sequence[Column]) -> None:
    absent = [_missing_values(each) for each in columns if each.missing.any()]
    if absent:
        more = f" and in {counted(len(absent) - 4, 'more column')}" if len(absent) > 4 else ""
        texts = any(each.missing_texts for each in columns)
        hint = (
            "Fill them in first (for example with the median), or leave the columns out (--drop COLUMN). Every column that "
            "is not a task is a feature: name it with --aux if it is a task."
            + (f" Where such a text is a level, {HINT}." if texts else "")
        )
        raise invalid("no feature value may be missing", received=f"{', '.join(absent[:4])}{more}", hint=hint)
    too_large = [each.name for each in columns if each.values.dtype.kind == "f" and _largest(each) > _limits.LARGEST]
    if too_large:
        rule = f"features are finite, and below {_limits.LARGEST:.0e}"
        hint = "Replace them, or leave the columns out (--drop COLUMN)."
        raise invalid(rule, received=f"larger numbers or infinities in {listed(too_large)}", hint=hint)


def _missing_values(column: Column) -> str:
    """A column's part of the message, such as `3 in 'age' ('NA', '?')`."""
    texts = f" ({listed(column.missing_texts)})" if column.missing_texts else ""
    return f"{int(column.missing.sum())} in {shown(column.name)}{texts}"


def _with_numbers(column: Column) -> Column:
    """The column as floats if its values are numbers, written as texts or not; zeros for a constant text."""
    if column.numeric:
        return column
    present = column.values[~column.missing].tolist()
    numbers = None
    if len({str(value) for value in present}) == 1:
        numbers = np.zeros(len(present))
    elif not column.category:
        numbers = as_floats(present)
        numbers = parsed([str(value) for value in present]) if numbers is None else numbers
    if numbers is None:
        return column
    values = np.full(len(column.values), np.nan)
    values[~column.missing] = numbers
    return replace(column, values=values, missing=np.isnan(values))


def _largest(column: Column) -> float:
    return float(np.abs(column.values).max(initial=0.0))


def _levels(texts: list[str]) -> list[str] | None:
    """The levels that are kept, most frequent first; None for an identifier."""
    times = Counter(texts)
    if len(times) > len(texts) / 2:
        return None
    ordered = sorted(times, key=lambda level: (-times[level], level))
    if len(ordered) <= _limits.MOST_LEVELS:
        return ordered
    kept = [level for level in ordered if level != _POOLED][: _limits.MOST_LEVELS - 1]
    return [*kept, _POOLED]


def _check_category(column: Column, texts: list[str], row_numbers: np.ndarray | None) -> None:
    times = Counter(texts)
    if column.forgotten_texts:  # only the remembered texts are checked
        del times[LATER_TEXTS]
    name, number = column.name, times.total()
    words = {level for level in times if parsed([level]) is None}
    if sum(times[level] for level in words) <= number / 2:
        raise _word_among_numbers(name, texts, words or {LATER_TEXTS}, row_numbers)
    if sum(times[level] for level in words if _DATE.fullmatch(level)) > _NEARLY_ALL * number:
        raise dates(name)
    if sum(times[level] for level in times if _NUMBER_LIKE.fullmatch(level)) > _NEARLY_ALL * number:
        example = shown(next(iter(words)))
        hint = (
            "Leave out thousands separators, units and percents, or name the decimal mark (--decimal . or --decimal ,)."
        )
        raise invalid("numbers are written plainly", received=f"{example} in column {shown(name)}", hint=hint)


def _word_among_numbers(name: str, texts: list[str], words: set[str], row_numbers: np.ndarray | None) -> InputError:
    index = next(i for i, text in enumerate(texts) if text in words)
    row = index + 1 if row_numbers is None else int(row_numbers[index]) + 1
    received = f"the text {shown(texts[index])} in column {shown(name)}, row {row} (the header not counted)"
    way_out = (
        "Name the decimal mark (--decimal . or --decimal ,)" if _NUMBER_LIKE.fullmatch(texts[index]) else "Correct it"
    )
    hint = f"{way_out}, or leave the column out (--drop COLUMN)."
    return invalid("a column of numbers holds no text", received=received, hint=hint)


def _indicators(texts: list[str], levels: list[str]) -> list[np.ndarray]:
    code_of = {level: code for code, level in enumerate(levels)}
    codes = np.array([code_of.get(text, len(levels) - 1) for text in texts])
    return [(codes == code).astype(np.float64) for code in range(1, len(levels))]


def _note(name: str, levels: list[str], distinct: int) -> str:
    pooled = f", the {distinct - len(levels) + 1} rarest pooled as {_POOLED!r}" if distinct > len(levels) else ""
    return f"{shown(name)} became indicators of its {distinct} levels{pooled}; the reference is {shown(levels[0])}."


def _stacked(blocks: list[list[np.ndarray]], columns: Sequence[Column]) -> np.ndarray:
    flat = [each for block in blocks for each in block]
    rows = len(columns[0].values) if columns else 0
    check_size(rows * len(flat), "Read fewer rows (--rows N), or leave columns out (--drop COLUMN).")
    return np.stack(flat, axis=1) if flat else np.zeros((rows, 0))
