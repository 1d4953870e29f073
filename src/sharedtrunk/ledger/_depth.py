"""Section 4.7 and the captions of Figures 3 (right) and A4: ReLU students of one to four layers beside linear ones.

There may be several linear students, which differ in their start; a comparison is made with each of them.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk import contrasts
from sharedtrunk.contrasts import NEGLIGIBLE, NotMeasured
from sharedtrunk.ledger._claim import Evidence, Reading
from sharedtrunk.ledger._seeds import above, below
from sharedtrunk.ledger._stored import StoredClaim
from sharedtrunk.ledger._trends import all_trends, over_relatedness, over_signal_related

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]

DIM = "student"
LINEAR = "linear"
"""What a linear student's name begins with."""

ALIKE = 0.7
"""Correlation from which on two students behave alike: half of the variance over settings is common."""

NOISY_MAIN, CLEAN_MAIN = 1.0, 10.0


def _students(benefit: "xarray.DataArray") -> "tuple[dict[str, xarray.DataArray], dict[str, xarray.DataArray]]":
    """The linear students and the nonlinear ones, by name."""
    if DIM not in benefit.dims:
        raise NotMeasured(f"needs the axis {DIM}")
    names = [str(name) for name in benefit[DIM].values]
    students = {name: contrasts.at(benefit, student=name) for name in names}
    linear = {name: each for name, each in students.items() if name.startswith(LINEAR)}
    others = {name: each for name, each in students.items() if name not in linear}
    if not linear or not others:
        raise NotMeasured(f"needs a linear student and a nonlinear one; this grid has {'; '.join(names)}")
    return linear, others


def _of_each(judge: "Callable[[xarray.DataArray, str], Reading]") -> Callable[[Benefits], Evidence]:
    """The same reading of every nonlinear student."""

    def judged(benefits: Benefits) -> Evidence:
        _, others = _students(benefits["a4"])
        return Evidence(within=tuple(judge(benefit, name) for name, benefit in others.items()))

    return judged


def _against_linear(
    judge: "Callable[[xarray.DataArray, xarray.DataArray, str], Reading]",
) -> Callable[[Benefits], Evidence]:
    """The same comparison of every nonlinear student with every linear one."""

    def judged(benefits: Benefits) -> Evidence:
        linear, others = _students(benefits["a4"])
        return Evidence(
            within=tuple(
                judge(benefit, reference, f"{name}, beside: {beside}")
                for beside, reference in linear.items()
                for name, benefit in others.items()
            )
        )

    return judged


def _alike(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    case = f"correlation over settings with the linear student's benefit, {name}"
    return above(case, contrasts.correlation(benefit, linear), ALIKE, "1")


def _over_main_signal(benefit: "xarray.DataArray", name: str) -> Reading:
    identical = contrasts.by_aux_snr(contrasts.at(benefit, relatedness=1.0))["high"]
    clean, noisy = (contrasts.per_seed(contrasts.at(identical, s_main=s)) for s in (CLEAN_MAIN, NOISY_MAIN))
    case = f"benefit at s_main = {CLEAN_MAIN:g} minus at {NOISY_MAIN:g}, r = 1, high-SNR auxiliary tasks, {name}"
    return above(case, clean - noisy, NEGLIGIBLE)


def _shift(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    return below(
        f"benefit minus the linear student's, mean over settings, {name}", contrasts.per_seed(benefit - linear)
    )


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
        _, others = _students(benefits[figure])
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
        _against_linear(_alike),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-relatedness",
        "4.7",
        "Nonlinear students too gain noticeably more the more related the tasks are.",
        f"{_HERE}, high-SNR auxiliary tasks",
        f"slope on r; {_NOTICEABLY}",
        _of_each(functools.partial(over_relatedness, limit=NEGLIGIBLE)),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-auxiliary-signal",
        "4.7",
        "Nonlinear students too gain noticeably more the higher the SNR of a related auxiliary task is.",
        f"{_HERE}, r = 1",
        _NOTICEABLY,
        _of_each(functools.partial(over_signal_related, limit=NEGLIGIBLE)),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-main-signal",
        "4.7",
        "Nonlinear students too gain noticeably more the higher the SNR of the main task is.",
        f"{_HERE}, identical tasks of high SNR",
        _NOTICEABLY,
        _of_each(_over_main_signal),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-shift",
        "4.7",
        "The benefit of nonlinear students lies below that of linear ones in general.",
        f"{_HERE}, mean over all settings",
        _SIGNS,
        _against_linear(_shift),
        figures=("a4",),
    ),
    StoredClaim(
        "depth-more-related",
        "4.7",
        "Nonlinear students need more highly related tasks before they are helped.",
        f"{_HERE}, high-SNR auxiliary tasks, mean over s_main",
        f"the relatedness at which the mean benefit turns positive, straight lines between levels; {_SIGNS}",
        _against_linear(_needs_more),
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
        f"the three trends of Figure A1 in every student: {_SIGNS}",
        _all_trends("a4"),
        figures=("a4",),
    ),
)
