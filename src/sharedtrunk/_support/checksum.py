"""A checksum inside the file that it protects: the sha256 of all bytes, with its own digits counted as zeros.

A writer puts `BLANK` into the file's own format (an attribute, an entry of an object) and passes the bytes to `sealed`. A
reader calls `complaint` before it uses the content, which detects a change of any byte.
"""

import hashlib
import re

from sharedtrunk.errors import invalid

_MARK = b"sharedtrunk-sha256:"
_ZEROS = b"0" * 64
_CHECKSUM = re.compile(_MARK + rb"([0-9a-f]{64})")

BLANK = (_MARK + _ZEROS).decode()
"""The text that marks the place of the checksum until the file is sealed."""


def sealed(content: bytes) -> bytes:
    """Replace `BLANK` by the checksum of the bytes.

    Raises
    ------
    InputError
        Where the mark of the checksum is not in the content exactly once.
    """
    if len(_CHECKSUM.findall(content)) != 1:
        raise invalid(
            "the mark of the checksum must be in a file exactly once",
            received=f"{_MARK.decode()!r} in the file's own text",
            hint="Remove it from names and attributes.",
        )
    return _CHECKSUM.sub(_MARK + _digest(content), content)


def complaint(content: bytes) -> str | None:
    """What is wrong with the checksum in these bytes, in a few words; None where it is right."""
    found = _CHECKSUM.findall(content)
    if not found:
        return "it has no checksum of sharedtrunk"
    if len(found) != 1 or found[0] != _digest(_CHECKSUM.sub(_MARK + _ZEROS, content)):
        return "its checksum does not match"
    return None


def _digest(blank: bytes) -> bytes:
    return hashlib.sha256(blank).hexdigest().encode()
