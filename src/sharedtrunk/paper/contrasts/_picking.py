"""Select and contrast settings, seed by seed, to measure claims about benefits.

Each function takes a benefit (dims s_main, s_aux, relatedness, seed and others as needed; nats) and raises `NotMeasured` if
the grid lacks a value that it needs. Averages are taken as in the figures.
"""

from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.errors import InputError
from sharedtrunk.paper.contrasts._averages import benefit_by_snr
from sharedtrunk.paper.contrasts._thresholds import NotMeasured

if TYPE_CHECKING:
    import xarray


def at(benefit: "xarray.DataArray", **wanted: int | float | str) -> "xarray.DataArray":
    """The benefit at the given values of axes, such as `at(benefit, n_samples=800, student="ReLU, 1 layer")`.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.
    **wanted
        Axis → the value that is wanted.

    Returns
    -------
    DataArray
        The benefit there, without these axes.
    """
    for axis, value in wanted.items():
        values = _values(benefit, axis)
        if isinstance(value, str):
            found = np.array([str(present) == value for present in values])
        else:
            found = np.isclose(values, value, rtol=1e-9, atol=0.0)
        if found.sum() != 1:
            words = value if isinstance(value, str) else f"{value:g}"
            raise NotMeasured(f"needs {axis} = {words}; this grid has {_listed(benefit, axis)}")
        benefit = benefit.isel({axis: int(np.flatnonzero(found)[0])})
    return benefit


def between(
    benefit: "xarray.DataArray", axis: str, low: int | float, high: int | float, *, closed: bool
) -> "xarray.DataArray":
    """The part of the benefit with low ≤ `axis` ≤ high (`closed`), or low < `axis` < high.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.
    axis
        Name of the axis.
    low, high
        Ends of the range.
    closed
        Whether the ends belong to it.

    Returns
    -------
    DataArray
        The part.
    """
    values = _values(benefit, axis)
    inside = (low <= values) & (values <= high) if closed else (low < values) & (values < high)
    if not inside.any():
        sign = "≤" if closed else "<"
        lower = f"{low:g} {sign} " if np.isfinite(low) else ""
        upper = f" {sign} {high:g}" if np.isfinite(high) else ""
        raise NotMeasured(f"needs {lower}{axis}{upper}; this grid has {_listed(benefit, axis)}")
    return benefit.isel({axis: np.flatnonzero(inside)})


def by_aux_snr(benefit: "xarray.DataArray") -> "dict[str, xarray.DataArray]":
    """Mean benefit of low-SNR and of high-SNR auxiliary tasks, as in the figures; the keys are "low" and "high".

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.

    Returns
    -------
    dict of DataArray
        The two means, by "low" and "high".
    """
    _values(benefit, "s_aux")
    try:
        grouped = benefit_by_snr(benefit)
    except InputError as lacking:
        raise NotMeasured(str(lacking)) from lacking
    return {str(snr): grouped.sel(aux_snr=snr, drop=True) for snr in grouped["aux_snr"].values}


def per_seed(benefit: "xarray.DataArray") -> np.ndarray:
    """One number per seed: the plain mean over all other axes, NaN for a seed with a NaN lane.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.

    Returns
    -------
    ndarray
        The means (seed,).
    """
    others = [dim for dim in benefit.dims if dim != "seed"]
    return benefit.mean(others, skipna=False).values if others else benefit.values


def slope(benefit: "xarray.DataArray") -> np.ndarray:
    """Least-squares slope of benefit on relatedness, seed by seed (nats per unit relatedness).

    Σ_r (r − r̄) MT(r) / Σ_r (r − r̄)², after the mean over the other axes.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.

    Returns
    -------
    ndarray
        The slopes (seed,).
    """
    r, means = levels(benefit)
    centred = r - r.mean()
    return sum(c * mean for c, mean in zip(centred, means, strict=True)) / (centred**2).sum()


def signal(benefit: "xarray.DataArray", relatedness: float) -> np.ndarray:
    """Mean benefit of high-SNR auxiliary tasks minus that of low-SNR ones at one relatedness, seed by seed (nats).

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.
    relatedness
        r.

    Returns
    -------
    ndarray
        The differences (seed,).
    """
    groups = by_aux_snr(at(benefit, relatedness=relatedness))
    return per_seed(groups["high"]) - per_seed(groups["low"])


def steps(benefit: "xarray.DataArray", axis: str = "relatedness") -> dict[str, np.ndarray]:
    """Benefit at each value of `axis` minus that at the next lower value, seed by seed; the key names the step.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.
    axis
        Name of the axis.

    Returns
    -------
    dict of ndarray
        The differences (seed,), by step.
    """
    values, means = levels(benefit, axis)
    symbol = "r" if axis == "relatedness" else axis
    return {f"{symbol}: {values[i]:g} → {values[i + 1]:g}": means[i + 1] - means[i] for i in range(len(values) - 1)}


def levels(benefit: "xarray.DataArray", axis: str = "relatedness") -> tuple[np.ndarray, list[np.ndarray]]:
    """The values of `axis` in increasing order, and at each the mean over the other axes, seed by seed.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.
    axis
        Name of the axis.

    Returns
    -------
    values, means
        The values, and at each of them an array (seed,).
    """
    _values(benefit, axis)
    benefit = benefit.sortby(axis)
    values = benefit[axis].values
    if len(values) < 2:
        raise NotMeasured(f"needs two values of {axis}; this grid has {_listed(benefit, axis)}")
    return values, [per_seed(benefit.isel({axis: i})) for i in range(len(values))]


def _values(benefit: "xarray.DataArray", axis: str) -> np.ndarray:
    if axis not in benefit.dims:
        raise NotMeasured(f"needs the axis {axis}; this grid has {', '.join(str(dim) for dim in benefit.dims)}")
    return benefit[axis].values


def _listed(benefit: "xarray.DataArray", axis: str) -> str:
    return ", ".join(
        str(value) if isinstance(value, str) else f"{value:g}" for value in np.atleast_1d(benefit[axis].values)
    )
