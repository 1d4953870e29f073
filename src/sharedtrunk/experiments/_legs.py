"""The saved times of a training, in legs: after each leg the training checks whether the loss curves' minima are bracketed.

Saved times are 0.25 apart up to t = 20; after that, each is about 4 % later than the one before (1 % for ReLU students). That
is close enough to find stops between them by polynomial interpolation (`flows.minimum`). A descent with large steps can stop
only at a step, so its late times are twice as close, except for ReLU students. All early legs have the same number of times,
and so do all late ones, so that two compiled programs serve them. A leg begins at the time at which the one before ended.
"""

import itertools

import numpy as np

LEG_TIMES, LATE_LEG_TIMES = 41, 11
"""Saved times of a leg before and after `EVEN_UNTIL`, both ends included."""

SPACING, EVEN_UNTIL = 0.25, 20.0
"""Saved times are `SPACING` apart until `EVEN_UNTIL`."""

LEG_ENDS = (10.0, 20.0, 30.0, 45.0, 67.0, 100.0, 150.0, 225.0, 340.0)

SHORT_LEG_TIMES = 21
SHORT_LEG_ENDS = (5.0, 10.0, 15.0, *(20.0 * 1.25 ** np.arange(15)).tolist())
"""Shorter legs for ReLU students: their late flow is stiff, so that training beyond the bracketed minimum is expensive."""


def flow_legs(time_limit: float, *, short: bool = False) -> list[np.ndarray]:
    """Legs up to `time_limit` for a flow, which can be saved at any time; `short` ones for ReLU students."""
    leg_ends, early, late = (
        (SHORT_LEG_ENDS, SHORT_LEG_TIMES, SHORT_LEG_TIMES) if short else (LEG_ENDS, LEG_TIMES, LATE_LEG_TIMES)
    )
    ends = [0.0, *(end for end in leg_ends if end < time_limit), float(time_limit)]
    return [
        np.geomspace(a, b, late) if a >= EVEN_UNTIL else np.linspace(a, b, early) for a, b in itertools.pairwise(ends)
    ]


def descent_legs(time_limit: float, step: float, *, short: bool = False) -> list[np.ndarray]:
    """The same legs at multiples of the step. Up to t = 20, they are no farther apart than a flow's, if the step allows."""
    legs = []
    for leg in flow_legs(time_limit, short=short):
        if leg[0] < EVEN_UNTIL:
            counts = _even_counts(leg, step)
        else:
            times = leg if short else np.geomspace(leg[0], leg[-1], 2 * len(leg) - 1)
            counts = np.unique(np.rint(times / step))
        legs.append(counts * step)
    return legs


def _even_counts(leg: np.ndarray, step: float) -> np.ndarray:
    """Evenly spaced counts of steps over an evenly spaced leg, no farther apart than its times."""
    gap = max(int((leg[1] - leg[0]) / step * (1 + 1e-9)), 1)
    first, last = (int(np.rint(end / step)) for end in (leg[0], leg[-1]))
    return np.append(np.arange(first, last, gap), last)
