"""Figure 2, left: multitask benefit as the main task's signal-to-noise ratio grows, at 800 training points.

Claim (caption): the benefit grows with task relatedness; it grows with the auxiliary task's SNR when the tasks are
related, and falls with it when they are not.

    sharedtrunk reproduce fig2-left          a minute on 4 cores: 1,225 joint lanes, 35 single-task baselines

Expected: at s_aux = 10 and s_main ≥ 1 the benefit rises with every step of relatedness; fully related tasks help and
unrelated ones hurt, by tenths of a nat. The paper's text has s from .01 to 100, its caption to 10; the grid here is
the text's.
"""

import functools
import math
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._checks import Claim
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import RELATEDNESS, SEEDS, SINGULAR_VALUES
from sharedtrunk.paper.figures._summary_pictures import draw_summary
from sharedtrunk.paper.figures._theory import judge_with_theory

if TYPE_CHECKING:
    import xarray

TITLE = "Multitask benefit as the main task's SNR grows"
N = 800
STRONG_AUX = 10.0
PAPER_S_MAIN = 1.0


def _strong(benefit: "xarray.DataArray") -> "xarray.DataArray":
    return contrasts.between(
        contrasts.at(benefit, n_samples=N, s_aux=STRONG_AUX), "s_main", PAPER_S_MAIN, math.inf, closed=True
    )


def _strong_at(relatedness: float):
    return lambda benefit: {"": contrasts.per_seed(contrasts.at(_strong(benefit), relatedness=relatedness))}


def _strong_everywhere(relatedness: float):
    def cases(benefit):
        strong = contrasts.at(_strong(benefit), relatedness=relatedness)
        return {
            f"s_main = {s:g}": contrasts.per_seed(contrasts.at(strong, s_main=s))
            for s in strong["s_main"].values.tolist()
        }

    return cases


def _plotted_slope(benefit: "xarray.DataArray"):
    groups = contrasts.by_aux_snr(contrasts.at(benefit, n_samples=N))
    return {"": (contrasts.slope(groups["low"]) + contrasts.slope(groups["high"])) / 2}


def _aux_snr_effect(relatedness: float):
    def contrast(benefit):
        groups = contrasts.by_aux_snr(contrasts.at(benefit, n_samples=N, relatedness=relatedness))
        return {"": contrasts.per_seed(groups["high"]) - contrasts.per_seed(groups["low"])}

    return contrast


_HERE = f"N = {N}, s_aux = {STRONG_AUX:g}, mean over s_main ≥ {PAPER_S_MAIN:g}"
_EACH = f"N = {N}, s_aux = {STRONG_AUX:g}, each s_main ≥ {PAPER_S_MAIN:g}"
_ALL = f"N = {N}, mean over s_main"
_PER_R = "nats per unit relatedness"

CLAIMS = (
    Claim(
        "grows-with-relatedness",
        f"benefit grows with relatedness: slope on r ({_HERE})",
        "positive",
        lambda benefit: {"": contrasts.slope(_strong(benefit))},
        _PER_R,
    ),
    Claim(
        "grows-at-each-step",
        f"benefit grows at every step of relatedness ({_HERE})",
        "positive",
        lambda benefit: contrasts.steps(_strong(benefit)),
    ),
    Claim("related-helps", f"fully related tasks help: benefit at r = 1 ({_HERE})", "positive", _strong_at(1.0)),
    Claim(
        "related-helps-everywhere",
        f"fully related tasks help: benefit at r = 1 ({_EACH})",
        "positive",
        _strong_everywhere(1.0),
    ),
    Claim("unrelated-hurts", f"unrelated tasks hurt: benefit at r = 0 ({_HERE})", "negative", _strong_at(0.0)),
    Claim(
        "unrelated-hurts-everywhere",
        f"unrelated tasks hurt: benefit at r = 0 ({_EACH})",
        "negative",
        _strong_everywhere(0.0),
    ),
    Claim(
        "correlated-with-relatedness",
        f"over all that is drawn, benefit grows with relatedness: slope on r ({_ALL}, low- and high-SNR aux)",
        "positive",
        _plotted_slope,
        _PER_R,
    ),
    Claim(
        "related-grows-with-aux-snr",
        f"related tasks (r = 1): high-SNR aux minus low-SNR aux ({_ALL})",
        "positive",
        _aux_snr_effect(1.0),
    ),
    Claim(
        "unrelated-falls-with-aux-snr",
        f"unrelated tasks (r = 0): high-SNR aux minus low-SNR aux ({_ALL})",
        "negative",
        _aux_snr_effect(0.0),
    ),
)


FIGURE = Figure(
    name="fig2-left",
    title=TITLE,
    claim="benefit grows with relatedness; a strong auxiliary signal helps related tasks and hurts unrelated ones",
    paper="Figure 2, left",
    minutes=1.0,
    grid={
        "n_samples": (N,),
        "s_main": SINGULAR_VALUES,
        "s_aux": SINGULAR_VALUES,
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    quick_grid={
        "n_samples": (N,),
        "s_main": (0.1, 1.0, 10.0),
        "s_aux": (0.1, 1.0, 10.0),
        "relatedness": (0.0, 0.5, 1.0),
        "seed": (0, 1, 2),
    },
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    draw=functools.partial(
        draw_summary,
        stripe="s_main",
        title=f"{TITLE}, {N} training points",
        x_label="main task's SNR (singular value s_main)",
        average_over=("n_samples",),
    ),
    judge=functools.partial(judge_with_theory, CLAIMS),
)
