"""The times at which a training is seen, in legs: after each leg one looks whether the minimum is bracketed.

Below t = 20 the times are 0.25 apart; above they grow by about 4 %, close enough for stops between them, which are read off
polynomials (`benefit._between`). Stops of a descent with large steps fall on its steps, so late it is seen twice as often.
Legs of either kind have as many times, so that one compiled program serves them all; each begins where the one before ended.
"""

import itertools

import numpy as np

LEG_TIMES = 41
LATE_LEG_TIMES = 11
SPACING = 0.25
EVEN_UNTIL = 20.0
LEG_ENDS = (10.0, 20.0, 30.0, 45.0, 67.0, 100.0, 150.0, 225.0, 340.0)

SHORT_LEG_TIMES = 21
SHORT_LEG_ENDS = (5.0, 10.0, 15.0, *(20.0 * 1.25 ** np.arange(15)).tolist())
"""Where training costs more than looking whether to go on: for ReLU students, whose late flow is the stiffest."""


def flow_legs(time_limit: float, *, short: bool = False) -> list[np.ndarray]:
    """Legs up to `time_limit` for a flow, which can be seen at any time."""
    leg_ends, early, late = (
        (SHORT_LEG_ENDS, SHORT_LEG_TIMES, SHORT_LEG_TIMES) if short else (LEG_ENDS, LEG_TIMES, LATE_LEG_TIMES)
    )
    ends = [0.0, *(end for end in leg_ends if end < time_limit), float(time_limit)]
    return [
        np.geomspace(a, b, late) if a >= EVEN_UNTIL else np.linspace(a, b, early) for a, b in itertools.pairwise(ends)
    ]


def descent_legs(time_limit: float, step: float, *, short: bool = False) -> list[np.ndarray]:
    """The same legs at multiples of the step, below t = 20 no farther apart than the flow's where the step allows."""
    legs = []
    for leg in flow_legs(time_limit, short=short):
        if leg[0] < EVEN_UNTIL:
            counts = _no_farther(leg, step)
        else:
            times = leg if short else np.geomspace(leg[0], leg[-1], 2 * len(leg) - 1)
            counts = np.unique(np.rint(times / step))
        legs.append(counts * step)
    return legs


def _no_farther(leg: np.ndarray, step: float) -> np.ndarray:
    """Counts of steps at times as even as an even leg's."""
    gap = max(int((leg[1] - leg[0]) / step * (1 + 1e-9)), 1)
    first, last = (int(np.rint(end / step)) for end in (leg[0], leg[-1]))
    return np.append(np.arange(first, last, gap), last)
