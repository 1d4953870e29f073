"""A checksum inside the file that it guards: the sha256 of all bytes, its own digits counted as zeros.

A writer puts `BLANK` into the file's own format (an attribute, an entry of an object) and passes the bytes to `sealed`. A
reader asks `complaint` before it uses anything in the file, so that one changed byte anywhere is noticed.
"""

import hashlib
import re

from sharedtrunk.errors import invalid

_MARK = b"sharedtrunk-sha256:"
_ZEROS = b"0" * 64
_CHECKSUM = re.compile(_MARK + rb"([0-9a-f]{64})")

BLANK = (_MARK + _ZEROS).decode()
"""The text that stands in a file until it is sealed."""


def sealed(content: bytes) -> bytes:
    """The same bytes with their checksum in the place of `BLANK`.

    Raises
    ------
    InputError
        Where the mark of the checksum does not stand in the content exactly once.
    """
    if len(_CHECKSUM.findall(content)) != 1:
        raise invalid(
            "the mark of the file's checksum must stand in it once",
            received=f"{_MARK.decode()!r} in the file's own text",
            hint="Leave it out of the names and attributes.",
        )
    return _CHECKSUM.sub(_MARK + _digest(content), content)


def complaint(content: bytes) -> str | None:
    """What is wrong with the checksum in these bytes, in a few words; None where it fits."""
    found = _CHECKSUM.findall(content)
    if not found:
        return "it bears no checksum of sharedtrunk's"
    if len(found) != 1 or found[0] != _digest(_CHECKSUM.sub(_MARK + _ZEROS, content)):
        return "its checksum does not fit"
    return None


def _digest(blank: bytes) -> bytes:
    return hashlib.sha256(blank).hexdigest().encode()
