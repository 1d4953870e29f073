"""One colour and one marker per relatedness, the same in every figure.

The colours run along plasma (perceptually uniform, safe for colour-blind readers) from dark for unrelated to bright
for fully related tasks; its palest end is left out, for it vanishes on white.
"""

import matplotlib

from sharedtrunk.errors import invalid

_BRIGHTEST = 0.83
_MARKERS = ("o", "s", "^", "D", "v")


def relatedness_colour(relatedness: float) -> tuple[float, float, float]:
    """RGB colour of one relatedness in [0, 1]."""
    return matplotlib.colormaps["plasma"](_BRIGHTEST * _checked(relatedness))[:3]


def relatedness_marker(relatedness: float) -> str:
    """Marker of one relatedness: a second sign beside the colour, one for each quarter of [0, 1]."""
    return _MARKERS[round(4 * _checked(relatedness))]


def _checked(relatedness: float) -> float:
    value = float(relatedness)
    if not 0 <= value <= 1:
        raise invalid("relatedness lies between 0 and 1", received=value, hint="Correct the dataset's coordinate.")
    return value
