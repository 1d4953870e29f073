"""A mean of paired differences with the interval that people put on it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Comparison:
    """Mean gain in nats, its naive 95% interval, and the number of folds that it rests on."""

    score: float
    low: float
    high: float
    folds: int


def naive_interval(gains: np.ndarray) -> Comparison:
    """mean ± t₀.₉₇₅(n − 1) · s/√n over n folds, as if folds were independent.

    They are not (they share training points), so the interval is too short; that is what the plain method does. With
    fewer than two folds both ends are NaN. A NaN among the gains makes the mean and both ends NaN.
    """
    count = len(gains)
    mean = float(np.mean(gains)) if count else float("nan")
    if count < 2:
        return Comparison(mean, float("nan"), float("nan"), count)
    half = float(stats.t.ppf(0.975, count - 1) * np.std(gains, ddof=1) / np.sqrt(count))
    return Comparison(mean, mean - half, mean + half, count)
