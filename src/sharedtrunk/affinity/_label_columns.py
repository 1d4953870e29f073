"""Labels of several tasks as scikit-learn users give them: one column per task, class names of any type, gaps where
unlabelled.

A column keeps its type. None, NaN, pandas' NA and NaT and masked entries are missing labels. `tables` decides which labels
can be classes.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from sharedtrunk.errors import invalid
from sharedtrunk.tables import check_classes, class_codes, named_columns, object_array, ordered_classes

_NARROWED = (bool, int, float, str, np.generic)


@dataclass(frozen=True)
class Labels:
    """One task's labels as given: its name, the values (sample,) and where they are missing (sample,)."""

    name: Hashable
    values: np.ndarray
    missing: np.ndarray

    @property
    def present(self) -> np.ndarray:
        """The labels that are not missing."""
        return self.values[~self.missing]

    @property
    def described(self) -> str:
        """The name, for messages."""
        return self.name if isinstance(self.name, str) else f"task {self.name!r}"

    def classes(self) -> np.ndarray:
        """The distinct labels in order, of their original type. Raises `InputError` if they cannot be classes."""
        ordered = ordered_classes(self.described, self.present)
        check_classes(self.described, ordered, len(self.present))
        names = np.empty(len(ordered), self.values.dtype)
        for index, name in enumerate(ordered):
            names[index] = name
        return names

    def codes(self, classes: np.ndarray) -> np.ndarray:
        """`tables.class_codes` of these labels (sample,)."""
        return class_codes(self.described, self.present, self.missing, classes.tolist())


def label_columns(y: Any) -> tuple[list[Labels], int]:
    """The tasks of `y` and its number of axes; the columns of a frame (pandas, polars, pyarrow) name the tasks.

    Raises `InputError` if `y` is sparse, or has neither one nor two axes.
    """
    if issparse(y):
        raise invalid("labels are dense", received="a sparse matrix", hint="Give y.toarray().")
    named = named_columns(y)
    if named is None:
        found, shape = _of_axes(y)
    else:
        found = [_of_column(index if name is None else name, column) for index, (name, column) in enumerate(named)]
        shape = y.shape
    if len(shape) not in (1, 2) or not found:
        rule = "y has one column per task, shape (sample,) or (sample, task)"
        raise invalid(rule, received=f"shape {shape}", hint="Give one label per row and task.")
    return found, len(shape)


def _of_column(name: Hashable, column: Any) -> Labels:
    if not hasattr(column, "iloc"):
        values = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
        return _of_array(object_array(values), name, narrow=True)
    missing = column.isna().to_numpy(bool)
    present = column[~missing].to_numpy()
    return Labels(name, _spread(present, missing), missing)


def _of_axes(y: Any) -> tuple[list[Labels], tuple[int, ...]]:
    """The columns of an array or of nested lists, named by their indices, and its shape; none unless it has 1 or 2 axes."""
    listed = isinstance(y, list | tuple | np.ma.MaskedArray)
    values = _objects(y) if listed else np.asarray(y)
    if values.ndim not in (1, 2):
        return [], values.shape
    columns = values[:, None] if values.ndim == 1 else values
    return [_of_array(columns[:, index], index, narrow=listed) for index in range(columns.shape[1])], values.shape


def _of_array(values: np.ndarray, name: Hashable, *, narrow: bool) -> Labels:
    missing = np.asarray(pd.isna(values))
    present = values[~missing].tolist()
    kinds = {type(value) for value in present} if narrow else set()
    # Nested lists have no dtypes: a column of one Python type, or of ints and floats, gets the dtype np.asarray would give.
    if narrow and (len(kinds) == 1 or kinds == {int, float}) and all(issubclass(kind, _NARROWED) for kind in kinds):
        values = _spread(np.array(present), missing)
    return Labels(name, values, missing)


def _spread(present: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """An array (sample,) with the present labels in their places; entries of missing labels are arbitrary."""
    values = np.empty(len(missing), present.dtype)
    values[~missing] = present
    return values


def _objects(y: Any) -> np.ndarray:
    if isinstance(y, np.ma.MaskedArray):
        values = np.ma.getdata(y).astype(object)
        values[np.ma.getmaskarray(y)] = None
        return values
    try:
        return np.array(y, dtype=object)
    except ValueError as error:
        hint = "Give one label per row and task."
        raise invalid(
            "every row of y has one label per task", received="rows of different lengths", hint=hint
        ) from error
