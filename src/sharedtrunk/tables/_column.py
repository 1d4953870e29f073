"""A column before encoding: numbers or texts, and where a value is missing.

None, NaN, pandas' NA and NaT, and the texts that stand for a missing value (`_missing`) are missing. Text columns are object
arrays of strings (features) or of any hashable values (labels). Dates are datetime64 values in UTC; durations are numbers of
days and times of the day numbers of hours. Texts that look like dates are recognized when features are encoded (`_encode`).
Complex numbers are refused. Different values stay different: numbers that would become the same float stay Python objects.
"""

import datetime
import decimal
import math
import numbers
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sharedtrunk._support.words import shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables._dates import as_dates, as_days, as_hours
from sharedtrunk.tables._missing import USUAL, MissingTexts, without_missing_numbers

_DATES = (datetime.date, np.datetime64)
_DURATIONS = (datetime.timedelta, np.timedelta64)
_TEMPORAL = (*_DATES, *_DURATIONS, datetime.time)
_REAL = (numbers.Real, decimal.Decimal, np.bool_)


@dataclass(frozen=True)
class Column:
    """`values` (sample,) of dtype bool, integer, float, datetime64 or object; they mean nothing where `missing` is True.

    `category`: the column's own type is categorical, so its levels stay levels even if they look like numbers or dates.
    `missing_texts`: how many cells hold each text that was taken for missing (empty cells are not counted).
    `order`: the levels of a categorical that is ordered, lowest first.
    `forgotten_texts`: whether the column has more distinct texts than are remembered (`_text_column`).
    """

    name: str
    values: np.ndarray
    missing: np.ndarray
    category: bool = False
    missing_texts: Mapping[str, int] = field(default_factory=dict)
    forgotten_texts: bool = False
    order: tuple | None = None

    @property
    def numeric(self) -> bool:
        return self.values.dtype.kind in "biuf"


def column(name: str, values: np.ndarray, texts: MissingTexts = USUAL) -> Column:
    """The column of a one-dimensional array of any dtype. Raises `InputError` for complex numbers and mixed dates."""
    kind = values.dtype.kind
    if kind in "biu":
        return numeric_column(name, values, np.zeros(len(values), bool), texts)
    if kind == "f":
        narrowed = values.astype(np.float64, copy=False)
        if values.dtype.itemsize > 8 and (narrowed != values)[~np.isnan(values)].any():
            return _of_objects(name, values, texts)
        return numeric_column(name, narrowed, np.isnan(narrowed), texts)
    if kind in "US":
        # Bytes that are not UTF-8 are escaped: two different texts must not become one.
        return _of_objects(name, np.char.decode(values, "utf-8", "backslashreplace") if kind == "S" else values, texts)
    if kind == "M":
        return Column(name, values.astype("datetime64[us]"), np.isnat(values))
    if kind == "m":
        return numeric_column(name, as_days(values), np.isnat(values), texts)
    if kind == "c":
        raise _complex(name)
    if kind == "O" or values.dtype.hasobject:
        return _of_objects(name, values, texts)
    raise unreadable(name, f"values of type {values.dtype}")


def numeric_column(name: str, values: np.ndarray, missing: np.ndarray, texts: MissingTexts) -> Column:
    """The column of numbers, or of true and false; the numbers in `texts` become missing."""
    missing, text_counts = without_missing_numbers(values, missing, texts)
    return Column(name, values, missing, missing_texts=text_counts)


def unreadable(name: str, what: str) -> InputError:
    """The error for a column of anything but numbers, texts and true or false."""
    rule = "a column holds numbers, texts or true and false"
    return invalid(rule, received=f"{what} in {shown(name)}", hint="Convert it, or leave it out (--drop COLUMN).")


def as_floats(values: list) -> np.ndarray | None:
    """Real numbers of any type as float64, infinite where too large; None where a value is not a real number."""
    return np.array([_float(value) for value in values]) if all(isinstance(value, _REAL) for value in values) else None


def _complex(name: str) -> InputError:
    hint = "Give the real and the imaginary part as two columns."
    return invalid("columns are real numbers or texts", received=f"complex numbers in {shown(name)}", hint=hint)


def _of_objects(name: str, values: np.ndarray, texts: MissingTexts) -> Column:
    found = values.astype(object)
    missing = np.fromiter((_is_missing(value, texts) for value in found), bool, len(found))
    text_counts = Counter(text for value in found[missing] if (text := _missing_text(value, texts)))
    present = found[~missing].tolist()
    if any(isinstance(value, _TEMPORAL) for value in present):
        return _of_times(name, present, missing)
    if any(isinstance(value, complex | np.complexfloating) for value in present):
        raise _complex(name)
    found[missing] = None
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        return Column(name, _filled(present, missing, np.dtype(bool)), missing, missing_texts=text_counts)
    narrowed = _narrowed(present, missing)
    return Column(name, found if narrowed is None else narrowed, missing, missing_texts=text_counts)


def _of_times(name: str, present: list, missing: np.ndarray) -> Column:
    for types, convert in ((_DATES, as_dates), (_DURATIONS, as_days), (datetime.time, as_hours)):
        if all(isinstance(value, types) for value in present):
            found = convert(present)
            return Column(name, _filled(found, missing, found.dtype), missing)
    raise unreadable(name, "dates or times among other values")


def _narrowed(present: list, missing: np.ndarray) -> np.ndarray | None:
    """Python's numbers as a NumPy array (sample,); None for other values, and if different numbers would become equal."""
    floats = as_floats(present) if present else None
    if floats is None:
        return None
    if all(isinstance(value, numbers.Integral | np.bool_) for value in present):
        fits = all(-(2**63) <= int(value) < 2**63 for value in present)
        return _filled(present, missing, np.dtype(np.int64)) if fits else None
    pairs = zip(present, floats.tolist(), strict=True)
    changed = any(isinstance(value, numbers.Integral) and value != number for value, number in pairs)
    merged = len(np.unique(floats)) < len(set(present))
    return None if merged or changed else _filled(floats.tolist(), missing, np.dtype(np.float64))


def _is_missing(value: object, texts: MissingTexts) -> bool:
    """Whether a value of an object array is missing."""
    if isinstance(value, str):
        return value in texts
    # pandas' NA and NaT are recognized by name, without importing pandas
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, decimal.Decimal) and value.is_nan():  # a signalling NaN cannot be compared
        return True
    if isinstance(value, float | np.floating) and bool(value != value):
        return True
    return _missing_text(value, texts) != "" if texts.numbers else False


def _missing_text(value: object, texts: MissingTexts) -> str:
    """The text in `texts` that a missing value is equal to; empty for None, NaN and the like."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, numbers.Real | decimal.Decimal) or isinstance(value, bool):
        return ""
    # A NumPy float32 overflows when it is compared with a larger number.
    plain = value.item() if isinstance(value, np.generic) else value
    return next((text for text, number in texts.numbers.items() if plain == number), "")


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _filled(present: list | np.ndarray, missing: np.ndarray, dtype: np.dtype) -> np.ndarray:
    values = np.zeros(len(missing), dtype)
    values[~missing] = np.array(present, dtype)
    return values
