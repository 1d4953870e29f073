"""Names from a user's file, broken into lines of a given length, whatever characters they contain."""

import re

from sharedtrunk import errors as _errors

_BREAKS = re.compile(r"(?<=\s)|(?<=[_\-./+])(?=[^\W\d_])")  # after spaces and joining signs, never within a number
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """Return a text on one line without control characters, which could move a terminal's cursor.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        One line.
    """
    return _errors.printable(" ".join(text.split()), _REPLACED)


def name_lines(name: str, characters: int, *, most: int | None = None) -> list[str]:
    """Break a name into lines after spaces and joining signs, and within a word that is longer than a line.

    Parameters
    ----------
    name
        The name, as the user's file gives it.
    characters
        The length of a line.
    most
        The largest number of lines to return. An ellipsis stands for what does not fit.
    """
    lines = [""]
    for piece in _BREAKS.split(printable(name)):
        if len(lines[-1]) + len(piece.rstrip()) > characters:
            lines.append("")
        while len(piece) > characters:
            lines[-1], piece = piece[:characters], piece[characters:]
            lines.append("")
        lines[-1] += piece
    lines = [line.strip() for line in lines if line.strip()] or ["(no name)"]
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: characters - 1]}…"]
    return lines
