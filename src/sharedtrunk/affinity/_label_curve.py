"""How the benefit changes with the number of main labels: measured with fewer, extended to more.

Shares of the main labels, nested, are trained with on the same splits; the auxiliary labels stay. Through the
differences δ_ji(n) of split j and test row i goes a line in log₂ n; at twice the labels it says

    δ_ji(2n) = Σ_k w_k δ_ji(n_k),

which is again one number per split and row, with the same interval. Hypothesis: the benefit goes on along ln n; over one
doubling only, because benefits end at zero.
"""

from collections.abc import Mapping

import numpy as np

from sharedtrunk.affinity._intervals import clustered
from sharedtrunk.affinity._records import CurvePoint
from sharedtrunk.affinity._trials import Outcome

SHARES = (0.25, 0.5, 1.0)
"""Of the user's main labels."""

LEAST = 25
"""Main labels; smaller shares are left out."""

AHEAD = 2.0


def shares_for(labels: int) -> list[float]:
    """The shares that leave at least `LEAST` labels."""
    return [share for share in SHARES if share * labels >= LEAST or share == 1]


def benefit_curve(measured: Mapping[float, tuple[Outcome, Outcome]], labels: int) -> tuple[CurvePoint, ...]:
    """Points of the curve for the (joint, single) outcomes by share of the user's `labels`."""
    shares = sorted(measured)
    differences = np.stack([measured[share][1].loss - measured[share][0].loss for share in shares])
    points = [
        CurvePoint(round(share * labels), clustered(part), measured=True)
        for share, part in zip(shares, differences, strict=True)
    ]
    if len(shares) > 1:
        ahead = np.tensordot(_line_weights(np.log2(shares), np.log2(AHEAD)), differences, axes=1)
        points.append(CurvePoint(round(AHEAD * labels), clustered(ahead), measured=False))
    return tuple(points)


def _line_weights(places: np.ndarray, at: float) -> np.ndarray:
    """Weights w with Σ_k w_k y_k the value at `at` of the least-squares line through (places_k, y_k)."""
    centred = places - places.mean()
    return 1 / places.size + (at - places.mean()) * centred / (centred @ centred)
