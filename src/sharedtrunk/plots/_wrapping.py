"""Break a text into lines of a given length."""

import re
from textwrap import wrap

_RELATIONS = re.compile(r" ([=≤≥<>≪±→]) ")


def wrapped(text: str, characters: int) -> list[str]:
    """Return the lines of a text. No line breaks beside a relation sign, such as the = in "s_aux = 10".

    Parameters
    ----------
    text
        The text.
    characters
        Most characters of a line.

    Returns
    -------
    list of str
        The lines.
    """
    whole = _RELATIONS.sub("\u00a0\\1\u00a0", text)  # textwrap does not break lines at no-break spaces
    return [line for part in whole.splitlines() for line in wrap(part, characters, break_long_words=False)]
