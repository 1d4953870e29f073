"""How long a measurement may take: a budget of minutes, a wish to stop, and what the time left affords.

With a budget that does not suffice for everything, every auxiliary task is first trained on few splits. Then, round by round,
the tasks whose intervals end lowest are *screened out* (successive halving, Jamieson and Talwalkar 2016): what stays is high
or not yet known well. A task that survives owes this partly to luck on the splits that decided, so its effect is estimated
on later splits alone. Splits of different repeats test the same rows, so luck in the draw of the rows remains.
"""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from sharedtrunk.affinity._records import Effect

ENOUGH = 5
"""The smallest number of splits from which an effect is told: with fewer, t-intervals are several times wider."""


class Patience:
    """The time that a measurement has, and its pace.

    Parameters
    ----------
    budget
        Minutes, from now; None: no limit.
    stop
        Whether somebody wants the measurement to end.
    """

    def __init__(self, budget: float | int | None = None, stop: Callable[[], bool] | None = None) -> None:
        self.limited = budget is not None
        self._end = math.inf if budget is None else time.perf_counter() + 60 * budget
        self._stop = stop
        self._first, self._last, self._count = math.nan, math.nan, 0

    def over(self) -> bool:
        """Whether the time is over, or somebody wants to stop."""
        return time.perf_counter() > self._end or (self._stop is not None and self._stop())

    def count(self, trained: int) -> None:
        """Note that so many more trainings are done. The first ones are not timed: programs are compiled meanwhile."""
        self._last = time.perf_counter()
        if math.isnan(self._first):
            self._first = self._last
        else:
            self._count += trained

    def affordable(self) -> float:
        """How many trainings fit into the time left, at the pace so far."""
        if self.over():
            return 0.0
        seconds = self._last - self._first
        return math.inf if not self._count or not seconds else (self._end - time.perf_counter()) * self._count / seconds


def rounds(splits: int, folds: int, limited: bool) -> list[range]:
    """Successive ranges of splits: all at once without a limit, else half a repeat, its other half, and repeats."""
    if not limited or splits < 2 * ENOUGH:
        return [range(splits)]
    ends = [max(ENOUGH, folds // 2), *range(folds, splits, folds), splits]
    ends = sorted({end for end in ends if end <= splits})
    return [range(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def survivors(found: Sequence[Effect], affordable: float) -> list[tuple[str, ...]]:
    """The auxiliaries to go on with: the better half by the upper ends of their intervals, or more if they are affordable."""
    most = len(found) - 1 if math.isinf(affordable) else int(affordable)
    keep = max(1, -(-len(found) // 2), min(most, len(found) - 1))
    ends = [np.inf if np.isnan(effect.benefit.high) else effect.benefit.high for effect in found]
    order = np.argsort(-np.array(ends), kind="stable")[:keep]
    return [found[place].auxiliaries for place in sorted(order)]
