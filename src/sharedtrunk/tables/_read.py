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
from sharedtrunk.tables._npz import read_npz
from sharedtrunk.tables._parquet import read_parquet
from sharedtrunk.tables._request import ReadColumns, ReadRequest, read_request
from sharedtrunk.tables._table import Table

_READERS: dict[str, Callable[[Path, ReadRequest], ReadColumns]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
    ".pq": read_parquet,
    ".npz": read_npz,
}


def read(
    path: str | os.PathLike[str],
    *,
    tasks: Sequence[str],
    drop: Sequence[str] = (),
    rows: int | None = None,
    seed: int = 0,
    missing: Sequence[Any] | str | None = None,
) -> Table:
    """Read a table from CSV (.csv, .tsv, also .gz), Parquet or NPZ; nothing in the file is executed.

    With `rows`, CSV and Parquet files may be larger than memory. The separator of a CSV file is that of its header line. A
    column that counts the rows (a saved index) is left out with a note. Features are encoded as by `from_arrays`.

    Parameters
    ----------
    path
        The file; its suffix names its format.
    tasks
        Names of the columns that are labels, the main task's first.
    drop
        Names of columns that are left out; all others are features.
    rows
        Size of a uniform random sample of rows, kept in the file's order; None: all rows.
    seed
        Seed of that sample.
    missing
        Texts that stand for a missing value, in exactly this spelling. In numeric columns a number such as
        "-999" matches by value. None: NA, N/A, NaN, null, None, ? and their other spellings. An empty text is always missing.

    Returns
    -------
    Table
        Features, class codes, and notes on what was done, such as the texts that were taken for missing labels.

    Raises
    ------
    InputError
        For a file that cannot be read, unknown or repeated column names, infinite features, text among
        numbers, and tasks with one class, too few labelled rows or too many classes.
    """
    request = read_request(tasks, drop, rows, seed, missing)
    file = Path(path)
    reader = _reader(file)
    try:
        found = reader(file, request)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = "Check the path and its permissions."
        raise invalid("the file must be readable", received=f"'{reason}' at {file}", hint=hint) from error
    notes = () if len(found.row_numbers) == found.total else (_sampled(found),)
    return table_of(found.columns, request.tasks, notes=notes, row_numbers=found.row_numbers)


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
        rule = "tables are read from .csv, .tsv (also .gz), .parquet and .npz"
        hint = "Save it as one of these (a pickle is never read)."
        raise invalid(rule, received=shown(file.name), hint=hint)
    if not file.stat().st_size:
        hint = "Check the file."
        raise invalid("a table needs a header and rows", received=f"an empty file, {file}", hint=hint)
    return _READERS[suffix]


def _sampled(found: ReadColumns) -> str:
    return f"A random sample of {len(found.row_numbers)} of the file's {found.total} rows was read."
