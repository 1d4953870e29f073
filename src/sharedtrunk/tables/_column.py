"""A column as it was found, before encoding: numbers or texts, and where a value is missing.

Missing are None, NaN, pandas' NA and NaT. Text columns are object arrays of strings (features) or of any hashable values
(labels); dates and complex numbers are no features and no class names here, and are refused by name.
"""

import datetime
import decimal
import numbers
from dataclasses import dataclass

import numpy as np

from sharedtrunk._errors import InputError, invalid
from sharedtrunk.tables._words import shown


@dataclass(frozen=True)
class Column:
    """`values` (sample,) of dtype bool, integer, float or object; `missing` (sample,) says where they mean nothing.

    `category`: the levels are named as such by whoever made the column, even where they look like numbers or dates.
    """

    name: str
    values: np.ndarray
    missing: np.ndarray
    category: bool = False

    @property
    def numeric(self) -> bool:
        return self.values.dtype.kind in "biuf"


def column(name: str, values: np.ndarray) -> Column:
    """The column of a one-dimensional array of any dtype. Raises `InputError` for dates and complex numbers."""
    kind = values.dtype.kind
    if kind in "biu":
        return Column(name, values, np.zeros(len(values), bool))
    if kind == "f":
        values = values.astype(np.float64, copy=False)
        return Column(name, values, np.isnan(values))
    if kind in "US":
        return _of_objects(name, np.char.decode(values, "utf-8", "replace") if kind == "S" else values)
    if kind in "Mm":
        raise dates(name)
    if kind == "c":
        way_out = "Give the real and the imaginary part as two columns."
        raise invalid(
            "columns are real numbers or texts", received=f"complex numbers in {shown(name)}", way_out=way_out
        )
    if kind == "O" or values.dtype.hasobject:
        return _of_objects(name, values)
    raise unreadable(name, f"values of type {values.dtype}")


def dates(name: str) -> InputError:
    """The error for a column of dates or times."""
    way_out = "Turn it into a number (days since the first date, month, hour), or leave it out (--drop COLUMN)."
    return invalid("dates are not encoded", received=f"dates or times in column {shown(name)}", way_out=way_out)


def unreadable(name: str, what: str) -> InputError:
    """The error for a column of something else than numbers, texts and true or false."""
    rule = "a column holds numbers, texts or true and false"
    return invalid(rule, received=f"{what} in {shown(name)}", way_out="Convert it, or leave it out (--drop COLUMN).")


def _of_objects(name: str, values: np.ndarray) -> Column:
    found = values.astype(object)
    missing = np.fromiter(map(is_missing, found), bool, len(found))
    present = found[~missing].tolist()
    if any(isinstance(value, datetime.date | datetime.time | datetime.timedelta | np.datetime64) for value in present):
        raise dates(name)
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        return Column(name, _filled(present, missing, np.dtype(bool)), missing)
    if present and all(isinstance(value, numbers.Real | decimal.Decimal | np.bool_) for value in present):
        whole = all(isinstance(value, numbers.Integral) for value in present)
        fits = whole and all(abs(int(value)) < 2**63 for value in present)
        return Column(name, _filled(present, missing, np.dtype(np.int64 if fits else np.float64)), missing)
    if any(isinstance(value, complex | np.complexfloating) for value in present):
        return column(name, np.zeros(0, complex))  # raises
    found[missing] = None
    return Column(name, found, missing)


def is_missing(value: object) -> bool:
    """Whether one value of an object array stands for none."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):  # pandas need not be there to know its NA
        return True
    return isinstance(value, float | np.floating | decimal.Decimal) and value != value


def _filled(present: list, missing: np.ndarray, dtype: np.dtype) -> np.ndarray:
    values = np.zeros(len(missing), dtype)
    values[~missing] = np.array(present, dtype)
    return values
