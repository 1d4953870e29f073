"""Labels of several tasks as scikit-learn users give them: one column a task, class names of any type, gaps where unlabelled.

A column keeps its type. None, NaN, pandas' NA and NaT and masked entries are missing labels, their code is −1. How many
classes a task may have is the rule of `tables`.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from sharedtrunk.errors import invalid
from sharedtrunk.tables import check_classes
from sharedtrunk.tables._limits import MOST_NON_INTEGERS

MISSING = -1

_NARROWED = (bool, int, float, str, np.generic)


@dataclass(frozen=True)
class Labels:
    """One task's labels as given: its name, the values (sample,) and where they are missing (sample,)."""

    name: Hashable
    values: np.ndarray
    missing: np.ndarray


def label_columns(y: Any) -> tuple[list[Labels], int]:
    """The tasks of `y` and the number of its axes: an array, nested lists, or a series or frame, whose columns name them.

    Frames are those of pandas, polars and pyarrow.

    Raises `InputError` where `y` is sparse or has another number of axes.
    """
    if issparse(y):
        raise invalid("Labels are dense", received="a sparse matrix", hint="Give y.toarray().")
    if hasattr(y, "iloc"):
        columns = [y.iloc[:, place] for place in range(y.shape[1])] if y.ndim == 2 else [y]
        found, shape = [_of_series(column, place) for place, column in enumerate(columns)], y.shape
    elif (named := _named_columns(y)) is not None:
        found, shape = [_of_array(values, name, narrow=True) for name, values in named], y.shape
    else:
        found, shape = _of_axes(y)
    if len(shape) not in (1, 2) or not found:
        rule = "y has one column a task, shape (sample,) or (sample, task)"
        raise invalid(rule, received=f"shape {shape}", hint="Give one label a row and task.")
    return found, len(shape)


def class_names(labels: Labels) -> np.ndarray:
    """The distinct labels of a task in order, of the type they came in. Raises `InputError` where they are no classes."""
    present = labels.values[~labels.missing]
    _check_kind(labels.name, present)
    distinct = set(_hashable(labels.name, present))
    try:
        ordered = sorted(distinct)
    except TypeError:  # of types that do not compare: by type, then as written
        ordered = sorted(distinct, key=_type_and_text)
    if len(ordered) < 2:
        found = f"1 class, {ordered[0]!r}," if ordered else "no labels"
        hint = "Leave the task out, or add rows of another class."
        raise invalid("A task has at least two classes", received=f"{found} in task {labels.name!r}", hint=hint)
    check_classes(_named(labels.name), tuple(ordered), len(present))
    names = np.empty(len(ordered), present.dtype)
    for place, name in enumerate(ordered):
        names[place] = name
    return names


def class_codes(labels: Labels, classes: np.ndarray) -> np.ndarray:
    """Places in `classes` (sample,); −1 where the label is missing, `len(classes)` where it is none of them."""
    code = {name: place for place, name in enumerate(classes.tolist())}
    codes = np.full(len(labels.values), MISSING, np.int64)
    present = _hashable(labels.name, labels.values[~labels.missing])
    codes[~labels.missing] = [code.get(value, len(code)) for value in present]
    return codes


def _of_series(column: Any, place: int) -> Labels:
    missing = column.isna().to_numpy(bool)
    values = np.empty(len(column), column[~missing].to_numpy().dtype)
    values[~missing] = column[~missing].to_numpy()
    return Labels(place if column.name is None else column.name, values, missing)


def _of_axes(y: Any) -> tuple[list[Labels], tuple[int, ...]]:
    """The columns of an array or of nested lists, named by their places, and its shape; no columns of other axes."""
    listed = isinstance(y, list | tuple | np.ma.MaskedArray)
    values = _objects(y) if listed else np.asarray(y)
    if values.ndim not in (1, 2):
        return [], values.shape
    columns = values[:, None] if values.ndim == 1 else values
    return [_of_array(columns[:, place], place, narrow=listed) for place in range(columns.shape[1])], values.shape


def _named_columns(y: Any) -> list[tuple[Hashable, np.ndarray]] | None:
    """Names and values of a polars or pyarrow frame, or of a polars series; None for anything else."""
    if hasattr(y, "get_columns"):  # polars
        return [(column.name, _object_array(column.to_list())) for column in y.get_columns()]
    if hasattr(y, "column_names") and hasattr(y, "itercolumns"):  # pyarrow
        return [
            (name, _object_array(column.to_pylist()))
            for name, column in zip(y.column_names, y.itercolumns(), strict=True)
        ]
    if hasattr(y, "to_list") and hasattr(y, "name"):
        return [(y.name or 0, _object_array(y.to_list()))]
    return None


def _object_array(values: list) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _of_array(values: np.ndarray, name: Hashable, *, narrow: bool) -> Labels:
    missing = np.asarray(pd.isna(values))
    present = values[~missing]
    kinds = {type(value) for value in present.tolist()} if narrow else set()
    # A nested list says nothing of its columns' types: those of one type get NumPy's, as np.asarray would do.
    if narrow and (len(kinds) == 1 or kinds == {int, float}) and all(issubclass(kind, _NARROWED) for kind in kinds):
        narrowed = np.array(present.tolist())
        values = np.empty(len(values), narrowed.dtype)
        values[~missing] = narrowed
    return Labels(name, values, missing)


def _objects(y: Any) -> np.ndarray:
    if isinstance(y, np.ma.MaskedArray):
        values = np.ma.getdata(y).astype(object)
        values[np.ma.getmaskarray(y)] = None
        return values
    try:
        return np.array(y, dtype=object)
    except ValueError as error:
        hint = "Give one label a row and task."
        raise invalid("Rows of y have as many labels as tasks", received="rows of other lengths", hint=hint) from error


def _hashable(name: Hashable, present: np.ndarray) -> list:
    values = present.tolist()
    try:
        set(values)
    except TypeError as error:
        received = f"others in task {name!r}"
        hint = "Give class names that are texts, numbers or true and false."
        raise invalid("Class names are hashable", received=received, hint=hint) from error
    return values


def _check_kind(name: Hashable, present: np.ndarray) -> None:
    if present.dtype.kind != "f":
        return
    if not np.isfinite(present).all():
        hint = "Mark it as missing."
        raise invalid("Labels are finite (NaN: missing)", received=f"infinity in task {name!r}", hint=hint)
    fractions = np.unique(present[present != np.round(present)])
    if len(fractions) > MOST_NON_INTEGERS:
        # scikit-learn's own words for it, which its users and its checks look for
        rule = "Labels are classes (Unknown label type: continuous)"
        received = f"{len(fractions)} different fractional numbers in task {name!r}"
        raise invalid(rule, received=received, hint="Bin them, for example at their median.")


def _named(name: Hashable) -> str:
    return name if isinstance(name, str) else f"task {name!r}"


def _type_and_text(value: Hashable) -> tuple[str, str]:
    return type(value).__name__, repr(value)
