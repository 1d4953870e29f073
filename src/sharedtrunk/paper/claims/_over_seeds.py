"""Readings of contrasts over seeds: the mean, with the half-width of its t-interval as the error.

The number and its error are formed as those of the figures' checks. The verdicts may still differ: a check may ask for
another contrast or another limit, and one of several cases fails only at a confidence corrected for their number, where
each reading here is judged alone.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from sharedtrunk._support.statistics import estimate
from sharedtrunk.paper.contrasts import NEGLIGIBLE
from sharedtrunk.paper.ledger._claim import Reading, at_least, at_most

Side = Callable[..., Reading]


def above(case: str, per_seed: np.ndarray, limit: float = 0.0, unit: str = "nats") -> Reading:
    """A mean over seeds that must not be below `limit`."""
    return _reading(at_least, case, per_seed, limit, unit)


def below(case: str, per_seed: np.ndarray, limit: float = 0.0, unit: str = "nats") -> Reading:
    """A mean over seeds that must not be above `limit`."""
    return _reading(at_most, case, per_seed, limit, unit)


def none(case: str, per_seed: np.ndarray, limit: float = NEGLIGIBLE, unit: str = "nats") -> Reading:
    """A mean over seeds whose size must not be above `limit`."""
    reading = _reading(at_most, f"{case}, size", per_seed, limit, unit)
    return replace(reading, number=abs(reading.number))


def each(
    side: Side, case: str, by_name: Mapping[str, np.ndarray], limit: float = 0.0, unit: str = "nats"
) -> tuple[Reading, ...]:
    """One reading per entry of `by_name`, whose key says where it was taken."""
    return tuple(side(f"{case}, {name}", per_seed, limit, unit) for name, per_seed in by_name.items())


def _reading(side: Side, case: str, per_seed: np.ndarray, limit: float, unit: str) -> Reading:
    found = estimate(per_seed)
    if found.left_out:
        # A lane without a value leaves its seed out, as in the figures; whoever reads the number is told.
        case = f"{case} ({found.left_out} of {found.left_out + found.n} seeds lack the number)"
    error = found.high - found.mean
    if error == 0 and found.mean == limit:
        # All seeds lie on the limit, as where both students never left their start: on neither side, so nothing is decided.
        error = math.nan
    return side(case, found.mean, limit, error=error, unit=unit)
