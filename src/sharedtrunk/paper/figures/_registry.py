"""The figures by name."""

import difflib

from sharedtrunk.errors import invalid
from sharedtrunk.paper.figures import (
    _a1,
    _a2,
    _a3,
    _a4,
    _fig1,
    _fig2_left,
    _fig2_right,
    _fig3_left,
    _fig3_right,
    _sensitivity,
    _table1,
    _weight_decay,
)
from sharedtrunk.paper.figures._figure import Figure

_PAPER = (_fig1, _fig2_left, _fig2_right, _fig3_left, _fig3_right, _a1, _a2, _a3, _a4, _table1)
_OURS = (_sensitivity, _weight_decay)

PAPER = tuple(module.FIGURE.name for module in _PAPER)
"""Names of the paper's figures and its table, in the paper's order. The word "all" stands for them."""

ALL = "all"

FIGURES: dict[str, Figure] = {module.FIGURE.name: module.FIGURE for module in (*_PAPER, *_OURS)}


def get(name: str) -> Figure:
    """Return the figure of a name. Raises `InputError` for an unknown name, and suggests the closest ones.

    Parameters
    ----------
    name
        Such as fig2-left.

    Returns
    -------
    Figure
        The figure.
    """
    if not isinstance(name, str) or name not in FIGURES:
        lower = str(name).lower()
        close = [lower] if lower in FIGURES else difflib.get_close_matches(lower, FIGURES, n=3, cutoff=0.4)
        raise invalid(
            f"a figure is one of {', '.join(FIGURES)}, or {ALL}",
            received=repr(name),
            hint=f"Did you mean {' or '.join(close)}?" if close else "See sharedtrunk list.",
        )
    return FIGURES[name]
