"""The figures by name."""

import difflib

from sharedtrunk._errors import invalid
from sharedtrunk.figures import _fig2_left, _fig2_right
from sharedtrunk.figures._figure import Figure

FIGURES: dict[str, Figure] = {figure.name: figure for figure in (_fig2_left.FIGURE, _fig2_right.FIGURE)}


def get(name: str) -> Figure:
    """The figure of that name. Raises `InputError` for an unknown one, naming the closest."""
    if not isinstance(name, str) or name not in FIGURES:
        lower = str(name).lower()
        close = [lower] if lower in FIGURES else difflib.get_close_matches(lower, FIGURES, n=3, cutoff=0.4)
        raise invalid(
            f"a figure is one of {', '.join(FIGURES)}",
            received=repr(name),
            way_out=f"Did you mean {' or '.join(close)}?" if close else "See sharedtrunk list.",
        )
    return FIGURES[name]
