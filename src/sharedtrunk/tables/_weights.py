"""Weights of rows: how many rows one stands for, in training and in all means and intervals."""

from dataclasses import replace
from typing import Any

import numpy as np

from sharedtrunk._support.words import counted, shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables._frames import object_array
from sharedtrunk.tables._table import Table


def with_weights(table: Table, weights: Any, *, name: str = "sample_weight") -> Table:
    """Give a table the weights of its rows.

    Parameters
    ----------
    table
        The table.
    weights : (sample,)
        Finite numbers, at least 0; a row of weight 0 is left out of everything. None: the table's own weights.
    name
        What messages call them, such as the column's name.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        For another number of rows, anything but finite numbers of at least 0, and weights that are all 0.
    """
    if weights is None:
        return table
    if hasattr(weights, "to_pylist"):
        weights = weights.to_pylist()
    values = np.asarray(weights) if hasattr(weights, "__array__") else object_array(list(weights))
    rows = len(table.features)
    if values.shape != (rows,):
        received = f"shape {values.shape} for {rows} rows in {shown(name)}"
        raise invalid("weights have one number per row", received=received, hint="Give one for every row.")
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        received = f"'{error}' in {shown(name)}"
        raise invalid("a weight is a number", received=received, hint="Name a column of numbers.") from error
    wrong = int((~np.isfinite(numbers) | (numbers < 0)).sum())
    if wrong or not numbers.any():
        received = f"{counted(wrong, 'other value')} in {shown(name)}" if wrong else f"only 0 in {shown(name)}"
        hint = "Give 0 to a row that should not count."
        raise invalid("weights are finite numbers of at least 0, and not all are 0", received=received, hint=hint)
    return replace(table, weights=numbers)
