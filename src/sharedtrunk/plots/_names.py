"""Names that a user's file gave: shown as they are, in lines of a given length, whatever they contain."""

import re

from sharedtrunk import errors as _errors

_BREAKS = re.compile(r"(?<=\s)|(?<=[_\-./+])(?=[^\W\d_])")  # never within a number
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """`text` without line breaks and control characters: a name cannot move a cursor or break a line."""
    return _errors.printable(" ".join(text.split()), _REPLACED)


def name_lines(name: str, characters: int, *, most: int | None = None) -> list[str]:
    """The lines of a name, broken after spaces and joining signs, within a word only where it is longer than a line.

    With more than `most` lines the rest is left out behind an ellipsis.
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
