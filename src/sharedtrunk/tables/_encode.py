"""Find out what kind of column each feature is, and write its values as numbers: nothing is estimated here.

- A *number* stays as it is; true and false are 1 and 0.
- A *date*, typed or written as a text, is a number of days since 1970.
- A *category* is the number of its level in the order of the levels' names.
- Text with more distinct values than half the rows, or than are remembered, is an identifier and is left out.

A gap is NaN. Imputation, indicators of levels, and scales depend on which rows are trained on: they are `affinity`'s. Texts
that look like numbers but cannot be read as such are refused; they never become a category.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sharedtrunk._support.words import counted, listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column, as_floats
from sharedtrunk.tables._dates import day_comes_first, days_of_dates, days_of_texts, looks_like_date
from sharedtrunk.tables._request import check_size
from sharedtrunk.tables._sentinels import Sentinel, sentinel_note, sentinels
from sharedtrunk.tables._text_column import LATER_TEXTS, parsed

_NUMBER_LIKE = re.compile(r"[-+]?\s?[$€£]?\s?\d[\d.,'\s]*\s?[%$€£]?")
_NEARLY_ALL = 0.9
"""A text column with more than this share of dates is one of dates; with more numbers with units it is refused."""


@dataclass(frozen=True)
class Features:
    """Feature columns as numbers (sample, feature), NaN for a gap, and what they mean.

    `categories` are the level names of the columns that are categories, in the order of their numbers. `dates` says of each
    column of dates whether the day comes before the month in its texts. All other columns are numbers.
    """

    values: np.ndarray
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Mapping[str, bool] = field(default_factory=dict)
    sentinels: tuple[Sentinel, ...] = ()

    def of_kept_columns(self) -> "Features":
        """The same without what is said of columns that are no longer there."""
        categories = {name: levels for name, levels in self.categories.items() if name in self.names}
        return replace(
            self, categories=categories, dates={n: first for n, first in self.dates.items() if n in self.names}
        )

    @property
    def numbers(self) -> list[int]:
        """Indices of the columns of numbers."""
        return [j for j, name in enumerate(self.names) if name not in self.categories and name not in self.dates]


class _Encoding:
    """Encoded columns in the making, and the names of those that were left out."""

    def __init__(self) -> None:
        self.values: dict[str, np.ndarray] = {}
        self.categories: dict[str, tuple[str, ...]] = {}
        self.dates: dict[str, bool] = {}
        self.empty: list[str] = []
        self.identifiers: list[str] = []
        self.too_many: list[str] = []
        self.not_dates: dict[str, int] = {}

    def add(self, column: Column, row_numbers: np.ndarray | None) -> None:
        if column.missing.all():
            self.empty.append(column.name)
        elif column.numeric:
            self.values[column.name] = _with_gaps(column, column.values[~column.missing])
        elif column.values.dtype.kind == "M":
            self.dates[column.name] = False
            self.values[column.name] = _with_gaps(column, days_of_dates(column.values[~column.missing]))
        else:
            self._add_texts(column, [str(value) for value in column.values[~column.missing]], row_numbers)

    def _add_texts(self, column: Column, texts: list[str], row_numbers: np.ndarray | None) -> None:
        distinct = set(texts)
        if len(distinct) == 1:
            if not column.missing.any():
                self.values[column.name] = np.zeros(len(texts))  # left out together with constant numbers
                return
        elif not column.category:
            _check_numbers(column, texts, row_numbers)
            if _share(texts, looks_like_date) > _NEARLY_ALL and self._add_dates(column, texts):
                return
            _check_units(column, texts)
        if column.forgotten_texts:
            self.too_many.append(column.name)
        elif len(distinct) > 1 and len(distinct) > len(texts) / 2:
            self.identifiers.append(column.name)
        else:
            self.categories[column.name] = tuple(sorted(distinct))
            self.values[column.name] = _with_gaps(column, _codes(texts, self.categories[column.name]))

    def _add_dates(self, column: Column, texts: list[str]) -> bool:
        """Add the column if its texts can be read as dates."""
        if column.forgotten_texts:
            rule = f"a column of dates written as texts has up to {_limits.MOST_DISTINCT_TEXTS:,} different ones"
            hint = "Read fewer rows (--rows N), store the dates in a Parquet file, or leave the column out (--drop COLUMN)."
            raise invalid(rule, received=f"more in {shown(column.name)}", hint=hint)
        day_first = day_comes_first(texts)
        days = days_of_texts(texts, day_first=day_first)
        known = np.isfinite(days)
        if known.mean() <= _NEARLY_ALL:
            return False
        if not known.all():
            self.not_dates[column.name] = int((~known).sum())
        self.dates[column.name] = day_first
        self.values[column.name] = _with_gaps(column, days)
        return True


def encode(columns: Sequence[Column], row_numbers: np.ndarray | None = None) -> Features:
    """Encode feature columns. Raises `InputError` for infinities and for text among numbers."""
    encoding = _Encoding()
    for each in columns:
        each = _with_numbers(each)
        _check_finite(each)
        encoding.add(each, row_numbers)
    values = _stacked(list(encoding.values.values()), columns)
    found = Features(values, tuple(encoding.values), (), encoding.categories, encoding.dates)
    numbers = found.numbers
    strange = sentinels(values[:, numbers], tuple(found.names[j] for j in numbers))
    return replace(found, sentinels=tuple(strange), notes=tuple(_notes(encoding, found, strange)))


def encode_like(columns: Sequence[Column], features: Features) -> np.ndarray:
    """Other rows of the same columns as numbers (sample, feature); what does not fit a column's kind is a gap.

    A level that is not among the column's is one past the last.
    """
    by_name = {each.name: each for each in columns}
    return _stacked([_encoded_like(by_name[name], name, features) for name in features.names], columns)


def _encoded_like(column: Column, name: str, features: Features) -> np.ndarray:
    present = column.values[~column.missing]
    if name in features.categories:
        return _with_gaps(column, _codes([str(value) for value in present], features.categories[name]))
    if name in features.dates:
        if present.dtype.kind == "M":
            return _with_gaps(column, days_of_dates(present))
        return _with_gaps(column, days_of_texts([str(value) for value in present], day_first=features.dates[name]))
    column = _with_numbers(column)
    if not column.numeric:
        singly = [parsed([str(value)]) for value in present]
        return _with_gaps(column, np.array([np.nan if number is None else number[0] for number in singly]))
    _check_finite(column)
    return _with_gaps(column, column.values[~column.missing])


def _with_gaps(column: Column, present: np.ndarray) -> np.ndarray:
    """The values that are not missing, in their places (sample,), and NaN in the others."""
    values = np.full(len(column.values), np.nan)
    values[~column.missing] = present
    return values


def _codes(texts: list[str], levels: Sequence[str]) -> np.ndarray:
    code_of = {level: code for code, level in enumerate(levels)}
    return np.array([code_of.get(text, len(levels)) for text in texts], np.float64)


def _notes(encoding: _Encoding, found: Features, strange: list[Sentinel]) -> list[str]:
    """One sentence for each kind of thing that was done, however many columns there are."""
    gaps = {name for name, values in encoding.values.items() if np.isnan(values).any()}
    filled = [name for name in found.names if name in gaps and name not in found.categories]
    levelled = [name for name in found.categories if name in gaps]
    pooled = [name for name, levels in found.categories.items() if len(levels) > _limits.MOST_LEVELS]
    not_dates = [f"{number} in {shown(name)}" for name, number in encoding.not_dates.items()]
    many = f"more than {_limits.MOST_DISTINCT_TEXTS:,} different texts"
    notes = [
        (found.categories, "Categories, turned into indicators of their levels, with the commonest as the reference"),
        (pooled, f"Categories with more than {_limits.MOST_LEVELS} levels, of which the rarest are pooled"),
        (levelled, "Categories with gaps, where a gap is a level of its own"),
        (found.dates, "Dates, turned into numbers of days, and into month, weekday and hour where these vary"),
        ([name for name, day_first in found.dates.items() if day_first], "Dates read with the day before the month"),
        (filled, "Gaps, filled with the median of the training rows and marked by an indicator"),
        (encoding.identifiers, "Left out as identifiers, because their texts rarely repeat"),
        (encoding.too_many, f"Left out as identifiers ({many})"),
        (encoding.empty, "Left out, because empty"),
    ]
    told = [f"{words}{_number_of(names)}: {listed(names)}." for names, words in notes if names]
    told += [f"Texts that are no dates count as gaps: {', '.join(not_dates[:6])}."] if not_dates else []
    return [*told, sentinel_note(strange)] if strange else told


def _number_of(names: Sequence[str] | Mapping[str, object]) -> str:
    return f" ({counted(len(names), 'column')})" if len(names) > 1 else ""


def _check_finite(column: Column) -> None:
    present = column.values[~column.missing]
    if present.dtype.kind == "f" and np.abs(present).max(initial=0.0) > _limits.LARGEST:
        rule = f"features are finite, and below {_limits.LARGEST:.0e}"
        hint = "Replace them, or leave the columns out (--drop COLUMN)."
        raise invalid(rule, received=f"larger numbers or infinities in {shown(column.name)}", hint=hint)


def _with_numbers(column: Column) -> Column:
    """The column as floats if its values are numbers, written as texts or not."""
    if column.numeric or column.category or column.values.dtype.kind == "M":
        return column
    present = column.values[~column.missing].tolist()
    numbers = as_floats(present)
    numbers = parsed([str(value) for value in present]) if numbers is None else numbers
    if numbers is None:
        return column
    values = _with_gaps(column, numbers)
    return replace(column, values=values, missing=np.isnan(values))


def _share(texts: list[str], what) -> float:
    times = Counter(texts)
    return sum(number for text, number in times.items() if text != LATER_TEXTS and what(text)) / (
        times.total() - times[LATER_TEXTS]
    )


def _check_numbers(column: Column, texts: list[str], row_numbers: np.ndarray | None) -> None:
    """Raise `InputError` for words in a column most of whose texts are numbers."""
    times = Counter(texts)
    if column.forgotten_texts:  # only the remembered texts are checked
        del times[LATER_TEXTS]
    words = {level for level in times if parsed([level]) is None}
    if sum(times[level] for level in words) <= times.total() / 2:
        raise _word_among_numbers(column, words or {LATER_TEXTS}, row_numbers)


def _check_units(column: Column, texts: list[str]) -> None:
    if _share(texts, _NUMBER_LIKE.fullmatch) > _NEARLY_ALL:
        example = shown(next(text for text in texts if parsed([text]) is None))
        hint = (
            "Leave out thousands separators, units and percents, or name the decimal mark (--decimal . or --decimal ,)."
        )
        raise invalid("numbers are written plainly", received=f"{example} in column {shown(column.name)}", hint=hint)


def _word_among_numbers(column: Column, words: set[str], row_numbers: np.ndarray | None) -> InputError:
    present = zip(column.values, column.missing, strict=True)
    index = next(i for i, (value, missing) in enumerate(present) if not missing and str(value) in words)
    row = index + 1 if row_numbers is None else int(row_numbers[index]) + 1
    text, name = str(column.values[index]), shown(column.name)
    received = f"the text {shown(text)} in column {name}, row {row} (the header not counted)"
    number_like = _NUMBER_LIKE.fullmatch(text)
    way_out = "Name the decimal mark (--decimal . or --decimal ,)" if number_like else "Correct it"
    hint = f"{way_out}, name it if it means missing (--missing TEXT), or leave the column out (--drop COLUMN)."
    return invalid("a column of numbers holds no text", received=received, hint=hint)


def _stacked(encoded: list[np.ndarray], columns: Sequence[Column]) -> np.ndarray:
    rows = len(columns[0].values) if columns else 0
    check_size(rows * len(encoded), "Read fewer rows (--rows N), or leave columns out (--drop COLUMN).")
    return np.stack(encoded, axis=1) if encoded else np.zeros((rows, 0))
