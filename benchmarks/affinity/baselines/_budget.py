"""How often a method repeats itself within its time, which is counted in core seconds of this process.

Methods that train the same network share it: it is trained once and its seconds are charged to each of them, as if each had
trained it.
"""

import itertools
import time
from collections.abc import Callable, Iterator

import numpy as np

STARTS = 10
"""The largest number of starts that a score averages over; more starts would gain little."""


_charged = 0.0


def core_seconds() -> float:
    """Core seconds of this process, plus those charged for work that another method did first."""
    return time.process_time() + _charged


def charge(seconds: float) -> None:
    """Advance `core_seconds` as if the work were done again."""
    global _charged
    _charged += seconds


def rounds(seconds: float | None, least: int) -> Iterator[int]:
    """Count 0, 1, 2, … : exactly `least` rounds without a budget, else at least that many, until `seconds` are spent."""
    start = core_seconds()
    done = 0
    while done < least or (seconds is not None and core_seconds() - start < seconds):
        yield done
        done += 1


def average_over_starts(once: Callable[[int], float], seed: int, seconds: float | None) -> float:
    """Mean of once(start) over starts made of the seed: one without a budget, else those that fit into it, at most `STARTS`.

    A start with no answer (NaN) does not count.
    """
    starts = itertools.islice(rounds(seconds, 1), STARTS)
    values = np.array([once(stream(seed, index)) for index in starts])
    answered = values[~np.isnan(values)]
    return float(answered.mean()) if answered.size else float("nan")


def stream(seed: int, index: int) -> int:
    """A whole number for the index-th repetition: different seeds and indices give unrelated random streams."""
    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
