"""From a user's file to a table: the suffix selects the reader, and the rest is the same for all formats."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sharedtrunk._support.files import kind_of
from sharedtrunk._support.words import shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables._assemble import table_of
from sharedtrunk.tables._csv import read_csv
from sharedtrunk.tables._excel import read_excel
from sharedtrunk.tables._npz import read_npz
from sharedtrunk.tables._parquet import read_parquet
from sharedtrunk.tables._request import ReadColumns, ReadRequest, read_request
from sharedtrunk.tables._table import Table
from sharedtrunk.tables._task_kinds import Kinds
from sharedtrunk.tables._text_format import text_format

_READERS: dict[str, Callable[[Path, ReadRequest], ReadColumns]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
    ".parquet": read_parquet,
    ".pq": read_parquet,
    ".npz": read_npz,
}


def read(
    path: str | os.PathLike[str],
    *,
    tasks: Sequence[str],
    features: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    rows: int | None = None,
    seed: int = 0,
    missing: Sequence[Any] | str | None = None,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    groups: str | None = None,
    time: str | None = None,
    weights: str | None = None,
    kinds: Kinds | None = None,
) -> Table:
    """Read a table from text (.csv, .tsv, .txt, also .gz), Excel (.xlsx), Parquet or NPZ; nothing in the file is executed.

    With `rows`, text and Parquet files may be larger than memory. A column that counts the rows (a saved index) is left out
    with a note. Features are encoded as by `from_arrays`.

    Parameters
    ----------
    path
        The file; its suffix names its format.
    tasks
        Names of the columns that are labels, the main task's first, or patterns such as `SR-*`. Where cells have several
        labels, color=red is the task whether they have red.
    features
        Names of the columns that are features, or patterns in which `*` stands for any text, such as `bit*`. None: all
        columns but the tasks. The columns of a two-dimensional array in an NPZ file are chosen together, by the array's name.
    drop
        Names or patterns of columns that are left out, also of those in `features`. A pattern never means a task.
    rows
        Size of a uniform random sample of rows, kept in the file's order; None: all rows.
    seed
        Seed of that sample.
    missing
        Texts that stand for a missing value, in exactly this spelling. In numeric columns a number such as
        "-999" matches by value. None: NA, N/A, NaN, null, None, ? and their other spellings, which still count where only
        numbers are named. An empty text is always missing.
    sep
        The character between the fields of a text file. None: the comma, semicolon, tab or bar that its header has most of.
    decimal
        The mark before decimals in a text file, "." or ","; the other one may then stand between thousands. None: a comma if
        the first rows prove it and no comma separates the fields, else a point.
    encoding
        The encoding of a text file, such as "cp1252". None: by its byte-order mark, else UTF-8, else cp1252.
    sheet
        The sheet of an Excel file. None: the first one.
    groups
        Name of the column that says which rows belong together, such as a person's; it is not a feature.
    time
        Name of the column that says when a row was made, as a date or a number; it is not a feature.
    weights
        Name of the column that says how many rows a row stands for, numbers of at least 0; it is not a feature.
    kinds
        Kinds of tasks by column, as for `from_arrays`.

    Returns
    -------
    Table
        Features, class codes, and notes on what was found and done, such as the texts that were taken for missing labels.

    Raises
    ------
    InputError
        For a file that cannot be read, options that do not fit it, unknown or repeated column names, infinite features, text
        among numbers, and tasks with one class, too few labelled rows or too many classes.
    """
    format = text_format(sep, decimal, encoding)
    about: dict[str, Any] = {"features": features, "format": format, "sheet": sheet, "groups": groups, "time": time}
    about["weights"] = weights
    request = read_request(tasks, drop, rows, seed, missing, **about)
    file = Path(path)
    reader = _reader(file)
    _check_options_fit(file, reader, {"sep": sep, "decimal": decimal, "encoding": encoding, "sheet": sheet})
    try:
        found = reader(file, request)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = "Check the path and its permissions."
        raise invalid("the file must be readable", received=f"'{reason}' at {file}", hint=hint) from error
    notes = () if len(found.row_numbers) == found.total else (_sampled(found),)
    notes = (*found.notes, *notes)
    how: dict[str, Any] = {"groups": groups, "time": time, "weights": weights, "kinds": kinds}
    among = request.tasks_among([column.name for column in found.columns])
    return table_of(found.columns, among, notes=notes, row_numbers=found.row_numbers, **how)


def _reader(file: Path) -> Callable[[Path, ReadRequest], ReadColumns]:
    kind = kind_of(file)
    if kind not in (None, "file"):
        hint = "Name a file in it." if kind == "folder" else "Save the table to a file, and name that."
        raise invalid("a table is a file", received=f"a {kind}, {file}", hint=hint)
    if kind is None:
        raise invalid("the file must exist", received=file, hint="Check its name and the folder.")
    suffixes = [each.lower() for each in file.suffixes[-2:]]
    suffix = suffixes[-2] if len(suffixes) == 2 and suffixes[-1] == ".gz" else (suffixes or [""])[-1]
    compressed = suffixes[-1:] == [".gz"]
    if suffix not in _READERS or (compressed and _READERS[suffix] is not read_csv):
        rule = "tables are read from .csv, .tsv, .txt (also .gz), .xlsx, .parquet and .npz"
        hint = "Save it as one of these (a pickle is never read)."
        raise invalid(rule, received=shown(file.name), hint=hint)
    if not file.stat().st_size:
        hint = "Check the file."
        raise invalid("a table needs a header and rows", received=f"an empty file, {file}", hint=hint)
    return _READERS[suffix]


def _check_options_fit(file: Path, reader: object, given: dict[str, str | None]) -> None:
    """Raise `InputError` for an option that says something about files of another format."""
    for option, value in given.items():
        of, kind = (read_excel, "Excel's files") if option == "sheet" else (read_csv, "text files (.csv, .tsv, .txt)")
        if value is not None and reader is not of:
            received, hint = f"{shown(value)} for {shown(file.name)}", f"Leave --{option} out."
            raise invalid(f"--{option} is for {kind}", received=received, hint=hint)


def _sampled(found: ReadColumns) -> str:
    return f"A random sample of {len(found.row_numbers):,} of the file's {found.total:,} rows was read."
