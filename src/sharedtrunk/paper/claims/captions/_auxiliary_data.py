"""The claims of Figure 3 (left), of Figure A3 and of section 4.6: more auxiliary data beside 100 main points.

Means are over high-SNR main tasks (s_main ≥ 3) and high-SNR auxiliary tasks, as in Figure 3.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import (
    NEGATIVE,
    POSITIVE,
    Claim,
    Evidence,
    Limit,
    Reading,
    above,
    below,
    each,
    figure_claim,
)
from sharedtrunk.paper.claims.captions._datasets import Benefits
from sharedtrunk.paper.claims.captions._trends import PER_R, WITH_RELATEDNESS, all_trends, along
from sharedtrunk.paper.contrasts import HIGH_SNR, NEGLIGIBLE

if TYPE_CHECKING:
    import xarray


MAIN_POINTS = 100
AUX_COUNTS = (100, 200, 400, 800)
"""Training points of the main task and of the auxiliary task."""

LEAST, MOST = AUX_COUNTS[0], AUX_COUNTS[-1]

GREATLY = 2.0
"""More data improve a benefit *greatly* if they at least double it."""


def _clean(benefit: "xarray.DataArray") -> "xarray.DataArray":
    """The part of the benefit that Figure 3 shows: high-SNR main tasks with 100 points."""
    return contrasts.between(contrasts.at(benefit, n_samples=MAIN_POINTS), "s_main", HIGH_SNR, math.inf, closed=True)


def _strong(benefit: "xarray.DataArray", relatedness: float) -> "xarray.DataArray":
    """The part of the benefit that Figure 3 shows, averaged over high-SNR auxiliary tasks of one relatedness."""
    return contrasts.by_aux_snr(contrasts.at(_clean(benefit), relatedness=relatedness))["high"]


def _with(benefit: "xarray.DataArray", n_aux: int) -> np.ndarray:
    return contrasts.per_seed(contrasts.at(benefit, n_aux=n_aux))


def _growth(relatedness: float) -> "Callable[[xarray.DataArray], dict[str, np.ndarray]]":
    def cases(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        strong = _strong(benefit, relatedness)
        return {"": _with(strong, MOST) - _with(strong, LEAST)}

    return cases


_HERE = f"{MAIN_POINTS} main points, mean over s_main ≥ {HIGH_SNR:g} and high-SNR aux"
_SPAN = f"at {MOST} auxiliary points minus at {LEAST}"

FIGURE_3_LEFT = (
    figure_claim(
        "grows-with-relatedness-at-most-data",
        f"at {MOST} auxiliary points benefit grows with relatedness: slope on r ({_HERE})",
        POSITIVE,
        lambda benefit: {"": WITH_RELATEDNESS.contrast(contrasts.at(_clean(benefit), n_aux=MOST))},
        PER_R,
    ),
    figure_claim(
        "related-grows-with-aux-data", f"fully related tasks (r = 1): benefit {_SPAN} ({_HERE})", POSITIVE, _growth(1.0)
    ),
    figure_claim(
        "related-grows-at-each-step",
        f"fully related tasks (r = 1): benefit grows with each doubling of the auxiliary data ({_HERE})",
        POSITIVE,
        lambda benefit: contrasts.steps(_strong(benefit, 1.0), "n_aux"),
    ),
    figure_claim(
        "unrelated-hurts-more-with-aux-data",
        f"unrelated tasks (r = 0): benefit {_SPAN} ({_HERE})",
        NEGATIVE,
        _growth(0.0),
    ),
)
"""The claims that Figure 3, left, shows. Figure A3 shows these claims and the trends."""


_CLEAN = f"mean over s_main ≥ {HIGH_SNR:g}"


def _steps(benefit: "xarray.DataArray", relatedness: float, sign: Limit) -> tuple[Reading, ...]:
    case = f"change of the benefit, high-SNR auxiliary tasks, r = {relatedness:g}, {_CLEAN}"
    return each(sign, contrasts.steps(_strong(benefit, relatedness), "n_aux"), case=case)


def _related(benefits: Benefits) -> Evidence:
    return Evidence(within=tuple(reading for r in (1.0, 0.75) for reading in _steps(benefits["a3"], r, POSITIVE)))


def _unrelated(benefits: Benefits) -> Evidence:
    few, many = (_with(_strong(benefits["a3"], 0.0), n) for n in (LEAST, MOST))
    where = f"high-SNR auxiliary tasks, r = 0, {_CLEAN}"
    span = f"change of the benefit, {where}, n_aux: {LEAST} → {MOST}"
    return Evidence(
        within=(below(span, many - few), *_steps(benefits["a3"], 0.0, NEGATIVE)),
        instead=(above(span, many - few), below(f"benefit at N_aux = {LEAST}, {where}", few)),
    )


def _trade_offs(benefits: Benefits) -> Evidence:
    rows = along(_clean(benefits["a3"]), "n_aux", "N_aux")
    return Evidence(within=tuple(reading for n, row in rows for reading in all_trends(row, f"{n}, {_CLEAN}")))


def _large(benefit: "xarray.DataArray", case: str) -> Reading:
    """The benefit with the most auxiliary data, minus `GREATLY` times the benefit with the least."""
    most, least = (_with(benefit, n) for n in (MOST, LEAST))
    return above(f"benefit at N_aux = {MOST} minus {GREATLY:g} times that at {LEAST}, {case}", most - GREATLY * least)


def _figure_3(benefits: Benefits) -> Evidence:
    benefit = benefits["fig3-left"]
    slopes = [WITH_RELATEDNESS.reading(row, f"{n}, {_CLEAN}") for n, row in along(_clean(benefit), "n_aux", "N_aux")]
    return Evidence(within=(*slopes, _large(_strong(benefit, 1.0), f"r = 1, high-SNR auxiliary tasks, {_CLEAN}")))


def _figure_a3(benefits: Benefits) -> Evidence:
    related, unrelated = (
        contrasts.by_aux_snr(contrasts.at(benefits["a3"], n_samples=MAIN_POINTS, relatedness=r))["high"]
        for r in (1.0, 0.0)
    )
    case = "high-SNR auxiliary tasks, mean over s_main"
    return Evidence(
        within=(_large(related, f"r = 1, {case}"),),
        beyond=(above(f"benefit at N_aux = {MOST}, r = 0, {case}", _with(unrelated, MOST), NEGLIGIBLE),),
    )


_SIGNS = "mean over seeds of paired contrasts; the sign decides"
_COUNTS = f"{MAIN_POINTS} main points, {LEAST} to {MOST} auxiliary ones"

CLAIMS = (
    Claim(
        "efficiency-related",
        "4.6",
        "The benefit of related auxiliary tasks of high SNR grows with the amount of auxiliary data, at each doubling.",
        f"{_COUNTS}, high-SNR main tasks, r = 0.75 and 1",
        _SIGNS,
        _related,
        figures=("a3",),
    ),
    Claim(
        "efficiency-unrelated",
        "4.6",
        "Unrelated auxiliary tasks of high SNR do more harm the more auxiliary data there are.",
        f"{_COUNTS}, high-SNR main tasks, r = 0",
        f"{_SIGNS}, from {LEAST} points to {MOST} and at each doubling",
        _unrelated,
        truth=f"they do harm with {LEAST} auxiliary points, and less with {MOST}",
        figures=("a3",),
    ),
    Claim(
        "efficiency-trade-offs",
        "4.6",
        "At every amount of auxiliary data the trade-offs are those of Figure 2: relatedness helps, a strong signal helps "
        "where tasks are related and harms where they are not.",
        f"{_COUNTS}, high-SNR main tasks",
        _SIGNS,
        _trade_offs,
        figures=("a3",),
    ),
    Claim(
        "caption-3-left",
        "Figure 3, left",
        "Relatedness and more auxiliary data give large benefits.",
        f"{_COUNTS}, high-SNR main tasks",
        f"slope on r at each amount; large means at least {GREATLY:g} times as much with {MOST} auxiliary points as with "
        f"{LEAST}, r = 1",
        _figure_3,
        figures=("fig3-left",),
    ),
    Claim(
        "caption-a3",
        "Figure A3",
        "More auxiliary data improve performance greatly.",
        f"{_COUNTS}, high-SNR auxiliary tasks, all SNRs of the main task",
        f"greatly means at least {GREATLY:g} times the benefit, from {LEAST} auxiliary points to {MOST}; unrelated tasks "
        f"need only a noticeable benefit, {NEGLIGIBLE:g} nats or more with {MOST}",
        _figure_a3,
        condition=f"the tasks are related (r = 1); unrelated ones (r = 0) bring no noticeable benefit even with {MOST} "
        "auxiliary points",
        figures=("a3",),
    ),
)
