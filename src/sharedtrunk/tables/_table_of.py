"""Columns to a table: labels to codes, features to numbers, and a note for all that was done."""

from collections.abc import Sequence

import numpy as np

from sharedtrunk._errors import invalid
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._encode import Features, encode
from sharedtrunk.tables._labels import class_codes
from sharedtrunk.tables._table import Table
from sharedtrunk.tables._tidy import tidy
from sharedtrunk.tables._words import listed


def table_of(
    columns: Sequence[Column],
    tasks: Sequence[str],
    *,
    notes: Sequence[str] = (),
    row_numbers: np.ndarray | None = None,
) -> Table:
    """The table whose labels are the columns in `tasks` (in that order) and whose features are all others.

    `row_numbers` (sample,): places in a file; a feature that counts them is left out. Raises `InputError`.
    """
    by_name = {each.name: each for each in columns}
    coded = {name: class_codes(by_name[name]) for name in tasks}
    return assembled([each for each in columns if each.name not in coded], coded, notes=notes, row_numbers=row_numbers)


def assembled(
    columns: Sequence[Column],
    coded: dict[str, tuple[np.ndarray, tuple]],
    *,
    notes: Sequence[str] = (),
    row_numbers: np.ndarray | None = None,
) -> Table:
    """The table of these feature columns and coded labels (task → codes and class names). Raises `InputError`."""
    rest, said = _without_row_numbers(columns, row_numbers)
    features = tidy(encode(rest, row_numbers))
    _check_some(features, len(columns))
    labels = {name: codes for name, (codes, _) in coded.items()}
    unlabelled = int(np.all([codes < 0 for codes in labels.values()], axis=0).sum())
    if unlabelled:
        said.append(f"{unlabelled} rows have no label of any task.")
    classes = {name: names for name, (_, names) in coded.items()}
    return Table(features.values, features.names, labels, classes, (*notes, *said, *features.notes))


def _without_row_numbers(columns: Sequence[Column], numbers: np.ndarray | None) -> tuple[list[Column], list[str]]:
    if numbers is None:
        return list(columns), []
    counting = [each for each in columns if each.numeric and not each.missing.any() and _counts(each.values, numbers)]
    said = [f"Left out, because it counts the rows: {listed(each.name for each in counting)}."] if counting else []
    return [each for each in columns if each not in counting], said


def _counts(values: np.ndarray, numbers: np.ndarray) -> bool:
    if values.dtype.kind == "b" or not np.isfinite(values).all():
        return False
    return bool(np.ptp(values - numbers.astype(np.float64)) == 0)


def _check_some(features: Features, columns: int) -> None:
    if not features.names:
        received = f"{columns} feature columns, none of which varies in a way that can be used"
        way_out = "Add columns that the tasks are predicted from."
        raise invalid("a table needs features", received=received, way_out=way_out)
