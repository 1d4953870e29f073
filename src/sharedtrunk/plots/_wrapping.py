"""Text in lines of a given length, in which "s_aux = 10" stays in one piece, and numbers with a proper minus sign."""

import re
from textwrap import wrap

_SIGNS = re.compile(r" ([=≤≥<>≪±→]) ")


def wrapped(text: str, characters: int) -> list[str]:
    """The lines of `text`, none broken at the sign of a relation; lines that it has stay apart."""
    whole = _SIGNS.sub("\u00a0\\1\u00a0", text)  # textwrap breaks no line at a no-break space
    return [line for part in whole.splitlines() for line in wrap(part, characters, break_long_words=False)]


def signed(number: float, digits: int) -> str:
    """`number` with its sign, and `digits` after the point."""
    return f"{number:+.{digits}f}".replace("-", "−")
