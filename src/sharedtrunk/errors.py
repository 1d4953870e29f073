"""One sentence form for all errors: the rule, what was received, and a hint at what to do."""

import re

_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+\s*")


class InputError(ValueError):
    """Raised for input that breaks a stated rule.

    The text is one printable line. Messages quote files, paths and the messages of other libraries; whatever these contain,
    no control character reaches a terminal or a log.

    Parameters
    ----------
    text
        The message; line breaks become spaces, and other characters that are not printable become question marks.
    """

    def __init__(self, text: str) -> None:
        super().__init__(printable(_LINE_BREAKS.sub(" ", str(text))))


def invalid(rule: str, *, received: object, hint: str) -> InputError:
    """Make the error "rule; got received. hint" for the caller to raise.

    Parameters
    ----------
    rule
        The rule that the input must keep, such as "seeds must be at least 1".
    received
        What was given instead.
    hint
        What to do, as a sentence.

    Returns
    -------
    InputError
        The error, not raised, so that the caller's own line says `raise`.
    """
    return InputError(f"{rule}; got {received}. {hint}")


def printable(line: str, mark: str = "?") -> str:
    """Replace the characters of a line that are not printable, such as a terminal's control characters.

    Parameters
    ----------
    line
        Any text.
    mark
        The character to put in their place.

    Returns
    -------
    str
        The printable line.
    """
    return line if line.isprintable() else "".join(letter if letter.isprintable() else mark for letter in line)
