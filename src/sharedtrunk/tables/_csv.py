"""Text tables separated by commas, tabs, semicolons or bars, compressed or not, read in pieces of a few thousand rows.

Every row must be as wide as the header. Python's own reader is used because pandas' C parser fills short rows silently,
takes the first fields of long rows for an index, and miscounts lines after a quoted line break, although a user needs the
line of the wrong row.

A sample of N rows keeps the rows with the N smallest of independent random keys: each set of N rows is equally likely, and
at most 2N rows and one piece are in memory.
"""

import contextlib
import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._request import ReadColumns, ReadRequest, check_size, columns_to_read, no_rows, read_fewer
from sharedtrunk.tables._text_column import TextColumn

_PIECE = 8192
"""Rows held in memory as text at a time."""

_PEEK = 1_000_000
"""Bytes at the beginning of a file from which its number of rows is estimated."""


def read_csv(path: Path, request: ReadRequest) -> ReadColumns:
    """Read the requested columns. Raises `InputError`."""
    with _reporting_damage(path), _opened(path) as file:
        rows = _rows(path, file)
        names = [name.strip() or f"column {number}" for number, name in enumerate(next(rows), start=1)]
        kept = columns_to_read(request, names)
        if request.rows is None:
            _check_size_from_start(path, request, len(names), len(kept))
            return _whole(path, rows, names, kept, request)
        check_size(request.rows * len(kept), read_fewer(request.rows))
        return _sampled(path, rows, names, kept, request)


def _whole(
    path: Path, rows: Iterator[list[str]], names: list[str], kept: tuple[str, ...], request: ReadRequest
) -> ReadColumns:
    total, builders = 0, _builders(kept, request)
    for piece in _pieces(rows):
        total += len(piece)
        check_size(total * len(kept), read_fewer(None))
        _gather(builders, names, piece)
    if not total:
        raise no_rows(path)
    return ReadColumns([builder.finish() for builder in builders.values()], np.arange(total), total)


def _sampled(
    path: Path, rows: Iterator[list[str]], names: list[str], kept: tuple[str, ...], request: ReadRequest
) -> ReadColumns:
    assert request.rows is not None
    rng, total, limit = np.random.default_rng(request.seed), 0, np.inf
    held: list[tuple[float, int, list[str]]] = []  # key, number in the file, texts
    for piece in _pieces(rows):
        keys = rng.random(len(piece))
        held += [(float(keys[i]), total + int(i), piece[i]) for i in np.flatnonzero(keys < limit)]
        total += len(piece)
        if len(held) > 2 * request.rows:
            held = sorted(held)[: request.rows]
            limit = held[-1][0]
    if not total:
        raise no_rows(path)
    chosen = sorted((number, texts) for _, number, texts in sorted(held)[: request.rows])
    builders = _builders(kept, request)
    _gather(builders, names, [texts for _, texts in chosen])
    numbers = np.array([number for number, _ in chosen])
    return ReadColumns([builder.finish() for builder in builders.values()], numbers, total)


def _builders(kept: tuple[str, ...], request: ReadRequest) -> dict[str, TextColumn]:
    return {name: TextColumn(name, label=name in request.as_written, missing=request.missing) for name in kept}


def _gather(builders: dict[str, TextColumn], names: list[str], piece: list[list[str]]) -> None:
    for name, texts in zip(names, zip(*piece, strict=True), strict=True):
        if name in builders:
            builders[name].add(list(texts))


def _pieces(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while piece := list(itertools.islice(rows, _PIECE)):
        yield piece


def _rows(path: Path, file: io.TextIOWrapper) -> Iterator[list[str]]:
    """The header, then every row that is not blank. Raises `InputError` for a row of another width."""
    lines = _lines(path, file)
    skipped, first = next(((blank, line) for blank, line in enumerate(lines) if line.strip()), (0, None))
    if first is None:
        raise invalid("a table needs a header and rows", received=f"an empty file, {path}", hint="Check the file.")
    reader = csv.reader(itertools.chain([first], lines), delimiter=_delimiter(path, first), strict=True)
    width = 0
    for row in reader:
        if len(row) != width and width and row:
            received = f"{len(row)} fields in line {reader.line_num + skipped} of {path}, where the header has {width}"
            hint = "Correct that line, or put quotes around texts that hold the separator."
            raise invalid("every row has as many fields as the header", received=received, hint=hint)
        if row:
            width = len(row)
            yield row


def _lines(path: Path, file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(_limits.LONGEST_LINE):
        if len(line) == _limits.LONGEST_LINE or "\0" in line:
            raise _not_text(path, "a line without end" if len(line) == _limits.LONGEST_LINE else "zero bytes")
        yield line


def _delimiter(path: Path, header: str) -> str:
    if ".tsv" in [suffix.lower() for suffix in path.suffixes]:
        return "\t"
    return max(",;\t|", key=header.count)  # a comma if none of them occurs


def _check_size_from_start(path: Path, request: ReadRequest, width: int, kept: int) -> None:
    """Check the size that the file's length and first rows suggest. A compressed file is checked while it is read."""
    if path.suffix.lower() == ".gz":
        return
    with path.open("rb") as file:
        start = file.read(_PEEK)
    lines = max(start.count(b"\n"), 1)
    check_size(path.stat().st_size / len(start) * lines * kept, read_fewer(request.rows))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    compressed = path.suffix.lower() == ".gz"
    with gzip.open(path, "rb") if compressed else path.open("rb") as raw:
        yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


@contextlib.contextmanager
def _reporting_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise _not_text(path, f"byte 0x{error.object[error.start]:02x}, which is not UTF-8") from error
    except csv.Error as error:
        hint = "Correct the quotes of that row, or write the table as Parquet."
        raise invalid("rows are fields between separators", received=f"'{error}' in {path}", hint=hint) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        hint = "Compress it again, or give the plain file."
        raise invalid("a .gz file is gzip data", received=f"'{error}' in {path}", hint=hint) from error


def _not_text(path: Path, what: str) -> InputError:
    return invalid("a table is UTF-8 text", received=f"{what}, in {path}", hint="Save it as CSV in UTF-8.")
