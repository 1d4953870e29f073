"""JSON files that commands write. Files that other commands read carry a checksum: they are not to be edited by hand."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sharedtrunk._support import checksum as _checksum
from sharedtrunk._support.files import read_regular, storage_errors, write_atomically
from sharedtrunk.errors import invalid

_ENTRY = "checksum"


def without_nan(value: Any) -> Any:
    """Return JSON data with null in place of NaN and infinity, which JSON does not have.

    Parameters
    ----------
    value
        Numbers and texts, in any nesting of mappings, lists and tuples.

    Returns
    -------
    Any
        The same data, with None for NaN and infinity, and lists for tuples.
    """
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(path: Path, record: Mapping[str, Any], *, checksum: bool = False) -> None:
    """Write a record as a JSON file, whole or not at all.

    Parameters
    ----------
    path
        The file.
    record
        JSON data without NaN and infinity. See `without_nan`.
    checksum
        Whether the file gets a checksum, which `read_json` needs.

    Raises
    ------
    InputError
        Where the file cannot be written.
    """
    marked = {_ENTRY: _checksum.BLANK, **record} if checksum else record
    # A character that UTF-8 cannot encode, perhaps from a file name in another encoding, becomes a JSON escape.
    content = json.dumps(marked, indent=1, ensure_ascii=False, allow_nan=False).encode(errors="backslashreplace")
    content += b"\n"
    write_atomically(path, _checksum.sealed(content) if checksum else content)


def read_json(path: Path, *, rule: str, again: str) -> dict[str, Any]:
    """Read a record that `write_json` wrote with a checksum.

    Parameters
    ----------
    path
        The file, which must exist.
    rule
        The rule that a damaged file breaks, for the message.
    again
        The command that makes the file again, for the message.

    Returns
    -------
    dict
        The record, without the checksum.

    Raises
    ------
    InputError
        Where the file cannot be read, and where any of its bytes was changed.
    """
    with storage_errors(path):
        content = read_regular(path)
    wrong = _checksum.complaint(content)
    if wrong is None:
        try:
            record = json.loads(content)
            del record[_ENTRY]
            return record
        # Another program's file may contain our mark.
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            wrong = type(error).__name__
    raise invalid(rule, received=f"{path} ({wrong})", hint=f"Make it again: {again}.")
