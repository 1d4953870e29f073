"""The averages that the paper's summary figures show: low- and high-SNR auxiliary tasks, seed by seed.

"Low SNR" is a teacher with singular values up to 0.3, "high" one with 3 and more, at unit noise; 1 belongs to
neither. Averages over settings are formed within each seed, so that what is left over seeds is paired. A seed that
lacks one of its settings (a lane that diverged) has no average: an average over the others would compare different
settings.
"""

from collections.abc import Iterable

import numpy as np
import xarray as xr

from sharedtrunk._errors import invalid

LOW_SNR = 0.3
HIGH_SNR = 3.0


def average(values: xr.DataArray, dims: Iterable[str]) -> xr.DataArray:
    """Plain mean over `dims` (those that are present), NaN where one value is NaN."""
    present = [dim for dim in dims if dim in values.dims]
    return values.mean(present, skipna=False) if present else values


def benefit_by_snr(benefit: xr.DataArray) -> xr.DataArray:
    """Mean benefit of low- and of high-SNR auxiliary tasks: axis `s_aux` becomes `aux_snr` = ("low", "high").

    Raises `InputError` where the grid holds no low or no high value of s_aux.
    """
    s_aux = np.asarray(benefit["s_aux"].values)
    groups = {"low": s_aux <= LOW_SNR, "high": s_aux >= HIGH_SNR}
    for name, members in groups.items():
        if not members.any():
            bound = f"s_aux ≤ {LOW_SNR:g}" if name == "low" else f"s_aux ≥ {HIGH_SNR:g}"
            raise invalid(
                f"the average over {name}-SNR auxiliary tasks needs a value {bound}",
                received=f"s_aux {s_aux.tolist()}",
                way_out="Add one to the grid.",
            )
    means = [average(benefit.isel(s_aux=np.flatnonzero(members)), ["s_aux"]) for members in groups.values()]
    return xr.concat(means, xr.DataArray(list(groups), dims="aux_snr", name="aux_snr"))
