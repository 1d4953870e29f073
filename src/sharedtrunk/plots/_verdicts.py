"""One sign, text colour and background for each verdict, the same in every picture: verdicts on claims and on effects.

The sign can be read without its colour, and colour-blind readers can tell the text colours apart.
"""

from typing import NamedTuple

from sharedtrunk.errors import invalid


class VerdictSign(NamedTuple):
    """How a verdict is shown: its `mark`, the text colour (`ink`), and the pale background of its cell (`ground`).

    Parameters
    ----------
    mark
        A sign, such as ✓.
    ink, ground
        Colours of the text and of its background.
    """

    mark: str
    ink: str
    ground: str


_GOOD, _BAD = ("#17694b", "#cfe8dd"), ("#a8321f", "#f5d0c6")
_OPEN, _NEUTRAL = ("#7a5600", "#f6e7b8"), ("#5a5a5a", "#ebebeb")

_CLAIMS = {
    "holds": VerdictSign("✓", *_GOOD),
    "fails": VerdictSign("✗", *_BAD),
    "undecided": VerdictSign("?", *_OPEN),
    "not measured": VerdictSign("–", *_NEUTRAL),
}
_EFFECTS = {
    "helps": VerdictSign("▲", *_GOOD),
    "no difference": VerdictSign("=", *_NEUTRAL),
    "cannot tell yet": VerdictSign("?", *_OPEN),
    "hurts": VerdictSign("▼", *_BAD),
}


def verdict_sign(verdict: str) -> VerdictSign:
    """Return the sign of a verdict on a claim. Raises `InputError` for another word.

    Parameters
    ----------
    verdict
        One of the verdicts of `sharedtrunk.paper.claims`.

    Returns
    -------
    VerdictSign
        How it is shown.
    """
    return _sign(_CLAIMS, verdict, "a verdict")


def effect_sign(verdict: str) -> VerdictSign:
    """Return the sign of a verdict on an effect. Raises `InputError` for another word.

    Parameters
    ----------
    verdict
        One of the verdicts of an advice.

    Returns
    -------
    VerdictSign
        How it is shown.
    """
    return _sign(_EFFECTS, verdict, "the verdict on an effect")


def _sign(signs: dict[str, VerdictSign], verdict: str, name: str) -> VerdictSign:
    if verdict not in signs:
        raise invalid(f"{name} is one of {', '.join(signs)}", received=repr(verdict), hint="Use one of these.")
    return signs[verdict]
