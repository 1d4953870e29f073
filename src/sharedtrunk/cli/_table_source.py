"""The table and the tasks of `advise`: the user's file or a bundled table, read and checked without JAX."""

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sharedtrunk.errors import invalid

if TYPE_CHECKING:
    from sharedtrunk.tables import Table


@dataclass(frozen=True)
class Source:
    """The options of `advise` that choose table, tasks and rows; an option that was not given is None or ()."""

    file: Path | None
    dataset: str | None
    main: str | None
    auxiliaries: tuple[str, ...]
    drop: tuple[str, ...]
    labels: int | None
    rows: int | None
    every: bool
    seed: int
    missing: tuple[str, ...] | None = None
    features: tuple[str, ...] = ()
    written: Mapping[str, str | None] = field(default_factory=dict)
    """How the file is written: the options sep, decimal, encoding and sheet of `tables.read`."""
    groups: str | None = None
    time: str | None = None
    weights: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Kinds of tasks by column, as `tables.read` takes them."""


def read_table(source: Source) -> tuple["Table", tuple[str, ...]]:
    """Read the table; return it and its tasks, the main one first. Raises `InputError`."""
    if (source.file is None) == (source.dataset is None):
        received = "neither" if source.file is None else "both"
        hint = "Name a file, or a bundled table such as --dataset digits."
        raise invalid("advise needs either a file or --dataset NAME", received=received, hint=hint)
    if source.file is not None:
        return _from_file(source)
    return _bundled(source)


def _from_file(source: Source) -> tuple["Table", tuple[str, ...]]:
    from sharedtrunk import tables  # imports SciPy, which --help does without

    assert source.file is not None
    if source.labels is not None:
        hint = "Empty the cells of the labels that should be missing."
        raise invalid("--labels is for the bundled tables", received=f"--labels with {source.file}", hint=hint)
    main = () if source.main is None else (source.main,)
    if not main and not source.every:
        raise invalid("advise needs a main task", received="none", hint="Name its column: --main COLUMN.")
    tasks = (*main, *source.auxiliaries)
    if source.every and len(tasks) < 2 and not any("*" in task for task in tasks):
        received = f"only {tasks[0]}" if tasks else "none"
        raise invalid("--all needs two tasks or more", received=received, hint="Name their columns: --aux A,B.")
    if not source.every and not source.auxiliaries:
        hint = "Name the columns: --aux COLUMN,COLUMN."
        raise invalid("advise needs auxiliary tasks", received=f"only {source.main}", hint=hint)
    how: dict[str, Any] = {"drop": source.drop, "rows": source.rows, "seed": source.seed, "missing": source.missing}
    how |= {"features": source.features or None, "groups": source.groups, "time": source.time, **source.written}
    how |= {"weights": source.weights, "kinds": source.kinds}
    table = tables.read(source.file, tasks=tasks, **how)
    if source.main is not None and "*" in source.main and not {source.main} & {*table.labels, *table.parts}:
        hint = "A pattern may stand for auxiliary tasks: --aux 'SR-*'."
        raise invalid("the main task is one column", received=f"--main {source.main}", hint=hint)
    if source.every and len(table.labels) < 2:
        received = f"only {next(iter(table.labels))}"
        raise invalid("--all needs two tasks or more", received=received, hint="Name their columns: --aux A,B.")
    if main and main[0] in table.parts:
        hint = f"Name one of its labels: --main '{table.parts[main[0]][0]}'."
        raise invalid("a main task is one label of a cell with several", received=f"--main {main[0]}", hint=hint)
    return table, tuple(table.labels)


def _bundled(source: Source) -> tuple["Table", tuple[str, ...]]:
    from sharedtrunk import tables

    name = source.dataset
    assert name is not None
    names = ("rows", "features", "drop", "missing", "groups", "time", "weights", "kinds")
    choices = {name: getattr(source, name) for name in names}
    for option, given in (choices | dict(source.written)).items():
        option = f"--{option.replace('kinds', 'kind')}"
        if given:
            hint = f"Leave {option} out."
            raise invalid(f"{option} is for files", received=f"{option} with --dataset {name}", hint=hint)
    if source.labels is not None and source.every:
        hint = "Leave one of the two out."
        raise invalid(
            "--labels is the number of labels of the one main task", received="--labels with --all", hint=hint
        )
    default_table, default_main = tables.bundled(name)
    main = source.main or default_main
    others = source.auxiliaries or tuple(task for task in default_table.labels if task != main)
    table, _ = tables.bundled(name, tasks=(main, *others), labels=source.labels, seed=source.seed)
    return table, (main, *others)


def kinds_of(texts: Sequence[str] | None) -> dict[str, str]:
    """Kinds by column from `column=kind`, or `column=low<medium<high` of ordered levels. Raises `InputError`."""
    found: dict[str, str] = {}
    for text in map(as_utf8, texts or []):
        column, equals, kind = text.rpartition("=")
        if not equals or not column.strip() or column.strip() in found:
            rule = "a kind is column=numeric, column=classes or column=ordered, once for each column"
            raise invalid(rule, received=f"--kind {text}", hint="Write for example --kind age=numeric.")
        found[column.strip()] = kind.strip()
    return found


def column_names(texts: Sequence[str] | None) -> tuple[str, ...]:
    """Column names from `a,b` and repeated options; a name with a comma is in double quotes. Raises `InputError`."""
    rows = csv.reader(map(as_utf8, texts or []), skipinitialspace=True)
    try:
        return tuple(name.strip() for row in rows for name in row if name.strip())
    except csv.Error as error:  # a line break outside quotes, or more than 131,072 characters
        hint = "Put a name with a comma or a line break in double quotes: --aux '\"income, yearly\",region'."
        raise invalid("column names are separated by commas", received=f"'{error}'", hint=hint) from error


def as_utf8(text: str) -> str:
    """An argument of the command line as UTF-8, the encoding of tables, whatever the terminal's encoding is.

    Under a bare C locale Python passes bytes beyond ASCII on as surrogates. Arguments that are not UTF-8 stay as they are.
    """
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        return text
