"""Section 4.7 and the captions of Figures 3 (right) and A4: ReLU students of one to four layers beside linear ones."""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NEGLIGIBLE
from sharedtrunk.paper.ledger._claim import Evidence, Reading
from sharedtrunk.paper.ledger._seeds import above, below
from sharedtrunk.paper.ledger._stored import StoredClaim
from sharedtrunk.paper.ledger._students import against_linear, of_each, students
from sharedtrunk.paper.ledger._trends import all_trends, over_relatedness, over_signal_related

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]

ALIKE = 0.7
"""Correlation from which on two students behave alike: half of the variance over settings is common."""

NOISY_MAIN, CLEAN_MAIN = 1.0, 10.0

HALF_RELATED = 0.5


def _alike(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    case = f"correlation over settings with the linear student's benefit, {name}"
    return above(case, contrasts.correlation(benefit, linear), ALIKE, "1")


def _over_main_signal(benefit: "xarray.DataArray", name: str) -> Reading:
    related = contrasts.by_aux_snr(contrasts.at(benefit, relatedness=1.0))["high"]
    clean, noisy = (contrasts.per_seed(contrasts.at(related, s_main=s)) for s in (CLEAN_MAIN, NOISY_MAIN))
    case = f"benefit at s_main = {CLEAN_MAIN:g} minus at {NOISY_MAIN:g}, r = 1, high-SNR auxiliary tasks, {name}"
    return above(case, clean - noisy, NEGLIGIBLE)


_MINUS_LINEAR = "benefit minus the linear student's"


def _shift(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    return below(f"{_MINUS_LINEAR}, mean over settings, {name}", contrasts.per_seed(benefit - linear))


def _shift_half_related(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    shift = contrasts.between(benefit - linear, "relatedness", 0.0, HALF_RELATED, closed=True)
    return below(f"{_MINUS_LINEAR}, mean over settings with r ≤ {HALF_RELATED:g}, {name}", contrasts.per_seed(shift))


def _shift_fully_related(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    shift = contrasts.by_aux_snr(contrasts.at(benefit - linear, relatedness=1.0))["high"]
    return below(f"{_MINUS_LINEAR}, r = 1, high-SNR auxiliary tasks, {name}", contrasts.per_seed(shift))


def _needs_more(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    later = _zero(benefit) - _zero(linear)
    case = f"relatedness above which high-SNR auxiliary tasks help, minus the linear student's, {name}"
    reading = above(case, later, unit="1")
    # A student that is never helped has no such relatedness: the seeds that are left would be a choice of lucky ones.
    return replace(reading, error=math.nan) if np.isnan(later).any() else reading


def _zero(benefit: "xarray.DataArray") -> np.ndarray:
    return contrasts.crossing(contrasts.by_aux_snr(benefit)["high"])


def _all_trends(figure: str) -> Callable[[Benefits], Evidence]:
    def judged(benefits: Benefits) -> Evidence:
        _, others = students(benefits[figure])
        return Evidence(within=tuple(reading for name, each in others.items() for reading in all_trends(each, name)))

    return judged


_SIGNS = "mean over seeds of paired contrasts, each depth; the sign decides"
_NOTICEABLY = f"mean over seeds of paired contrasts, each depth; noticeably means by {NEGLIGIBLE:g} nats or more"
_ALIKE = f"correlation over settings of the means over seeds (jackknifed), each depth; alike means {ALIKE:g} or more"
_HERE = "ReLU students of 1 to 4 layers, N = 800"

CLAIMS = (
    StoredClaim(
        "depth-similar",
        "4.7",
        "Over settings, deeper nonlinear students gain and lose from auxiliary tasks as linear ones do.",
        _HERE,
        _ALIKE,
        against_linear(_alike),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-relatedness",
        "4.7",
        "Nonlinear students too gain noticeably more the more related the tasks are.",
        f"{_HERE}, high-SNR auxiliary tasks",
        f"slope on r; {_NOTICEABLY}",
        of_each(functools.partial(over_relatedness, limit=NEGLIGIBLE)),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-auxiliary-signal",
        "4.7",
        "Nonlinear students too gain noticeably more the higher the SNR of a related auxiliary task is.",
        f"{_HERE}, r = 1",
        _NOTICEABLY,
        of_each(functools.partial(over_signal_related, limit=NEGLIGIBLE)),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-main-signal",
        "4.7",
        "Nonlinear students too gain noticeably more the higher the SNR of the main task is.",
        f"{_HERE}, fully related tasks (r = 1) of high SNR",
        _NOTICEABLY,
        of_each(_over_main_signal),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-shift",
        "4.7",
        "The benefit of nonlinear students lies below that of linear ones in general.",
        _HERE,
        f"mean over all settings, over those with r ≤ {HALF_RELATED:g}, and at r = 1 with high-SNR auxiliary tasks: {_SIGNS}",
        against_linear(_shift, _shift_half_related, beyond=(_shift_fully_related,)),
        condition=f"the mean over all settings is meant, or over those with r ≤ {HALF_RELATED:g}; beside fully related tasks "
        "(r = 1) of high SNR some nonlinear student gains more than a linear one",
        figures=("a4",),
    ),
    StoredClaim(
        "depth-more-related",
        "4.7",
        "Nonlinear students need more highly related tasks before they are helped.",
        f"{_HERE}, high-SNR auxiliary tasks, mean over s_main",
        f"the relatedness at which the mean benefit turns positive, straight lines between levels; {_SIGNS}",
        against_linear(_needs_more),
        figures=("a4",),
    ),
    StoredClaim(
        "caption-3-right",
        "Figure 3, right",
        "Deeper nonlinear students show the trends of the linear one.",
        f"{_HERE}, high-SNR main tasks",
        f"growth with relatedness, with the signal of related tasks, fall with that of unrelated ones: {_SIGNS}",
        _all_trends("fig3-right"),
        figures=("fig3-right",),
    ),
    StoredClaim(
        "caption-a4",
        "Figure A4",
        "Deeper nonlinear students show results qualitatively like those of linear ones.",
        f"{_HERE}, main tasks of either SNR",
        f"the three trends of Figure A1 in every ReLU student: {_SIGNS}",
        _all_trends("a4"),
        figures=("a4",),
    ),
)
