"""Section 4.6 and the captions of Figures 3 (left) and A3: a main task of 100 points beside ever more auxiliary data."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NEGLIGIBLE
from sharedtrunk.paper.ledger._claim import Evidence
from sharedtrunk.paper.ledger._seeds import above, below, each
from sharedtrunk.paper.ledger._stored import StoredClaim
from sharedtrunk.paper.ledger._trends import all_trends, along, over_relatedness

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]

MAIN, LEAST, MOST = 100, 100, 800
GREATLY = 2.0
"""A benefit is greatly improved where it is at least so many times the one before."""

_CLEAN = f"mean over s_main ≥ {contrasts.HIGH_SNR:g}"


def _clean(benefit: "xarray.DataArray") -> "xarray.DataArray":
    """The part that Figure 3 shows: high-SNR main tasks of 100 points."""
    return contrasts.between(contrasts.at(benefit, n_samples=MAIN), "s_main", contrasts.HIGH_SNR, math.inf, closed=True)


def _strong(benefit: "xarray.DataArray", relatedness: float) -> "xarray.DataArray":
    return contrasts.by_aux_snr(contrasts.at(_clean(benefit), relatedness=relatedness))["high"]


def _steps(benefit: "xarray.DataArray", relatedness: float, side):
    case = f"change of the benefit, high-SNR auxiliary tasks, r = {relatedness:g}, {_CLEAN}"
    return each(side, case, contrasts.steps(_strong(benefit, relatedness), "n_aux"))


def _related(benefits: Benefits) -> Evidence:
    return Evidence(within=tuple(reading for r in (1.0, 0.75) for reading in _steps(benefits["a3"], r, above)))


def _unrelated(benefits: Benefits) -> Evidence:
    few, many = (_with(_strong(benefits["a3"], 0.0), n) for n in (LEAST, MOST))
    where = f"high-SNR auxiliary tasks, r = 0, {_CLEAN}"
    span = f"change of the benefit, {where}, n_aux: {LEAST} → {MOST}"
    return Evidence(
        within=(below(span, many - few), *_steps(benefits["a3"], 0.0, below)),
        instead=(above(span, many - few), below(f"benefit at N_aux = {LEAST}, {where}", few)),
    )


def _with(benefit: "xarray.DataArray", n_aux: int) -> np.ndarray:
    return contrasts.per_seed(contrasts.at(benefit, n_aux=n_aux))


def _trade_offs(benefits: Benefits) -> Evidence:
    rows = along(_clean(benefits["a3"]), "n_aux", "N_aux")
    return Evidence(within=tuple(reading for n, row in rows for reading in all_trends(row, f"{n}, {_CLEAN}")))


def _large(benefit: "xarray.DataArray", case: str):
    """The benefit with most auxiliary data, less a multiple of that with least."""
    most, least = (_with(benefit, n) for n in (MOST, LEAST))
    return above(f"benefit at N_aux = {MOST} minus {GREATLY:g} times that at {LEAST}, {case}", most - GREATLY * least)


def _figure_3(benefits: Benefits) -> Evidence:
    benefit = benefits["fig3-left"]
    slopes = [over_relatedness(row, f"{n}, {_CLEAN}") for n, row in along(_clean(benefit), "n_aux", "N_aux")]
    return Evidence(within=(*slopes, _large(_strong(benefit, 1.0), f"r = 1, high-SNR auxiliary tasks, {_CLEAN}")))


def _figure_a3(benefits: Benefits) -> Evidence:
    related, unrelated = (
        contrasts.by_aux_snr(contrasts.at(benefits["a3"], n_samples=MAIN, relatedness=r))["high"] for r in (1.0, 0.0)
    )
    case = "high-SNR auxiliary tasks, mean over s_main"
    return Evidence(
        within=(_large(related, f"r = 1, {case}"),),
        beyond=(above(f"benefit at N_aux = {MOST}, r = 0, {case}", _with(unrelated, MOST), NEGLIGIBLE),),
    )


_SIGNS = "mean over seeds of paired contrasts; the sign decides"
_HERE = f"{MAIN} main points, {LEAST} to {MOST} auxiliary ones"

CLAIMS = (
    StoredClaim(
        "efficiency-related",
        "4.6",
        "The benefit of related auxiliary tasks of high SNR grows with the amount of auxiliary data, at each doubling.",
        f"{_HERE}, high-SNR main tasks, r = 0.75 and 1",
        _SIGNS,
        _related,
        figures=("a3",),
    ),
    StoredClaim(
        "efficiency-unrelated",
        "4.6",
        "Unrelated auxiliary tasks of high SNR do the more harm the more auxiliary data there are.",
        f"{_HERE}, high-SNR main tasks, r = 0",
        f"{_SIGNS}, from {LEAST} points to {MOST} and at each doubling",
        _unrelated,
        truth=f"they do harm with {LEAST} auxiliary points, and less with {MOST}",
        figures=("a3",),
    ),
    StoredClaim(
        "efficiency-trade-offs",
        "4.6",
        "At every amount of auxiliary data the trade-offs are those of Figure 2: relatedness helps, a strong signal helps "
        "where tasks are related and harms where they are not.",
        f"{_HERE}, high-SNR main tasks",
        _SIGNS,
        _trade_offs,
        figures=("a3",),
    ),
    StoredClaim(
        "caption-3-left",
        "Figure 3, left",
        "Relatedness and more auxiliary data give large benefits.",
        f"{_HERE}, high-SNR main tasks",
        f"slope on r at each amount; large means at least {GREATLY:g} times as much with {MOST} auxiliary points as with "
        f"{LEAST}, r = 1",
        _figure_3,
        figures=("fig3-left",),
    ),
    StoredClaim(
        "caption-a3",
        "Figure A3",
        "More auxiliary data improve performance greatly.",
        f"{_HERE}, high-SNR auxiliary tasks, all SNRs of the main task",
        f"greatly means at least {GREATLY:g} times the benefit, from {LEAST} auxiliary points to {MOST}; of unrelated tasks "
        f"only a noticeable benefit is asked, {NEGLIGIBLE:g} nats or more with {MOST}",
        _figure_a3,
        condition=f"the tasks are related (r = 1); unrelated ones (r = 0) bring no noticeable benefit even with {MOST} "
        "auxiliary points",
        figures=("a3",),
    ),
)
