"""Figure 2, right: multitask benefit as the amount of training data grows, averaged over the main task's SNR.

Claim (caption): at 100 training points auxiliary data do not help; above 200, related auxiliary data do; when data
are plentiful the single-task student is near its ceiling and auxiliary data have little effect.

    sharedtrunk reproduce fig2-right         two minutes on 4 cores: 6,125 joint lanes, 175 single-task baselines

Expected: a benefit of identical high-SNR tasks at N = 400 and 800. The teacher's noise is fixed, so theory expects
part of the benefit to survive however much data there are: watch the claims about N = 1600.
"""

from typing import TYPE_CHECKING

from sharedtrunk.figures import _measures as measured
from sharedtrunk.figures._checks import NEGLIGIBLE, Check, Claim, judge_claims
from sharedtrunk.figures._figure import Figure
from sharedtrunk.figures._lanes import benefit_dataset, benefit_sweeps
from sharedtrunk.figures._standard import RELATEDNESS, SAMPLE_COUNTS, SEEDS, SINGULAR_VALUES
from sharedtrunk.figures._summary import draw_summary

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

FEW, SOME, MIDDLE, MANY = 100, 200, 400, 1600


def _high(benefit: "xarray.DataArray", **at: int | float) -> "xarray.DataArray":
    """Benefit of high-SNR auxiliary tasks at the values named."""
    return measured.by_aux_snr(measured.at(benefit, **at))["high"]


def _few(benefit: "xarray.DataArray"):
    return {"": measured.per_seed(_high(benefit, n_samples=FEW, relatedness=1.0))}


def _between(benefit: "xarray.DataArray"):
    benefit = measured.between(measured.at(benefit, relatedness=1.0), "n_samples", SOME, MANY, closed=False)
    return {f"N = {n:g}": measured.per_seed(_high(benefit, n_samples=n)) for n in benefit["n_samples"].values.tolist()}


def _decline(benefit: "xarray.DataArray"):
    many = measured.per_seed(_high(benefit, n_samples=MANY, relatedness=1.0))
    middle = measured.per_seed(_high(benefit, n_samples=MIDDLE, relatedness=1.0))
    return {"": many - middle / 4}


def _many(benefit: "xarray.DataArray"):
    groups = measured.by_aux_snr(measured.at(benefit, n_samples=MANY))
    return {
        f"r = {r:g}, {snr}-SNR aux": measured.per_seed(measured.at(group, relatedness=r))
        for snr, group in groups.items()
        for r in group["relatedness"].values.tolist()
    }


_HIGH = "r = 1, high-SNR aux, mean over s_main"

CLAIMS = (
    Claim(
        "no-benefit-at-100",
        f"at N = {FEW} no benefit (below {NEGLIGIBLE:g} nats) even from identical auxiliary tasks ({_HIGH})",
        "not positive",
        _few,
    ),
    Claim(
        "benefit-above-200",
        f"at each N between {SOME} and {MANY} identical auxiliary tasks bring a benefit ({_HIGH})",
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


def draw(dataset: "xarray.Dataset") -> "matplotlib.figure.Figure":
    """Stripes over the number of training points, averaged over s_main."""
    return draw_summary(
        dataset,
        stripe="n_samples",
        title=f"{FIGURE.title}, mean over s_main",
        x_label="number of training points",
        average_over=("s_main",),
    )


def judge(dataset: "xarray.Dataset") -> list[Check]:
    """The claims above, oracle and honest stopping."""
    return judge_claims(CLAIMS, dataset)


FIGURE = Figure(
    name="fig2-right",
    title="Multitask benefit as training data grow",
    claim="no benefit at 100 points, a benefit from related tasks above 200, little effect when data are plentiful",
    paper="Figure 2, right",
    minutes=2.0,
    grid={
        "n_samples": SAMPLE_COUNTS,
        "s_main": SINGULAR_VALUES,
        "s_aux": SINGULAR_VALUES,
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    quick_grid={
        "n_samples": (FEW, MIDDLE, MANY),
        "s_main": (0.1, 1.0, 10.0),
        "s_aux": (0.1, 1.0, 10.0),
        "relatedness": (0.0, 0.5, 1.0),
        "seed": (0, 1),
    },
    sweeps=benefit_sweeps,
    dataset=benefit_dataset,
    draw=draw,
    judge=judge,
)
