"""One colour and one marker for each relatedness, the same in every figure.

The colours run along plasma, which is perceptually uniform and safe for colour-blind readers, from dark for unrelated
to bright for fully related tasks.
"""

from collections.abc import Iterable

import matplotlib
from matplotlib.lines import Line2D

from sharedtrunk.errors import invalid

_BRIGHTEST = 0.83  # position of r = 1 on plasma: the paler colours beyond it are invisible on white
_MARKERS = ("o", "s", "^", "D", "v")


def relatedness_colour(relatedness: float) -> tuple[float, float, float]:
    """Return the RGB colour of a relatedness in [0, 1]. Raises `InputError` for a number outside.

    Parameters
    ----------
    relatedness
        r from 0 to 1.

    Returns
    -------
    tuple of float
        Red, green and blue, each from 0 to 1.
    """
    return matplotlib.colormaps["plasma"](_BRIGHTEST * _checked(relatedness))[:3]


def relatedness_marker(relatedness: float) -> str:
    """Return the marker of the nearest of r = 0, ¼, ½, ¾ and 1, so that curves can be told apart without colour.

    Parameters
    ----------
    relatedness
        r from 0 to 1.

    Returns
    -------
    str
        A marker of matplotlib.
    """
    return _MARKERS[round(4 * _checked(relatedness))]


def relatedness_legend(levels: Iterable[float]) -> list[Line2D]:
    """Return a legend entry for each relatedness, the highest first, in the order of the curves in a picture.

    Parameters
    ----------
    levels
        The values of r that a picture shows.

    Returns
    -------
    list of Line2D
        The entries.
    """
    return [
        Line2D([], [], color=relatedness_colour(r), marker=relatedness_marker(r), markersize=4, label=f"{r:g}")
        for r in sorted(levels, reverse=True)
    ]


def _checked(relatedness: float) -> float:
    value = float(relatedness)
    if not 0 <= value <= 1:
        raise invalid("relatedness lies between 0 and 1", received=value, hint="Correct the dataset's coordinate.")
    return value
