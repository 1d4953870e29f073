"""How far the mean of a few random matrices lies from what is expected of it, in every direction at once."""

from typing import NamedTuple

import numpy as np
from scipy import special


class Deviation(NamedTuple):
    """‖mean_N W_N − W‖ / ‖W‖ with its standard error, and how many standard errors chance reaches once in 100 and in 10⁴."""

    size: float
    standard_error: float
    often: float
    rarely: float


def mean_deviation(trained: np.ndarray, expected: np.ndarray) -> Deviation:
    """Of composite weights (sample, class, feature) from those expected (class, feature), in every direction.

    If they agree the size is that of a mean of n random matrices. Its square over that of its standard error is about
    F-distributed with ν and ν(n − 1) degrees of freedom, ν = (tr S)²/tr S² the number of directions with variance S.
    """
    n, scale = len(trained), np.linalg.norm(expected)
    mean = trained.mean(axis=0)
    S = np.cov(trained.reshape(n, -1).T)
    directions = np.trace(S) ** 2 / np.sum(S**2)
    often, rarely = (np.sqrt(special.fdtri(directions, directions * (n - 1), p)) for p in (0.99, 0.9999))
    error = np.sqrt(np.trace(S) / n)
    return Deviation(*(float(x) for x in (np.linalg.norm(mean - expected) / scale, error / scale, often, rarely)))
