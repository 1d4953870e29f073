"""How a text table is written: the separator, the notation of its numbers, its encoding. Given, or found in the file.

UTF-8 comes first, because other text is almost never valid UTF-8 by accident. Bytes that are not UTF-8 are taken for cp1252,
what Windows writes in western Europe, unless characters beyond ASCII before them were UTF-8: that file is damaged. UTF-16 is
known by its byte-order mark, which Excel's "Unicode text" has.
"""

import codecs
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sharedtrunk._support.words import shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables._missing import MissingTexts
from sharedtrunk.tables._notation import PLAIN, Notation, detected_notation, given_notation

_SEPARATORS = ",;\t|"
"""The separators that are looked for; the comma is taken if none of them occurs."""

_NAMED_SEPARATORS = {"tab": "\t", "\\t": "\t"}
"""Spellings of the tab that shells pass on easily."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_QUOTED = re.compile(r'"[^"]*("|$)')
_EXCELS_SEPARATOR = re.compile(r'"?sep=([,;|:\t])"?\s*', re.IGNORECASE)

WINDOWS = "cp1252"


@dataclass(frozen=True)
class TextFormat:
    """How a text file is written, as the user says; what is None is detected in the file."""

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None

    def separator_of(self, header: str, usual: str) -> str:
        """The separator, given or in the header. Raises `InputError` if it is the given decimal mark."""
        found = self.separator
        if found is None:
            outside_quotes = _QUOTED.sub("", header)
            found = max(_SEPARATORS, key=outside_quotes.count) if usual == "," else usual
        if found == self.decimal:
            raise _same_marks(found)
        return found

    def notation_of(self, columns: Iterable[list[str]], missing: MissingTexts, separator: str) -> Notation:
        """The notation of numbers, given or proven by the columns' first texts."""
        if self.decimal is not None:
            return given_notation(self.decimal)
        return detected_notation(columns, missing, comma=separator != ",")

    def note(self, encoding: str, separator: str, usual: str, notation: Notation) -> str:
        """What was found and not given, as far as it is unusual; empty where nothing is."""
        sentences = []
        if self.encoding is None and encoding == WINDOWS:
            sentences.append("Read as cp1252 (Windows), because the file is not UTF-8.")
        if self.encoding is None and encoding == "utf-16":
            sentences.append("Read as UTF-16.")
        if self.separator is None and separator != usual:
            sentences.append(f"Fields are separated by {'tabs' if separator.isspace() else shown(separator)}.")
        if self.decimal is None and notation != PLAIN:
            sentences.append(f"Numbers have {notation.words}.")
        return " ".join(sentences)


FOUND_IN_FILE = TextFormat()


def text_format(sep: str | None, decimal: str | None, encoding: str | None) -> TextFormat:
    """The format that the user gives. Raises `InputError` for values that no text table can have."""
    separator = None if sep is None else _NAMED_SEPARATORS.get(sep, sep)
    if separator is not None and (len(separator) != 1 or separator.isalnum() or separator in "\"'\r\n\0.+-_"):
        rule = "a separator is one character that neither numbers nor words contain"
        hint = "Give --sep ';' or --sep tab, or leave it out."
        raise invalid(rule, received=shown(sep), hint=hint)
    if decimal not in (None, ".", ","):
        rule = "a decimal mark is a point or a comma"
        raise invalid(rule, received=shown(decimal), hint="Give --decimal , or leave it out.")
    if decimal is not None and decimal == separator:
        raise _same_marks(decimal)
    if encoding is not None and not _is_text_encoding(encoding):
        rule = "an encoding is one that Python knows"
        raise invalid(rule, received=shown(encoding), hint="Give for example --encoding cp1252, or leave it out.")
    return TextFormat(separator, decimal, encoding)


def encoding_by_mark(start: bytes) -> str | None:
    """The encoding that a file's first bytes name; None where they name none."""
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)


def excels_separator(line: str) -> str | None:
    """The separator in the line `sep=;` that some spreadsheets put before the header; None for any other line."""
    found = _EXCELS_SEPARATOR.fullmatch(line)
    return found[1] if found else None


def _is_text_encoding(name: str) -> bool:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except (LookupError, ValueError):  # unknown, one of bytes to bytes such as "hex", or not a name at all
        return False
    return True


def _same_marks(mark: str) -> InputError:
    rule = "the separator and the decimal mark differ"
    return invalid(rule, received=f"{shown(mark)} for both", hint="Give another --sep or another --decimal.")
