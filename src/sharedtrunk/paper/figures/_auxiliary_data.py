"""What Figure 3, left, and Figure A3 say of auxiliary data: benefit against the number of the auxiliary task's points.

Section 4.6: 100 main points, and 100 to 800 of the auxiliary task. Means are over high-SNR main tasks (s_main ≥ 3) and
high-SNR auxiliary ones, as Figure 3 draws them.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NotMeasured
from sharedtrunk.paper.figures._checks import Claim

if TYPE_CHECKING:
    import xarray

MAIN_POINTS = 100
AUX_COUNTS = (100, 200, 400, 800)


def _clean(benefit: "xarray.DataArray", relatedness: float) -> "xarray.DataArray":
    """Mean over high-SNR auxiliary and main tasks: dims n_aux, seed."""
    strong = contrasts.between(benefit, "s_main", contrasts.HIGH_SNR, math.inf, closed=True)
    related = contrasts.at(strong, n_samples=MAIN_POINTS, relatedness=relatedness)
    return contrasts.average(contrasts.by_aux_snr(related)["high"], ["s_main"])


def _growth(relatedness: float):
    def contrast(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        clean = _clean(benefit, relatedness)
        few, many = (contrasts.at(clean, n_aux=count).values for count in (AUX_COUNTS[0], AUX_COUNTS[-1]))
        return {"": many - few}

    return contrast


def _growth_by_step(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    clean = _clean(benefit, 1.0).sortby("n_aux")
    counts = clean["n_aux"].values
    if len(counts) < 2:
        raise NotMeasured(f"needs two values of n_aux; this grid has {counts[0]:g}")
    return {
        f"{counts[i]:g} → {counts[i + 1]:g}": (clean.isel(n_aux=i + 1) - clean.isel(n_aux=i)).values
        for i in range(len(counts) - 1)
    }


def _slope_with_many(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    strong = contrasts.between(benefit, "s_main", contrasts.HIGH_SNR, math.inf, closed=True)
    many = contrasts.at(strong, n_samples=MAIN_POINTS, n_aux=AUX_COUNTS[-1])
    return {"": contrasts.slope(contrasts.by_aux_snr(many)["high"])}


_HERE = f"{MAIN_POINTS} main points, mean over s_main ≥ {contrasts.HIGH_SNR:g} and high-SNR aux"
_SPAN = f"at {AUX_COUNTS[-1]} auxiliary points minus at {AUX_COUNTS[0]}"

CLAIMS = (
    Claim(
        "grows-with-relatedness-at-most-data",
        f"at {AUX_COUNTS[-1]} auxiliary points benefit grows with relatedness: slope on r ({_HERE})",
        "positive",
        _slope_with_many,
        "nats per unit relatedness",
    ),
    Claim(
        "related-grows-with-aux-data",
        f"fully related tasks (r = 1): benefit {_SPAN} ({_HERE})",
        "positive",
        _growth(1.0),
    ),
    Claim(
        "related-grows-at-each-step",
        f"fully related tasks (r = 1): benefit grows with each doubling of the auxiliary data ({_HERE})",
        "positive",
        _growth_by_step,
    ),
    Claim(
        "unrelated-hurts-more-with-aux-data",
        f"unrelated tasks (r = 0): benefit {_SPAN} ({_HERE})",
        "negative",
        _growth(0.0),
    ),
)
