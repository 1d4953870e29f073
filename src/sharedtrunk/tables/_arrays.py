"""Arrays and data frames to a table: the way in from Python."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sharedtrunk._errors import invalid
from sharedtrunk.tables._column import Column, column
from sharedtrunk.tables._labels import class_codes
from sharedtrunk.tables._table import Table
from sharedtrunk.tables._table_of import assembled
from sharedtrunk.tables._words import listed, shown


def from_arrays(
    X: object,
    Y: object,
    *,
    task_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
) -> Table:
    """Make a table of features and labels that are in memory.

    `X` (sample, feature): array or data frame. `Y`: data frame, mapping from name to (sample,), or array (sample, task) or
    (sample,), of any dtype; None, NaN and pandas' NA mark a missing label. Names are the frame's, the ones given, or x0,
    x1, … and task0, task1, …. Class names keep their type; whole-numbered floats become integers.

    Numbers stay as they are, true and false become 1 and 0, texts and pandas' categories become indicators of all levels but
    the most frequent (20 levels at most, the rest pooled). Constant columns, copies of a column up to scale and
    identifiers (text, nearly one value per row) are left out; the table's notes say so.

    Raises `InputError` for missing features, dates, sparse matrices, text among numbers, other numbers of rows in X and
    Y, and tasks of one class, of too few labelled rows or of too many classes.
    """
    features = _columns(X, "X", feature_names, "x")
    labels = _columns(Y, "Y", task_names, "task")
    rows = {name: len(columns[0].values) for name, columns in (("X", features), ("Y", labels))}
    if rows["X"] != rows["Y"]:
        received = f"{rows['X']} in X and {rows['Y']} in Y"
        way_out = "Mark a missing label by None or NaN."
        raise invalid("X and Y have the same rows", received=received, way_out=way_out)
    return assembled(features, {each.name: class_codes(each) for each in labels})


def _columns(given: object, which: str, names: Sequence[str] | None, default: str) -> list[Column]:
    if hasattr(given, "toarray"):  # scipy's sparse matrices and arrays
        way_out = f"Give {which}.toarray() if it fits in memory, or fewer columns."
        raise invalid(f"{which} is dense", received="a sparse matrix", way_out=way_out)
    found = _of_frame(given, which) if hasattr(given, "iloc") else None
    if found is None:
        found = _of_mapping(given, which) if isinstance(given, Mapping) else _of_array(given, which, default)
    if names is not None:
        found = _renamed(found, which, names)
    _check(found, which)
    return found


def _of_frame(frame: Any, which: str) -> list[Column]:
    if not hasattr(frame, "columns"):  # a series
        frame = frame.to_frame(name=which if frame.name is None else frame.name)
    if frame.columns.nlevels > 1:
        way_out = "Flatten the column names."
        raise invalid(f"{which} has one level of column names", received=f"{frame.columns.nlevels}", way_out=way_out)
    return [_of_series(str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]


def _of_series(name: str, series: Any) -> Column:
    if isinstance(series.dtype, np.dtype):
        return column(name, series.to_numpy())
    plain = column(name, series.astype(object).to_numpy())
    if type(series.dtype).__name__ == "CategoricalDtype":
        return Column(name, series.astype(object).to_numpy(), plain.missing, category=True)
    return plain


def _of_mapping(given: Mapping, which: str) -> list[Column]:
    arrays = {str(name): np.asarray(values, None) for name, values in given.items()}
    for name, array in arrays.items():
        if array.ndim != 1:
            received = f"shape {array.shape} for {shown(name)}"
            raise invalid(f"{which} maps names to (sample,)", received=received, way_out="Give one axis each.")
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise invalid(f"all columns of {which} have the same rows", received=lengths, way_out="Give the same rows.")
    return [column(name, array) for name, array in arrays.items()]


def _of_array(given: object, which: str, default: str) -> list[Column]:
    array = _array(given, which)
    if array.ndim == 1 and which == "Y":
        array = array[:, None]
    if array.ndim != 2:
        axes = "(sample, task)" if which == "Y" else "(sample, feature)"
        way_out = "Reshape it: X.reshape(-1, 1) for one feature, X.reshape(len(X), -1) for images."
        raise invalid(f"{which} has the axes {axes}", received=f"shape {array.shape}", way_out=way_out)
    return [column(f"{default}{j}", array[:, j]) for j in range(array.shape[1])]


def _array(given: object, which: str) -> np.ndarray:
    if isinstance(given, np.ndarray):
        return given
    if hasattr(given, "__array__"):
        return np.asarray(given)
    try:
        # Lists that mix texts, numbers and None: NumPy alone would turn all of them into texts.
        array = np.array(given, dtype=object)
        return array if array.ndim else np.asarray(given)
    except ValueError as error:
        raise invalid(f"{which} is an array", received="rows of unequal length", way_out="Make them equal.") from error


def _renamed(columns: list[Column], which: str, names: Sequence[str]) -> list[Column]:
    if len(names) != len(columns):
        received = f"{len(names)} names for {len(columns)} columns of {which}"
        raise invalid("each column has one name", received=received, way_out="Give as many names as columns.")
    return [
        Column(str(name), each.values, each.missing, each.category) for name, each in zip(names, columns, strict=True)
    ]


def _check(columns: list[Column], which: str) -> None:
    if not columns or not len(columns[0].values):
        received = "no columns" if not columns else "no rows"
        raise invalid(f"{which} has columns and rows", received=received, way_out="Check how it was selected.")
    names = [each.name for each in columns]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise invalid(f"columns of {which} have different names", received=listed(twice), way_out="Rename one of each.")
