"""From columns to a table: labels to codes, features as numbers, and a note on everything that was done."""

from collections.abc import Mapping, Sequence

import numpy as np

from sharedtrunk._support.limits import check_different_names
from sharedtrunk._support.words import counted, listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._encode import encode
from sharedtrunk.tables._identifiers import identifiers
from sharedtrunk.tables._labels import Coded, coded_tasks
from sharedtrunk.tables._related_rows import with_related_rows
from sharedtrunk.tables._several_labels import column_of, no_such_part
from sharedtrunk.tables._table import Table
from sharedtrunk.tables._task_kinds import CLASSES, Kinds, asked_kinds, check_asked
from sharedtrunk.tables._tidy import tidy
from sharedtrunk.tables._weights import with_weights


def table_of(
    columns: Sequence[Column],
    tasks: Sequence[str],
    *,
    notes: Sequence[str] = (),
    row_numbers: np.ndarray | None = None,
    groups: str | None = None,
    time: str | None = None,
    weights: str | None = None,
    kinds: Kinds | None = None,
) -> Table:
    """The table whose labels are the columns in `tasks` (in that order) and whose features are all other columns.

    The columns `groups`, `time` and `weights` are no features; they say which rows belong together, their order, and how much
    each counts. `row_numbers` (sample,) are the rows' numbers in a file; a feature that counts the rows is left out.
    Raises `InputError`.
    """
    # a column 'a[0]' would clash with the first entry of an embedding 'a'
    check_different_names("columns", [each.name for each in columns])
    by_name = {each.name: each for each in columns}
    own = {column_of(task, by_name) for task in tasks}
    coded = coded_columns([by_name[name] for name in by_name if name in own], tasks, kinds)
    said = ((groups, "which rows belong together"), (time, "which rows are later"), (weights, "how much a row counts"))
    about_rows = {name: what for name, what in said if name is not None}
    rest = [each for each in columns if each.name not in own and each.name not in about_rows]
    table = assembled(rest, coded, notes=(*notes, *_not_features(about_rows)), row_numbers=row_numbers)
    given = {name: _present(by_name[name]) for name in about_rows}
    table = with_weights(table, None if weights is None else given[weights], name=str(weights))
    return with_related_rows(
        table,
        groups=None if groups is None else given[groups],
        times=None if time is None else given[time],
        group_name=str(groups),
        time_name=str(time),
    )


def coded_columns(columns: Sequence[Column], tasks: Sequence[str], kinds: Kinds | None) -> dict[str, Coded]:
    """The labels of all tasks, in the order of `tasks`, from their columns. Raises `InputError`."""
    names, asked = [each.name for each in columns], asked_kinds(kinds)
    check_asked(asked, names)
    of_column = {each.name: coded_tasks(each, asked.get(each.name)) for each in columns}
    found: dict[str, Coded] = {}
    for task in tasks:
        own = of_column[column_of(task, names)]
        if task in names:
            found |= {name: coded for name, coded in own.items() if name not in found}
        elif task in own:
            found[task] = own[task]
        else:
            raise no_such_part(task, list(own) if column_of(task, names) not in own else [])
    return found


def _not_features(about_rows: Mapping[str, str]) -> list[str]:
    return [f"{shown(name)} says {what}, so it is not a feature." for name, what in about_rows.items()]


def _present(column: Column) -> np.ndarray:
    """The column's values (sample,), None where one is missing."""
    values = column.values.astype(object)
    values[column.missing] = None
    return values


def assembled(
    columns: Sequence[Column],
    coded: dict[str, Coded],
    *,
    notes: Sequence[str] = (),
    row_numbers: np.ndarray | None = None,
) -> Table:
    """The table of these feature columns and coded labels (task → labels). Raises `InputError`."""
    counting = _row_counters(columns, row_numbers)
    rest = [each for each in columns if each.name not in counting]
    if not rest:
        raise _no_features(f"only {listed(counting)}, which counts the rows" if counting else "none")
    features = tidy(encode(rest, row_numbers))
    if not features.names:
        raise _no_features(f"{len(rest)} feature columns, none of which varies in a way that can be used")
    row_notes = [f"Left out, because it counts the rows: {listed(counting)}."] if counting else []
    labels = {name: each.codes for name, each in coded.items()}
    unlabelled = int(np.all([codes < 0 for codes in labels.values()], axis=0).sum())
    if unlabelled:
        row_notes.append(f"{counted(unlabelled, 'row')} {'has' if unlabelled == 1 else 'have'} no label of any task.")
    classes = {name: each.classes for name, each in coded.items()}
    label_notes = [note for each in coded.values() for note in each.notes]
    return Table(
        features.values,
        features.names,
        labels,
        classes,
        notes=(*notes, *label_notes, *row_notes, *features.notes),
        categories=features.categories,
        dates=tuple(features.dates),
        identifiers=identifiers(rest),
        kinds={name: each.kind for name, each in coded.items() if each.kind != CLASSES},
        numbers={name: each.numbers for name, each in coded.items() if each.numbers is not None},
        parts=_parts(coded),
    )


def _parts(coded: dict[str, Coded]) -> dict[str, tuple[str, ...]]:
    """The tasks of single labels by their column."""
    found: dict[str, tuple[str, ...]] = {}
    for name, each in coded.items():
        if each.column is not None:
            found[each.column] = (*found.get(each.column, ()), name)
    return found


def _row_counters(columns: Sequence[Column], numbers: np.ndarray | None) -> list[str]:
    """Names of the columns that count the rows of a file, as a saved index does."""
    if numbers is None:
        return []
    return [each.name for each in columns if each.numeric and not each.missing.any() and _counts(each.values, numbers)]


def _counts(values: np.ndarray, numbers: np.ndarray) -> bool:
    if values.dtype.kind == "b" or not np.isfinite(values).all():
        return False
    return bool(np.ptp(values - numbers.astype(np.float64)) == 0)


def _no_features(received: str) -> InputError:
    return invalid("a table needs features", received=received, hint="Add columns that the tasks are predicted from.")
