"""Singular values and relatedness as arguments of the command line: numbers, lists such as 1,0.5, and matrices."""

import json
import os
from pathlib import Path
from typing import Any

from sharedtrunk._support.files import kind_of, read_regular
from sharedtrunk._support.limits import shown
from sharedtrunk.errors import InputError, invalid

_ENDINGS = (".csv", ".json")

_MOST_BYTES = 2**26
"""The largest size in bytes of a file with a matrix: ten times the size of the largest matrix that a student could learn in
this memory."""


def singular_values(option: str, text: str) -> float | list[float]:
    """One number for all components, or one for each separated by commas. Raises `InputError`."""
    values = _numbers(text)
    if values is None:
        hint = "Give 1, or 1,0.5 with a number for each component."
        raise invalid(f"{option} is a number, or numbers separated by commas", received=shown(text), hint=hint)
    return values if len(values) > 1 else values[0]


def relatedness(text: str) -> Any:
    """A number, or a matrix from its rows or from a file. Raises `InputError`."""
    if matrix_file(text) is not None:
        return _from_file(Path(text))
    rows = [_numbers(row) for row in text.split(";")]
    if None in rows:
        hint = "Give 0.5, 1,0;0,0.5 with a row for each component, or the name of a file."
        rule = "--relatedness is a number, a matrix, or a .csv or .json file with one"
        raise invalid(rule, received=shown(text), hint=hint)
    return rows if "," in text or ";" in text else float(text)


def matrix_file(text: str) -> Path | None:
    """The file that a relatedness names; None where it is given in numbers."""
    return Path(text) if os.path.splitext(text)[1].lower() in _ENDINGS else None


def _numbers(text: str) -> list[float] | None:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return None


def _from_file(path: Path) -> Any:
    kind = kind_of(path)
    if kind != "file":
        received = f"no file {path}" if kind is None else f"a {kind}, {path}"
        raise invalid("--relatedness names a file with a matrix", received=received, hint="Check the name.")
    if path.stat().st_size > _MOST_BYTES:
        hint = "Its matrix has a row and a column for each component of a teacher."
        raise invalid(f"a file with a matrix has at most {_MOST_BYTES:,} bytes", received=str(path), hint=hint)
    try:
        text = read_regular(path).decode("utf-8-sig")
        if path.suffix.lower() == ".json":
            return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f" ({type(error).__name__})") from error
    rows = [_numbers(line) for line in text.splitlines() if line.strip()]
    if not rows or None in rows:
        raise _unreadable(path, "")
    return rows


def _unreadable(path: Path, why: str) -> InputError:
    hint = "A .csv file has the rows of the matrix, a .json file a list of them, without a header."
    return invalid("a file with a matrix has numbers only", received=f"{path}{why}", hint=hint)
