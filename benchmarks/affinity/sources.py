"""The real tables, with the questions that can be asked of their rows and the features that remain for them.

`digits`: all 64 pixels; questions about the digit. `digits_lower`: the six lower pixel rows are the features, so that the two
upper rows can be asked about: how much ink they have, on which side it is, how wide it spreads. `anes96`, `breast_cancer`,
`wine`, `iris`: as `sharedtrunk.tables.bundled` has them; columns that are asked about are not features.
"""

import functools
from collections.abc import Sequence

import numpy as np
from sklearn.datasets import load_digits

from sharedtrunk.tables import Table, bundled, from_arrays

SIDE, UPPER = 8, 2
"""Pixels per row of a digit's picture, and the number of its rows that `digits_lower` keeps for questions."""


@functools.cache
def source_table(name: str, tasks: tuple[str, ...]) -> Table:
    """The whole table with the labels of `tasks` on every row. Raises `InputError` for names that are not there."""
    if name == "digits_lower":
        return _digits_lower(tasks)
    return bundled(name, tasks=tasks)[0]


def _digits_lower(tasks: Sequence[str]) -> Table:
    images = load_digits().images
    own = _upper_questions(images[:, :UPPER])
    borrowed = tuple(task for task in tasks if task not in own)
    of_digit = bundled("digits", tasks=borrowed)[0] if borrowed else None
    labels = {task: own[task] if task in own else _named(of_digit, task) for task in tasks}
    return from_arrays(images[:, UPPER:].reshape(len(images), -1), labels)


def _named(table: Table | None, task: str) -> np.ndarray:
    assert table is not None
    return np.array(table.classes[task])[table.labels[task]]


def _upper_questions(upper: np.ndarray) -> dict[str, np.ndarray]:
    """Labels from the ink in the upper pixel rows (sample, row, column)."""
    ink = upper.sum(axis=(1, 2))
    columns = upper.sum(axis=1) / np.maximum(ink, 1)[:, None]
    centre = columns @ np.arange(SIDE)
    spread = columns @ np.arange(SIDE) ** 2 - centre**2
    return {
        "top_ink": _bands(ink, ("little", "much")),
        "top_side": _bands(centre, ("left", "middle", "right")),
        "top_width": _bands(spread, ("narrow", "wide")),
    }


def _bands(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Bands of equally many rows, named from low to high."""
    edges = np.quantile(values, np.arange(1, len(names)) / len(names))
    return np.array(names)[np.searchsorted(edges, values, side="right")]
