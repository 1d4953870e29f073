"""The tasks of a classifier: their names and classes, found in one `y` and looked up in every other."""

import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning

from sharedtrunk._support.limits import check_different_names
from sharedtrunk.affinity._label_columns import Labels, label_columns
from sharedtrunk.errors import invalid


@dataclass(frozen=True)
class Tasks:
    """Names and classes of the tasks in order; `single` if `y` had one axis, as for an ordinary classifier."""

    names: tuple[Hashable, ...]
    classes: tuple[np.ndarray, ...]
    single: bool

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of classes."""
        return tuple(len(names) for names in self.classes)

    def codes(self, y: Any, rows: int) -> np.ndarray:
        """Class codes (task, sample) of `y`, −1 where missing, and one past the last code for a label that `fit` did not see.

        Raises `InputError` where `y` has another number of rows or tasks.
        """
        columns = _columns(y, rows)[0]
        if len(columns) != len(self.classes):
            hint = "Give the same columns as in fit, in the same order."
            raise invalid(f"y has {len(self.classes)} tasks, as in fit", received=str(len(columns)), hint=hint)
        return np.stack([column.codes(names) for column, names in zip(columns, self.classes, strict=True)])

    def named(self, likeliest: list[np.ndarray]) -> np.ndarray:
        """Class names (sample,) or (sample, task) for codes (sample,) by task; of dtype object if their types differ."""
        columns = [names[codes] for names, codes in zip(self.classes, likeliest, strict=True)]
        if len({column.dtype.kind for column in columns}) > 1:
            columns = [column.astype(object) for column in columns]
        return columns[0] if self.single else np.stack(columns, axis=1)


def task_columns(y: Any, rows: int) -> list[Labels]:
    """The columns of `y`, (sample,) or (sample, task). Raises `InputError` where `y` has another number of rows."""
    return _columns(y, rows)[0]


def find_tasks(y: Any, rows: int) -> Tasks:
    """The tasks of `y`, (sample,) or (sample, task), with their classes in order.

    A single column is one task, with scikit-learn's usual warning. Raises `InputError` if there are not `rows` rows, two
    tasks have the same name, labels cannot be classes, or a task has fewer than two classes.
    """
    columns, axes = _columns(y, rows)
    check_different_names("tasks", [each.name for each in columns])
    if axes == 2 and len(columns) == 1:
        message = "A column-vector y was passed when a 1d array was expected; give y of shape (n_samples,)."
        warnings.warn(message, DataConversionWarning, stacklevel=3)
    return Tasks(tuple(each.name for each in columns), tuple(each.classes() for each in columns), len(columns) == 1)


def _columns(y: Any, rows: int) -> tuple[list[Labels], int]:
    columns, axes = label_columns(y)
    if len(columns[0].values) != rows:
        received = f"{rows} rows and {len(columns[0].values)} rows of labels"
        raise invalid("X and y have the same rows", received=received, hint="Mark missing labels as NaN or None.")
    return columns, axes
