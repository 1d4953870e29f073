"""Text tables separated by commas, tabs, semicolons or bars, compressed or not, read in pieces of a few thousand rows.

Every row must be as wide as the header. Python's own reader is used because pandas' C parser fills short rows silently,
takes the first fields of long rows for an index, and miscounts lines after a quoted line break, although a user needs the
line of the wrong row.

What the user does not say about the file (`_text_format`) is found in it: the separator in its header, the notation of
numbers in its first rows, and the encoding while it is read, once as UTF-8 and once more from the start if that fails.
"""

import codecs
import contextlib
import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits, _streamed
from sharedtrunk.tables._notation import Notation
from sharedtrunk.tables._request import ReadColumns, ReadRequest, check_size, columns_to_read, left_out_note, read_fewer
from sharedtrunk.tables._streamed import gathered
from sharedtrunk.tables._text_column import TextColumn
from sharedtrunk.tables._text_format import WINDOWS, encoding_by_mark, excels_separator

if TYPE_CHECKING:
    import _csv

_PEEK = 1_000_000
"""Bytes at the beginning of a file from which its number of rows is estimated."""


def read_csv(path: Path, request: ReadRequest) -> ReadColumns:
    """Read the requested columns. Raises `InputError`."""
    with _reporting_damage(path, request.format.encoding):
        encoding = request.format.encoding or _encoding_by_mark(path)
        if encoding is not None:
            return _decoded(path, request, encoding)
        try:
            return _decoded(path, request, "utf-8")
        except UnicodeDecodeError:
            if _is_partly_utf8(path):
                raise
        return _decoded(path, request, WINDOWS)


def _decoded(path: Path, request: ReadRequest, encoding: str) -> ReadColumns:
    with _bytes(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as file:
        separator, rows = _rows(path, file, request)
        names = [name.strip() or f"column {number}" for number, name in enumerate(next(rows), start=1)]
        request = request.of(names)
        kept = columns_to_read(request, names)
        if request.rows is None:
            _check_size_from_start(path, request, len(names), len(kept))
        notation, rows = _notation(rows, names, kept, request, separator)
        builders = {
            name: TextColumn(name, label=name in request.as_written, missing=request.missing, notation=notation)
            for name in kept
        }
        found = gathered(path, rows, names, builders, request)
    note = request.format.note(encoding, separator, _usual_separator(path), notation)
    return replace(found, notes=tuple(filter(None, (note, left_out_note(request, names, kept)))))


def _notation(
    rows: Iterator[list[str]], names: list[str], kept: tuple[str, ...], request: ReadRequest, separator: str
) -> tuple[Notation, Iterator[list[str]]]:
    """The notation of numbers, given or in the first rows; and all rows again."""
    first = list(itertools.islice(rows, _streamed.PIECE))
    columns = (list(texts) for name, texts in zip(names, zip(*first, strict=True), strict=bool(first)) if name in kept)
    notation = request.format.notation_of(columns, request.missing, separator)
    return notation, itertools.chain(iter(first), rows)  # an iterator lets go of its list at the end, `chain` would not


def _usual_separator(path: Path) -> str:
    return "\t" if ".tsv" in [suffix.lower() for suffix in path.suffixes] else ","


def _rows(path: Path, file: io.TextIOWrapper, request: ReadRequest) -> tuple[str, Iterator[list[str]]]:
    """The separator; and the header, then every row that is not blank. Raises `InputError` for a row of another width."""
    lines = _lines(path, file)
    skipped, first = _first_line(lines)
    separator = None if first is None else excels_separator(first)
    if separator is not None:
        more, first = _first_line(lines)
        skipped += 1 + more
    if first is None:
        raise invalid("a table needs a header and rows", received=f"an empty file, {path}", hint="Check the file.")
    separator = request.format.separator_of(first, separator or _usual_separator(path))
    reader = csv.reader(itertools.chain([first], lines), delimiter=separator, strict=True)
    return separator, _wide_rows(path, reader, skipped)


def _first_line(lines: Iterator[str]) -> tuple[int, str | None]:
    """How many blank lines come first, and the line after them."""
    return next(((blank, line) for blank, line in enumerate(lines) if line.strip()), (0, None))


def _wide_rows(path: Path, reader: "_csv.Reader", skipped: int) -> Iterator[list[str]]:
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
    first = True
    while line := file.readline(_limits.LONGEST_LINE):
        if len(line) == _limits.LONGEST_LINE or "\0" in line:
            raise _not_text(path, "a line without end" if len(line) == _limits.LONGEST_LINE else "zero bytes")
        yield line.removeprefix("\ufeff") if first else line  # the byte-order mark
        first = False


def _check_size_from_start(path: Path, request: ReadRequest, width: int, kept: int) -> None:
    """Check the size that the file's length and first rows suggest. A compressed file is checked while it is read."""
    if path.suffix.lower() == ".gz":
        return
    with path.open("rb") as file:
        start = file.read(_PEEK)
    lines = max(start.count(b"\n"), 1)
    check_size(path.stat().st_size / len(start) * lines * kept, read_fewer(request.rows))


@contextlib.contextmanager
def _bytes(path: Path) -> Iterator[IO[bytes]]:
    compressed = path.suffix.lower() == ".gz"
    with gzip.GzipFile(path) if compressed else path.open("rb") as raw:
        yield cast(IO[bytes], raw)


def _encoding_by_mark(path: Path) -> str | None:
    with _bytes(path) as raw:
        return encoding_by_mark(raw.read(4))


def _is_partly_utf8(path: Path) -> bool:
    """Whether characters beyond ASCII that are UTF-8 come before the first bytes that are not."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _bytes(path) as raw:
        while block := raw.read(_PEEK):
            try:
                if not decoder.decode(block).isascii():
                    return True
            except UnicodeDecodeError as error:
                return not error.object[: error.start].isascii()
    return False


@contextlib.contextmanager
def _reporting_damage(path: Path, given: str | None) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:  # not all codecs raise a UnicodeDecodeError
        raise _not_decoded(path, error, given) from error
    except csv.Error as error:
        hint = "Correct the quotes of that row, or write the table as Parquet."
        raise invalid("rows are fields between separators", received=f"'{error}' in {path}", hint=hint) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        hint = "Compress it again, or give the plain file."
        raise invalid("a .gz file is gzip data", received=f"'{error}' in {path}", hint=hint) from error


def _not_decoded(path: Path, error: UnicodeError, given: str | None) -> InputError:
    if not isinstance(error, UnicodeDecodeError):
        return _not_text(path, f"'{error}'")
    found = f"which is not {given}" if given else f"which is neither UTF-8 nor {WINDOWS}"
    if not given and error.encoding == "utf-8":
        found = "which is not UTF-8, after characters that are"
    elif not given and error.encoding.startswith("utf"):
        found = f"which is not {error.encoding}"
    return _not_text(path, f"byte 0x{error.object[error.start]:02x}, {found}")


def _not_text(path: Path, what: str) -> InputError:
    hint = "Save it as CSV in UTF-8, or name its encoding (--encoding cp1252, or utf-16-le)."
    return invalid("a table is text in one encoding", received=f"{what}, in {path}", hint=hint)
