"""Users' names and values in a message of one line, whatever they contain."""

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Any

_LONGEST = 40
"""The largest number of characters of a value in a message."""

_MOST_LISTED = 6
"""The largest number of names that a message lists; the message counts the others."""


def shown(value: object, longest: int = _LONGEST) -> str:
    """`repr(value)` on one line of at most `longest` characters. Control characters of a text are escaped."""
    try:
        text = " ".join(repr(value).split()) if not isinstance(value, str) else repr(value)
    except ValueError:  # Python refuses to write integers of more than 4,300 digits
        text = "a number of thousands of digits"
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def listed(names: Iterable[object]) -> str:
    """`'a', 'b' and 3 more`."""
    whole = list(names)
    head = ", ".join(shown(name) for name in whole[:_MOST_LISTED])
    rest = len(whole) - _MOST_LISTED
    return f"{head} and {rest} more" if rest > 0 else head


def closest(name: str, names: Sequence[str]) -> str:
    """The hint for an unknown name: the most similar names, or else the first ones."""
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if not near:
        lowered = {other.lower(): other for other in names}
        near = [lowered[other] for other in difflib.get_close_matches(name.lower(), list(lowered), n=3, cutoff=0.6)]
    return f"Did you mean {' or '.join(shown(other) for other in near)}?" if near else f"There are {listed(names)}."


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


NOTHING = "–"
"""What stands for a number that is not there."""


def number(value: Any, form: str) -> str:
    """The number in that form; – for NaN and infinity."""
    return format(float(value), form) if math.isfinite(value) else NOTHING
