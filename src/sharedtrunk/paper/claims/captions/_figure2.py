"""Claims of Figure 2 and its captions: relatedness, the auxiliary task's SNR, and the amount of data."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import (
    NEGATIVE,
    NO_EFFECT,
    NOT_POSITIVE,
    POSITIVE,
    Claim,
    Evidence,
    above,
    below,
    figure_claim,
)
from sharedtrunk.paper.claims.captions._datasets import Benefits
from sharedtrunk.paper.claims.captions._trends import (
    PER_R,
    WITH_RELATEDNESS,
    WITH_SIGNAL_IF_RELATED,
    WITH_SIGNAL_IF_UNRELATED,
    no_benefit_anywhere,
)
from sharedtrunk.paper.contrasts import LEARNABLE, NEGLIGIBLE

if TYPE_CHECKING:
    import xarray

Cases = Callable[["xarray.DataArray"], dict[str, np.ndarray]]

FEW, SOME, MIDDLE, LEFT, MANY = 100, 200, 400, 800, 1600
"""Numbers of training points. The captions name 100, 200 and very many (1600); Figure 2, left, has 800."""

STRONG_AUX = 10.0
"""Singular value of the auxiliary task at which the effect of relatedness is read off."""

RELATED = (1.0, 0.75)


# Figure 2, left


def _strong(benefit: "xarray.DataArray") -> "xarray.DataArray":
    """The benefit of a strong auxiliary task for main tasks that can be learned, at the N of Figure 2, left."""
    chosen = contrasts.at(benefit, n_samples=LEFT, s_aux=STRONG_AUX)
    return contrasts.between(chosen, "s_main", LEARNABLE, math.inf, closed=True)


def _strong_at(relatedness: float) -> Cases:
    return lambda benefit: {"": contrasts.per_seed(contrasts.at(_strong(benefit), relatedness=relatedness))}


def _strong_everywhere(relatedness: float) -> Cases:
    def cases(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        strong = contrasts.at(_strong(benefit), relatedness=relatedness)
        return {
            f"s_main = {s:g}": contrasts.per_seed(contrasts.at(strong, s_main=s))
            for s in strong["s_main"].values.tolist()
        }

    return cases


def _plotted_slope(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    groups = contrasts.by_aux_snr(contrasts.at(benefit, n_samples=LEFT))
    return {"": (contrasts.slope(groups["low"]) + contrasts.slope(groups["high"])) / 2}


def _effect_of_signal(relatedness: float) -> Cases:
    return lambda benefit: {"": contrasts.signal(contrasts.at(benefit, n_samples=LEFT), relatedness)}


_MEAN = f"N = {LEFT}, s_aux = {STRONG_AUX:g}, mean over s_main ≥ {LEARNABLE:g}"
_EACH = f"N = {LEFT}, s_aux = {STRONG_AUX:g}, each s_main ≥ {LEARNABLE:g}"
_ALL = f"N = {LEFT}, mean over s_main"

FIGURE_2_LEFT = (
    figure_claim(
        "grows-with-relatedness",
        f"benefit grows with relatedness: slope on r ({_MEAN})",
        POSITIVE,
        lambda benefit: {"": contrasts.slope(_strong(benefit))},
        PER_R,
    ),
    figure_claim(
        "grows-at-each-step",
        f"benefit grows at every step of relatedness ({_MEAN})",
        POSITIVE,
        lambda benefit: contrasts.steps(_strong(benefit)),
    ),
    figure_claim("related-helps", f"fully related tasks help: benefit at r = 1 ({_MEAN})", POSITIVE, _strong_at(1.0)),
    figure_claim(
        "related-helps-everywhere",
        f"fully related tasks help: benefit at r = 1 ({_EACH})",
        POSITIVE,
        _strong_everywhere(1.0),
    ),
    figure_claim("unrelated-hurts", f"unrelated tasks hurt: benefit at r = 0 ({_MEAN})", NEGATIVE, _strong_at(0.0)),
    figure_claim(
        "unrelated-hurts-everywhere",
        f"unrelated tasks hurt: benefit at r = 0 ({_EACH})",
        NEGATIVE,
        _strong_everywhere(0.0),
    ),
    figure_claim(
        "correlated-with-relatedness",
        f"over everything that the figure draws, benefit grows with relatedness: slope on r ({_ALL}, low- and high-SNR aux)",
        POSITIVE,
        _plotted_slope,
        PER_R,
    ),
    figure_claim(
        "related-grows-with-aux-snr",
        f"{WITH_SIGNAL_IF_RELATED.statement} ({_ALL})",
        POSITIVE,
        _effect_of_signal(1.0),
    ),
    figure_claim(
        "unrelated-falls-with-aux-snr",
        f"{WITH_SIGNAL_IF_UNRELATED.statement} ({_ALL})",
        NEGATIVE,
        _effect_of_signal(0.0),
    ),
)
"""The claims that Figure 2, left, shows."""


def _relatedness(benefits: Benefits) -> Evidence:
    benefit = contrasts.at(benefits["fig2-left"], n_samples=LEFT)
    low = contrasts.slope(contrasts.by_aux_snr(benefit)["low"])
    return Evidence(
        within=(
            WITH_RELATEDNESS.reading(benefit, "mean over s_main"),
            above("slope of the benefit on r, low-SNR auxiliary tasks, mean over s_main", low, unit=PER_R),
        )
    )


def _signal(benefits: Benefits) -> Evidence:
    benefit = contrasts.at(benefits["fig2-left"], n_samples=LEFT)
    trends = (WITH_SIGNAL_IF_RELATED, WITH_SIGNAL_IF_UNRELATED)
    return Evidence(within=tuple(trend.reading(benefit, "mean over s_main") for trend in trends))


# Figure 2, right


def _high(benefit: "xarray.DataArray", samples: int, relatedness: float) -> np.ndarray:
    """Benefit of high-SNR auxiliary tasks, mean over s_main."""
    return contrasts.per_seed(
        contrasts.by_aux_snr(contrasts.at(benefit, n_samples=samples, relatedness=relatedness))["high"]
    )


def _between(benefit: "xarray.DataArray") -> list[int]:
    """The numbers of points strictly between `SOME` and `MANY`."""
    inside = contrasts.between(benefit, "n_samples", SOME, MANY, closed=False)
    return inside["n_samples"].values.tolist()


def _many_cases(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    groups = contrasts.by_aux_snr(contrasts.at(benefit, n_samples=MANY))
    return {
        f"r = {r:g}, {snr}-SNR aux": contrasts.per_seed(contrasts.at(group, relatedness=r))
        for snr, group in groups.items()
        for r in group["relatedness"].values.tolist()
    }


_HIGH = "r = 1, high-SNR aux, mean over s_main"

FIGURE_2_RIGHT = (
    figure_claim(
        "no-benefit-at-100",
        f"at N = {FEW} no benefit (below {NEGLIGIBLE:g} nats) even from fully related auxiliary tasks ({_HIGH})",
        NOT_POSITIVE,
        lambda benefit: {"": _high(benefit, FEW, 1.0)},
    ),
    figure_claim(
        "benefit-above-200",
        f"at each N between {SOME} and {MANY} fully related auxiliary tasks bring a benefit ({_HIGH})",
        POSITIVE,
        lambda benefit: {f"N = {n:g}": _high(benefit, n, 1.0) for n in _between(benefit)},
    ),
    figure_claim(
        "declines-with-data",
        f"the benefit at N = {MANY} is less than a quarter of that at N = {MIDDLE}: their difference ({_HIGH})",
        NEGATIVE,
        lambda benefit: {"": _high(benefit, MANY, 1.0) - _high(benefit, MIDDLE, 1.0) / 4},
    ),
    figure_claim(
        "little-effect-at-1600",
        f"at N = {MANY} auxiliary data have little effect, whatever their relatedness and SNR (mean over s_main)",
        NO_EFFECT,
        _many_cases,
    ),
)
"""The claims that Figure 2, right, shows."""

_HIGH_MEAN = "high-SNR auxiliary tasks, mean over s_main"


def _few(benefits: Benefits) -> Evidence:
    benefit = benefits["fig2-right"]
    return Evidence(
        within=tuple(
            below(f"benefit at N = {FEW}, r = {r:g}, {_HIGH_MEAN}", _high(benefit, FEW, r), NEGLIGIBLE) for r in RELATED
        )
    )


def _some(benefits: Benefits) -> Evidence:
    benefit = benefits["fig2-right"]
    return Evidence(
        within=tuple(
            above(f"benefit at N = {n:g}, r = {r:g}, {_HIGH_MEAN}", _high(benefit, n, r), NEGLIGIBLE)
            for n in _between(benefit)
            for r in RELATED
        )
    )


def _many(benefits: Benefits) -> Evidence:
    benefit = benefits["fig2-right"]
    change = _high(benefit, MANY, 1.0) - _high(benefit, LEFT, 1.0)
    return Evidence(
        within=no_benefit_anywhere(contrasts.at(benefit, n_samples=MANY), f"N = {MANY}", "mean over s_main"),
        instead=(below(f"benefit at N = {MANY} minus at N = {LEFT}, r = 1, {_HIGH_MEAN}", change),),
    )


_SIGNS = "mean over seeds of paired contrasts; the sign decides"
_NONE = f"mean over seeds; no benefit means at most {NEGLIGIBLE:g} nats"

CLAIMS = (
    Claim(
        "caption-2-left-relatedness",
        "Figure 2, left",
        "The benefit grows with relatedness.",
        f"N = {LEFT}",
        f"slope on r, {_SIGNS}",
        _relatedness,
        figures=("fig2-left",),
    ),
    Claim(
        "caption-2-left-signal",
        "Figure 2, left",
        "The benefit grows with the auxiliary task's SNR where the tasks are related, and falls where they are not.",
        f"N = {LEFT}",
        _SIGNS,
        _signal,
        figures=("fig2-left",),
    ),
    Claim(
        "caption-2-right-few",
        "Figure 2, right",
        f"At {FEW} training points auxiliary data bring no benefit, however related.",
        "",
        _NONE,
        _few,
        figures=("fig2-right",),
    ),
    Claim(
        "caption-2-right-some",
        "Figure 2, right",
        f"Above {SOME} training points, and below very many ({MANY:,}), related auxiliary data bring a benefit.",
        "high-SNR auxiliary tasks, r = 0.75 and 1",
        _NONE,
        _some,
        figures=("fig2-right",),
    ),
    Claim(
        "caption-2-right-many",
        "Figure 2, right",
        f"With very many data ({MANY:,} points) auxiliary data have little effect, however related.",
        "low- and high-SNR auxiliary tasks",
        _NONE,
        _many,
        truth=f"the help of fully related tasks (r = 1) is past its peak: it is less than at {LEFT} points",
        figures=("fig2-right",),
    ),
)
