"""Excel workbooks (.xlsx), read row by row by openpyxl, so that the limits of size hold while a sheet is read.

pandas' reader builds on the same library, but holds all cells of a sheet before it returns one, and renames repeated columns.
Numbers, dates, true and false stay what they are, formulas are their last results, and Excel's errors (#DIV/0!) are missing
values. A column in which texts stand, numbers written as text among them, is read as the column of a text file would be.
Macros are never executed.
"""

import contextlib
import itertools
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from sharedtrunk._support.words import closest, shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables._column import Column, column
from sharedtrunk.tables._damage import reporting_damage
from sharedtrunk.tables._frames import object_array
from sharedtrunk.tables._missing import MissingTexts
from sharedtrunk.tables._request import ReadColumns, ReadRequest, check_size, columns_to_read, left_out_note
from sharedtrunk.tables._streamed import gathered
from sharedtrunk.tables._text_column import TextColumn

_ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
"""What Excel shows in a cell whose formula fails."""

_MOST_ROWS = 1_048_576
"""The rows of the largest sheet. A damaged file may name a row far beyond, and openpyxl would yield all rows up to it."""

_SHEETS = "xl/worksheets/"
"""The folder of the sheets in the archive, which are read row by row; everything else, such as all texts, is read at once."""


def read_excel(path: Path, request: ReadRequest) -> ReadColumns:
    """Read the requested columns. Raises `InputError`, also where openpyxl is not installed."""
    with _opened(path, request) as sheet:
        names, rows = _rows(path, sheet)
        request = request.of(names)
        kept = columns_to_read(request, names)
        builders = {name: CellColumn(name, label=name in request.as_written, missing=request.missing) for name in kept}
        found = gathered(path, rows, names, builders, request)
        note = left_out_note(request, names, kept)
        return replace(found, notes=(note,) if note else ())


class CellColumn:
    """Collects the cells of one column; texts decide at the end whether it is read as a text file's column."""

    def __init__(self, name: str, *, label: bool, missing: MissingTexts) -> None:
        self._name = name
        self._label = label
        self._missing = MissingTexts(missing.texts | _ERRORS)
        self._cells: list[Any] = []

    def add(self, cells: list[Any]) -> None:
        self._cells += cells

    def finish(self) -> Column:
        """The column of all cells."""
        texts = [cell for cell in self._cells if isinstance(cell, str) and cell not in self._missing]
        plain = all(cell is None or isinstance(cell, str | int | float) for cell in self._cells)
        if not texts or not plain:
            return column(self._name, object_array(self._cells), self._missing)
        written = TextColumn(self._name, label=self._label, missing=self._missing)
        written.add(["" if cell is None else str(cell) for cell in self._cells])
        return written.finish()


def _rows(path: Path, sheet: Any) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """The column names, then the rows that are not empty, each with a cell for every name. Raises `InputError`."""
    rows = (
        (number, cells) for number, row in enumerate(_cells(path, sheet), start=1) if row and (cells := _trimmed(row))
    )
    _, header = next(rows, (0, ()))
    if not header:
        received = f"the empty sheet {shown(sheet.title)}, in {path}"
        raise invalid("a table needs a header and rows", received=received, hint="Name another one with --sheet NAME.")
    names = [_name(cell) or f"column {number}" for number, cell in enumerate(header, start=1)]
    return names, _wide(path, rows, len(names))


def _cells(path: Path, sheet: Any) -> Iterator[Sequence[Any]]:
    sheet.reset_dimensions()  # some programs write wrong ones
    with _reporting_damage(path):
        yield from sheet.iter_rows(max_row=_MOST_ROWS, values_only=True)


def _name(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _wide(path: Path, rows: Iterator[tuple[int, Sequence[Any]]], width: int) -> Iterator[Sequence[Any]]:
    for number, cells in rows:
        if len(cells) > width:
            received = f"a cell in column {len(cells)} of row {number} of {path}, where the header has {width}"
            hint = "The first row that is not empty must hold the column names, with nothing beside or above the table."
            raise invalid("every cell has a column name above it", received=received, hint=hint)
        yield (*cells, *itertools.repeat(None, width - len(cells)))


def _trimmed(cells: Sequence[Any]) -> Sequence[Any]:
    """The cells up to the last one that is not empty."""
    width = len(cells)
    while width and (cells[width - 1] is None or (isinstance(cells[width - 1], str) and not cells[width - 1].strip())):
        width -= 1
    return cells[:width]


@contextlib.contextmanager
def _opened(path: Path, request: ReadRequest) -> Iterator[Any]:
    """The requested sheet, in openpyxl's mode that holds one row in memory."""
    load = _loader()
    # The file is opened here, because openpyxl 3.1.0 leaves its own open when a sheet is not read to its end.
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles, and extensions that hold no cells
        with _reporting_damage(path):
            _check_size_of_texts(file)
            workbook = load(file, read_only=True, data_only=True, keep_links=False)
        try:
            yield _sheet(workbook, request.sheet)
        finally:
            workbook.close()


def _check_size_of_texts(file: IO[bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        texts = sum(part.file_size for part in archive.infolist() if not part.filename.startswith(_SHEETS))
    check_size(texts / 8, "Leave sheets and texts out, or save the table as CSV.")


def _sheet(workbook: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}  # charts have sheets of their own
    if not sheets:
        raise invalid("a table is in a sheet", received="a workbook without one", hint="Check the file.")
    if name is not None and name not in sheets:
        received = f"{shown(name)}, which is not one"
        raise invalid("a sheet is one of the file's", received=received, hint=closest(name, list(sheets)))
    return next(iter(sheets.values())) if name is None else sheets[name]


def _loader() -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        hint = "Install it: pip install 'sharedtrunk[excel]', or save the sheet as CSV."
        raise invalid("Excel's files are read by openpyxl", received="no openpyxl here", hint=hint) from error
    return load_workbook


def _reporting_damage(path: Path) -> contextlib.AbstractContextManager[None]:
    return reporting_damage(path, "an .xlsx file is an Excel workbook", "Save it again in Excel, or as CSV.")
