"""How the benefit changes with the number of main labels: measured with fewer labels, extrapolated to twice as many.

The students are trained again on the same splits, with all auxiliary labels and nested shares of the main labels. A line in
log₂ n is fitted to the differences δ_ji(n) of split j and test row i; at twice the labels it gives

    δ_ji(2n) = Σ_k w_k δ_ji(n_k),

which is again one number for each split and row (for each split, with a metric of whole splits), with the same kind of
interval. Hypothesis: the benefit continues linearly in ln n. The extrapolation covers one doubling only, because benefits
level off at zero.
"""

from collections.abc import Mapping

import numpy as np

from sharedtrunk.affinity._metrics import IN_NATS, Scoring
from sharedtrunk.affinity._records import CurvePoint
from sharedtrunk.affinity._trials import Outcome

SHARES = (0.25, 0.5, 1.0)
"""Shares of the user's main labels with which students are trained."""

LEAST = 25
"""The smallest number of main labels in a share. Smaller shares are not trained, except the whole."""

AHEAD = 2.0
"""The share to which the curve is extrapolated."""


def shares_for(labels: int) -> list[float]:
    """The shares with at least `LEAST` labels, and always the whole."""
    return [share for share in SHARES if share * labels >= LEAST or share == 1]


def benefit_curve(
    measured: Mapping[float, tuple[Outcome, Outcome]],
    labels: int,
    scoring: Scoring = IN_NATS,
) -> tuple[CurvePoint, ...]:
    """Points of the curve, from the (joint, single) outcomes at each share of the user's `labels` main labels."""
    shares = sorted(measured)
    differences = np.stack([scoring.gains(*measured[share]) for share in shares])
    points = [
        CurvePoint(round(share * labels), scoring.estimate(part), measured=True)
        for share, part in zip(shares, differences, strict=True)
    ]
    if len(shares) > 1:
        ahead = np.tensordot(_line_weights(np.log2(shares), np.log2(AHEAD)), differences, axes=1)
        points.append(CurvePoint(round(AHEAD * labels), scoring.estimate(ahead), measured=False))
    return tuple(points)


def _line_weights(positions: np.ndarray, at: float) -> np.ndarray:
    """Weights w such that the least-squares line through (positions_k, y_k) has the value Σ_k w_k y_k at `at`."""
    centred = positions - positions.mean()
    return 1 / positions.size + (at - positions.mean()) * centred / (centred @ centred)
