"""The words in which claims about benefit are measured: pick, average, contrast; always seed by seed.

Each takes the benefit (dims n_samples, s_main, s_aux, relatedness, seed; nats) and raises `NotMeasured` where the
grid lacks a value that it names. Averages are those that the figures draw.
"""

from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk._errors import InputError
from sharedtrunk.figures._checks import NotMeasured

if TYPE_CHECKING:
    import xarray


def at(benefit: "xarray.DataArray", **wanted: int | float) -> "xarray.DataArray":
    """The benefit at named values of the axes, such as `at(benefit, n_samples=800, relatedness=1)`."""
    for axis, value in wanted.items():
        places = np.flatnonzero(np.isclose(benefit[axis].values, value, rtol=1e-9, atol=0.0))
        if len(places) != 1:
            raise NotMeasured(f"needs {axis} = {value:g}; this grid has {_listed(benefit, axis)}")
        benefit = benefit.isel({axis: int(places[0])})
    return benefit


def between(
    benefit: "xarray.DataArray", axis: str, low: int | float, high: int | float, *, closed: bool
) -> "xarray.DataArray":
    """The part of the benefit with low ≤ `axis` ≤ high (`closed`), or low < `axis` < high."""
    values = benefit[axis].values
    inside = (low <= values) & (values <= high) if closed else (low < values) & (values < high)
    if not inside.any():
        sign = "≤" if closed else "<"
        upper = f" {sign} {high:g}" if np.isfinite(high) else ""
        raise NotMeasured(f"needs {low:g} {sign} {axis}{upper}; this grid has {_listed(benefit, axis)}")
    return benefit.isel({axis: np.flatnonzero(inside)})


def by_aux_snr(benefit: "xarray.DataArray") -> "dict[str, xarray.DataArray]":
    """Mean benefit of "low"- and of "high"-SNR auxiliary tasks, exactly as it is drawn."""
    from sharedtrunk import plots  # with matplotlib and xarray: listing the figures does without them

    try:
        grouped = plots.benefit_by_snr(benefit)
    except InputError as lacking:
        raise NotMeasured(str(lacking)) from lacking
    return {str(snr): grouped.sel(aux_snr=snr, drop=True) for snr in grouped["aux_snr"].values}


def per_seed(benefit: "xarray.DataArray") -> np.ndarray:
    """One number per seed: the plain mean over whatever other axes are left; NaN where a lane is."""
    others = [dim for dim in benefit.dims if dim != "seed"]
    return benefit.mean(others, skipna=False).values if others else benefit.values


def slope(benefit: "xarray.DataArray") -> np.ndarray:
    """Least-squares slope of benefit on relatedness, seed by seed (nats per unit relatedness).

    Σ_r (r − r̄) MT(r) / Σ_r (r − r̄)², after the mean over the other axes.
    """
    r, levels = _levels(benefit)
    centred = r - r.mean()
    return sum(c * level for c, level in zip(centred, levels, strict=True)) / (centred**2).sum()


def steps(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    """Benefit at each relatedness minus that at the next lower one, seed by seed: one case per step."""
    r, levels = _levels(benefit)
    return {f"r: {r[i]:g} → {r[i + 1]:g}": levels[i + 1] - levels[i] for i in range(len(r) - 1)}


def _levels(benefit: "xarray.DataArray") -> tuple[np.ndarray, list[np.ndarray]]:
    benefit = benefit.sortby("relatedness")
    r = benefit["relatedness"].values
    if len(r) < 2:
        raise NotMeasured(f"needs two values of relatedness; this grid has {_listed(benefit, 'relatedness')}")
    return r, [per_seed(benefit.isel(relatedness=i)) for i in range(len(r))]


def _listed(benefit: "xarray.DataArray", axis: str) -> str:
    return ", ".join(f"{value:g}" for value in np.atleast_1d(benefit[axis].values))
