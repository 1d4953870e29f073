"""The averages that the paper's summary figures show: low- and high-SNR auxiliary tasks, seed by seed.

Averages over settings are formed within each seed, so that the numbers of a seed are paired. A seed that lacks one of its
settings, because a lane diverged, has no average: an average over the other settings would compare different settings.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.paper.contrasts._thresholds import HIGH_SNR, LOW_SNR

if TYPE_CHECKING:
    import xarray


def average(values: "xarray.DataArray", dims: Iterable[str]) -> "xarray.DataArray":
    """Plain mean over the `dims` that the values have; NaN if one value is NaN.

    Parameters
    ----------
    values
        Numbers with named axes.
    dims
        The axes that go, if they are there.

    Returns
    -------
    DataArray
        The mean.
    """
    present = [dim for dim in dims if dim in values.dims]
    return values.mean(present, skipna=False) if present else values


def benefit_by_snr(benefit: "xarray.DataArray") -> "xarray.DataArray":
    """Mean benefit of low- and of high-SNR auxiliary tasks: the axis `s_aux` becomes `aux_snr` = ("low", "high").

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axis `s_aux`.

    Returns
    -------
    DataArray
        The two means.

    Raises
    ------
    InputError
        Where the grid has no low or no high value of s_aux.
    """
    import xarray  # here, because listing the figures imports this package and does not need xarray

    s_aux = np.asarray(benefit["s_aux"].values)
    groups = {"low": s_aux <= LOW_SNR, "high": s_aux >= HIGH_SNR}
    for name, members in groups.items():
        if not members.any():
            bound = f"s_aux ≤ {LOW_SNR:g}" if name == "low" else f"s_aux ≥ {HIGH_SNR:g}"
            raise invalid(
                f"the average over {name}-SNR auxiliary tasks needs a value {bound}",
                received=f"s_aux {s_aux.tolist()}",
                hint="Add one to the grid.",
            )
    means = [average(benefit.isel(s_aux=np.flatnonzero(members)), ["s_aux"]) for members in groups.values()]
    return xarray.concat(means, xarray.DataArray(list(groups), dims="aux_snr", name="aux_snr"))
