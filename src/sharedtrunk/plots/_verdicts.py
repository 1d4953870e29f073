"""One sign, one ink and one pale ground per verdict, the same in every picture that shows verdicts: of claims, of effects.

The sign says it without colour; the inks stay apart for colour-blind readers too.
"""

from typing import NamedTuple

from sharedtrunk.errors import invalid


class VerdictSign(NamedTuple):
    """`mark`, a sign beside the word; `ink`, for the word; `ground`, pale, for what is written on."""

    mark: str
    ink: str
    ground: str


_SIGNS = {
    "holds": VerdictSign("✓", "#17694b", "#cfe8dd"),
    "fails": VerdictSign("✗", "#a8321f", "#f5d0c6"),
    "undecided": VerdictSign("?", "#7a5600", "#f6e7b8"),
    "not measured": VerdictSign("–", "#5a5a5a", "#ebebeb"),
}

_EFFECTS = {
    "helps": VerdictSign("▲", "#17694b", "#cfe8dd"),
    "no difference": VerdictSign("=", "#5a5a5a", "#ebebeb"),
    "cannot tell yet": VerdictSign("?", "#7a5600", "#f6e7b8"),
    "hurts": VerdictSign("▼", "#a8321f", "#f5d0c6"),
}


def verdict_sign(verdict: str) -> VerdictSign:
    """How a verdict is shown. Raises `InputError` for a word that is none."""
    if verdict not in _SIGNS:
        raise invalid(f"a verdict is one of {', '.join(_SIGNS)}", received=repr(verdict), hint="Use one of these.")
    return _SIGNS[verdict]


def effect_sign(verdict: str) -> VerdictSign:
    """How the verdict on an effect is shown. Raises `InputError` for a word that is none."""
    if verdict not in _EFFECTS:
        rule = f"the verdict on an effect is one of {', '.join(_EFFECTS)}"
        raise invalid(rule, received=repr(verdict), hint="Use one of these.")
    return _EFFECTS[verdict]
