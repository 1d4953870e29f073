"""How far the mean of a few random matrices lies from the expected matrix, in all directions at once."""

from typing import NamedTuple

import numpy as np
from scipy import special


class Deviation(NamedTuple):
    """‖mean_N W_N − W‖ / ‖W‖ and its standard error.

    By chance the size exceeds `often` standard errors in 1 % of cases, and `rarely` standard errors in 0.01 %.
    """

    size: float
    standard_error: float
    often: float
    rarely: float


def mean_deviation(trained: np.ndarray, expected: np.ndarray) -> Deviation:
    """The deviation of the mean of `trained` (sample, class, feature) from `expected` (class, feature).

    If the two agree, the size is that of a mean of n random matrices: its square over that of its standard error is about
    F-distributed with ν and ν(n − 1) degrees of freedom, where ν = (tr S)²/tr S² counts the directions of the covariance S.
    """
    n, scale = len(trained), np.linalg.norm(expected)
    mean = trained.mean(axis=0)
    S = np.cov(trained.reshape(n, -1).T)
    directions = np.trace(S) ** 2 / np.sum(S**2)
    often, rarely = (np.sqrt(special.fdtri(directions, directions * (n - 1), p)) for p in (0.99, 0.9999))
    error = np.sqrt(np.trace(S) / n)
    return Deviation(*(float(x) for x in (np.linalg.norm(mean - expected) / scale, error / scale, often, rarely)))
