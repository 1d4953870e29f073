"""The correlation of two benefits over settings, and the relatedness above which a benefit is positive, seed by seed.

Seeds of two datasets with the same draws are paired, by common random numbers. If the draws differ, a pair consists of
independent draws, and such pairs are just as good a sample.
"""

from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper.contrasts._picking import levels
from sharedtrunk.paper.contrasts._thresholds import NotMeasured

if TYPE_CHECKING:
    import xarray

_LEAST_SETTINGS = 3
"""Two settings always correlate perfectly, so a correlation needs three."""


def correlation(first: "xarray.DataArray", second: "xarray.DataArray") -> np.ndarray:
    """Pearson correlation ρ of two benefits' means over seeds, jackknifed.

    Parameters
    ----------
    first, second
        Benefits with the same axes, among them seed; the settings that both have are compared.

    Returns
    -------
    array (seed,)
        The jackknife's pseudo-values n ρ − (n − 1) ρ₍₋ᵢ₎, where ρ₍₋ᵢ₎ leaves seed i out. Noise over seeds biases ρ towards 0;
        the mean of the pseudo-values has little of that bias, and their spread gives its error. NaN for a seed that lacks a
        setting, and if a mean does not vary.

    Raises
    ------
    NotMeasured
        For different axes, and for fewer than three common settings.
    """
    import xarray

    if set(first.dims) != set(second.dims) or "seed" not in first.dims:
        raise NotMeasured(f"needs the same axes twice; these are {_axes(first)} and {_axes(second)}")
    first, second = xarray.align(first, second.transpose(*first.dims), join="inner")
    settings = [dim for dim in first.dims if dim != "seed"]
    pair = np.stack([values.transpose("seed", *settings).values for values in (first, second)])
    pair = pair.reshape(2, first.sizes["seed"], -1)
    if pair.shape[2] < _LEAST_SETTINGS or not pair.shape[1]:
        raise NotMeasured(
            f"needs {_LEAST_SETTINGS} common settings and a seed; these have {pair.shape[2]} and {pair.shape[1]}"
        )
    whole = ~np.isnan(pair).any(axis=(0, 2))
    pseudo = np.full(whole.shape, np.nan)
    pseudo[whole] = _jackknifed(pair[:, whole])
    return pseudo


def _jackknifed(pair: np.ndarray) -> np.ndarray:
    n = pair.shape[1]
    together = _correlation_of_means(pair)
    if n < 2:
        return np.full(n, together)  # one seed has no error
    return np.array([n * together - (n - 1) * _correlation_of_means(np.delete(pair, i, axis=1)) for i in range(n)])


def _correlation_of_means(pair: np.ndarray) -> float:
    """Correlation over settings of the two means over seeds, from an array (2, seed, setting)."""
    means = pair.mean(axis=1)
    x, y = means - means.mean(axis=1, keepdims=True)
    scale = np.sqrt((x**2).sum() * (y**2).sum())
    return float((x * y).sum() / scale) if scale > 0 else float("nan")


def crossing(benefit: "xarray.DataArray") -> np.ndarray:
    """The relatedness above which auxiliary tasks help: the last upward zero of the benefit, one number per seed.

    The benefit is averaged over the other axes and joined by straight lines between the levels of relatedness. The first and
    the last line continue beyond the grid, so that a student that is never helped has a zero above 1. NaN if the benefit has
    no upward zero, and for a seed that lacks a lane.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.

    Returns
    -------
    ndarray
        The relatedness of the zero (seed,).
    """
    r, means = levels(benefit)
    return np.array([_last_upward_zero(r, curve) for curve in np.array(means).T])


def _last_upward_zero(r: np.ndarray, curve: np.ndarray) -> float:
    if np.isnan(curve).any():
        return float("nan")
    last = len(r) - 2
    for i in range(last, -1, -1):
        rise = curve[i + 1] - curve[i]
        if not rise > 0:
            continue
        zero = r[i] - curve[i] * (r[i + 1] - r[i]) / rise
        if (zero >= r[i] or i == 0) and (zero <= r[i + 1] or i == last):
            return float(zero)
    return float("nan")


def _axes(benefit: "xarray.DataArray") -> str:
    return ", ".join(str(dim) for dim in benefit.dims) or "none"
