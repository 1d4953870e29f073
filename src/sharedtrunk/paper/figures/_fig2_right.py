"""Figure 2, right: multitask benefit as the amount of training data grows, averaged over the main task's SNR.

Claim (caption): at 100 training points auxiliary data do not help; above 200, related auxiliary data do; when data
are plentiful the single-task student is near its ceiling and auxiliary data have little effect.

    sharedtrunk reproduce fig2-right         two minutes on 4 cores: 6,125 joint lanes, 175 single-task baselines

Expected: a benefit of fully related high-SNR tasks at N = 400 and 800. The teacher's noise is fixed, so theory expects
part of the benefit to survive however much data there are: watch the claims about N = 1600.
"""

import functools
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._checks import Claim
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import QUICK_CUBE, STANDARD_CUBE
from sharedtrunk.paper.figures._summary_pictures import draw_summary
from sharedtrunk.paper.figures._theory import judge_with_theory

if TYPE_CHECKING:
    import xarray

TITLE = "Multitask benefit as training data grow"
FEW, SOME, MIDDLE, MANY = 100, 200, 400, 1600


def _high(benefit: "xarray.DataArray", **at: int | float) -> "xarray.DataArray":
    """Benefit of high-SNR auxiliary tasks at the values named."""
    return contrasts.by_aux_snr(contrasts.at(benefit, **at))["high"]


def _few(benefit: "xarray.DataArray"):
    return {"": contrasts.per_seed(_high(benefit, n_samples=FEW, relatedness=1.0))}


def _between(benefit: "xarray.DataArray"):
    benefit = contrasts.between(contrasts.at(benefit, relatedness=1.0), "n_samples", SOME, MANY, closed=False)
    return {f"N = {n:g}": contrasts.per_seed(_high(benefit, n_samples=n)) for n in benefit["n_samples"].values.tolist()}


def _decline(benefit: "xarray.DataArray"):
    many = contrasts.per_seed(_high(benefit, n_samples=MANY, relatedness=1.0))
    middle = contrasts.per_seed(_high(benefit, n_samples=MIDDLE, relatedness=1.0))
    return {"": many - middle / 4}


def _many(benefit: "xarray.DataArray"):
    groups = contrasts.by_aux_snr(contrasts.at(benefit, n_samples=MANY))
    return {
        f"r = {r:g}, {snr}-SNR aux": contrasts.per_seed(contrasts.at(group, relatedness=r))
        for snr, group in groups.items()
        for r in group["relatedness"].values.tolist()
    }


_HIGH = "r = 1, high-SNR aux, mean over s_main"

CLAIMS = (
    Claim(
        "no-benefit-at-100",
        f"at N = {FEW} no benefit (below {contrasts.NEGLIGIBLE:g} nats) even from fully related auxiliary tasks ({_HIGH})",
        "not positive",
        _few,
    ),
    Claim(
        "benefit-above-200",
        f"at each N between {SOME} and {MANY} fully related auxiliary tasks bring a benefit ({_HIGH})",
        "positive",
        _between,
    ),
    Claim(
        "declines-with-data",
        f"the benefit at N = {MANY} is less than a quarter of that at N = {MIDDLE}: their difference ({_HIGH})",
        "negative",
        _decline,
    ),
    Claim(
        "little-effect-at-1600",
        f"at N = {MANY} auxiliary data have little effect, whatever their relatedness and SNR (mean over s_main)",
        "negligible",
        _many,
    ),
)


FIGURE = Figure(
    name="fig2-right",
    title=TITLE,
    claim="no benefit at 100 points, a benefit from related tasks above 200, little effect when data are plentiful",
    paper="Figure 2, right",
    minutes=2.0,
    grid=STANDARD_CUBE,
    quick_grid=QUICK_CUBE,
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    draw=functools.partial(
        draw_summary,
        stripe="n_samples",
        title=f"{TITLE}, mean over s_main",
        x_label="number of training points",
        average_over=("s_main",),
    ),
    judge=functools.partial(judge_with_theory, CLAIMS),
)
