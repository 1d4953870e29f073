"""Statistics over seeds: a mean, its standard error, and a Student t-interval.

All settings share the draws of a seed (common random numbers), so benefits and contrasts of benefits are *paired*: form the
contrast seed by seed, then call `estimate` on these numbers, one per seed. A seed whose number is NaN (a lane that diverged)
is left out and counted, never replaced. With fewer than two seeds the standard error is NaN.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95
"""Level of the intervals of statistics over seeds."""

NUMERICAL_CONFIDENCE = 0.99
"""Level of the intervals of numerical errors over scrambles. The spread of eight scrambles is itself uncertain and skewed; at
99 % at least 95 of 100 intervals cover the true value."""


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` seeds, its standard error, its interval `low … high`, and the number of seeds left out as NaN."""

    mean: float
    standard_error: float
    low: float
    high: float
    n: int
    left_out: int


def estimate(values: ArrayLike, *, confidence: float = CONFIDENCE) -> Estimate:
    """The mean x̄ of one number per seed, with the two-sided t-interval x̄ ± t_{n−1} s/√n.

    Parameters
    ----------
    values
        One number per seed. NaN is left out and counted.
    confidence
        Share of intervals that cover the true mean.

    Returns
    -------
    Estimate
        With one seed the standard error and the interval are NaN; with none the mean is NaN too.
    """
    values = np.asarray(values, dtype=np.float64)
    mean, error, n = mean_and_error(values, axis=0)
    half = float(t_factor(int(n), confidence) * error)
    return Estimate(
        mean=float(mean),
        standard_error=float(error),
        low=float(mean) - half,
        high=float(mean) + half,
        n=int(n),
        left_out=values.shape[0] - int(n),
    )


def paired(treated: ArrayLike, control: ArrayLike, *, confidence: float = CONFIDENCE) -> Estimate:
    """`estimate` of the difference treated − control, seed by seed; a seed with NaN in either is left out."""
    return estimate(
        np.asarray(treated, dtype=np.float64) - np.asarray(control, dtype=np.float64), confidence=confidence
    )


def mean_and_error(values: ArrayLike, *, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, standard error s/√n (s² with n − 1) and count n along `axis`, of the numbers that are not NaN."""
    values = np.asarray(values, dtype=np.float64)
    present = ~np.isnan(values)
    n = present.sum(axis=axis)
    # 0/0 gives NaN, as it should: without seeds there is no mean, and with one seed no standard error.
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(present, values, 0.0).sum(axis=axis) / n
        deviation = np.where(present, values - np.expand_dims(mean, axis), 0.0)
        error = np.sqrt((deviation**2).sum(axis=axis) / (n - 1) / n)
    return np.asarray(mean), np.asarray(error), np.asarray(n)


def half_width(scrambles: Any, *, axis: int = -1) -> Any:
    """Half-width t_{n−1} s/√n of the 99 % interval of a mean over n independent scrambles (`NUMERICAL_CONFIDENCE`).

    Parameters
    ----------
    scrambles
        NumPy or JAX array with one value per scramble along `axis`.
    axis
        The axis of the scrambles.

    Returns
    -------
    array
        The half-width, in the unit of the value and without that axis; NaN for one scramble.
    """
    count = scrambles.shape[axis]
    if count < 2:
        return scrambles.mean(axis=axis) * float("nan")
    return scramble_factor(count) * (scrambles.std(axis=axis, ddof=1) / count**0.5)


def scramble_factor(scrambles: int) -> float:
    """Number of standard errors in the half-width of a mean over this many scrambles (Student's t)."""
    return t_factor(scrambles, NUMERICAL_CONFIDENCE)


def t_factor(n: int, confidence: float = CONFIDENCE) -> float:
    """Quantile of Student's t with n − 1 degrees of freedom that leaves (1 − confidence)/2 above it; NaN for n < 2."""
    # Imported here: it takes a quarter of a second, and the command `list` does not need it.
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.5 + confidence / 2)) if n > 1 else float("nan")
