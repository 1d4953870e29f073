"""Claims of section 4.7 and of the captions of Figures 3 (right) and A4: ReLU students of one to four layers.

The ReLU students are compared with every linear student of the dataset. There can be two linear ones with different starts.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import NEGATIVE, Claim, Evidence, Reading, above, below, figure_claim
from sharedtrunk.paper.claims.captions._datasets import Benefits
from sharedtrunk.paper.claims.captions._trends import WITH_RELATEDNESS, WITH_SIGNAL_IF_RELATED, all_trends
from sharedtrunk.paper.contrasts import NEGLIGIBLE, SIMILAR, NotMeasured

if TYPE_CHECKING:
    import xarray

Comparison = Callable[["xarray.DataArray", "xarray.DataArray", str], Reading]

DIM = "student"
LINEAR = "linear, 1 layer"
LINEAR_ALIKE = "linear, ReLU's start"
"""The linear students: with their usual start, and with that of the ReLU students."""

NOISY_MAIN, CLEAN_MAIN = 1.0, 10.0
"""Singular values of the main tasks that Figure A4 compares."""

HALF_RELATED = 0.5


def _linear_and_others(
    benefit: "xarray.DataArray",
) -> "tuple[dict[str, xarray.DataArray], dict[str, xarray.DataArray]]":
    """The linear students and the nonlinear ones. Raises `NotMeasured` where the benefit lacks either."""
    if DIM not in benefit.dims:
        raise NotMeasured(f"needs the axis {DIM}")
    students = {str(name): contrasts.at(benefit, student=str(name)) for name in benefit[DIM].values}
    linear = {name: part for name, part in students.items() if name in (LINEAR, LINEAR_ALIKE)}
    others = {name: part for name, part in students.items() if name not in linear}
    if not linear or not others:
        raise NotMeasured(f"needs a linear student and a nonlinear one; this grid has {'; '.join(students)}")
    return linear, others


# The claims of the figures


def _shift_from(reference: str):
    """Benefit of every ReLU student minus that of the reference, mean over all settings."""

    def cases(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        linear, others = _linear_and_others(benefit)
        if reference not in linear:
            raise NotMeasured(f"needs the student {reference!r}; this grid has {'; '.join((*linear, *others))}")
        return {name: contrasts.per_seed(other - linear[reference]) for name, other in others.items()}

    return cases


def _shift_of_related_from(reference: str):
    """Benefit of every ReLU student minus that of the reference, for fully related auxiliary tasks of high SNR."""
    shift = _shift_from(reference)
    return lambda benefit: shift(contrasts.by_aux_snr(contrasts.at(benefit, relatedness=1.0))["high"])


_REFERENCES = {LINEAR: ("", "the linear one"), LINEAR_ALIKE: ("-from-same-start", "the linear one with the same start")}

DEPTH_CLAIMS = tuple(
    claim
    for reference, (suffix, words) in _REFERENCES.items()
    for claim in (
        figure_claim(
            f"nonlinear-shifts-downwards{suffix}",
            f"benefit of every ReLU student minus that of {words}, mean over the grid",
            NEGATIVE,
            _shift_from(reference),
        ),
        figure_claim(
            f"nonlinear-gains-less-from-related{suffix}",
            f"benefit of every ReLU student minus that of {words}, r = 1, high-SNR aux, mean over s_main",
            NEGATIVE,
            _shift_of_related_from(reference),
        ),
    )
)
"""The claims that Figure 3, right, and Figure A4 show in addition to the trends."""


# The claims of the ledger


def _of_each(judge: "Callable[[xarray.DataArray, str], Reading]") -> Callable[[Benefits], Evidence]:
    """A measurement that reads every nonlinear student of Figure A4 in the same way."""

    def measure(benefits: Benefits) -> Evidence:
        _, others = _linear_and_others(benefits["a4"])
        return Evidence(within=tuple(judge(benefit, name) for name, benefit in others.items()))

    return measure


def _against_linear(*within: Comparison, beyond: tuple[Comparison, ...] = ()) -> Callable[[Benefits], Evidence]:
    """A measurement that compares every nonlinear student of Figure A4 with every linear one."""

    def measure(benefits: Benefits) -> Evidence:
        linear, others = _linear_and_others(benefits["a4"])

        def readings(comparisons: tuple[Comparison, ...]) -> tuple[Reading, ...]:
            return tuple(
                compare(benefit, reference, f"{name}, compared with: {other}")
                for compare in comparisons
                for other, reference in linear.items()
                for name, benefit in others.items()
            )

        return Evidence(within=readings(within), beyond=readings(beyond))

    return measure


def _all_trends(figure: str) -> Callable[[Benefits], Evidence]:
    """The signs of the three trends in every nonlinear student."""

    def measure(benefits: Benefits) -> Evidence:
        _, others = _linear_and_others(benefits[figure])
        return Evidence(within=tuple(reading for name, part in others.items() for reading in all_trends(part, name)))

    return measure


def _alike(benefit: "xarray.DataArray", linear: "xarray.DataArray", name: str) -> Reading:
    case = f"correlation over settings with the linear student's benefit, {name}"
    return above(case, contrasts.correlation(benefit, linear), SIMILAR, "1")


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
    difference = _crossing(benefit) - _crossing(linear)
    case = f"relatedness above which high-SNR auxiliary tasks help, minus the linear student's, {name}"
    reading = above(case, difference, unit="1")
    # Some seeds have no such relatedness (NaN), and the remaining seeds would be a biased selection.
    return replace(reading, error=math.nan) if np.isnan(difference).any() else reading


def _crossing(benefit: "xarray.DataArray") -> np.ndarray:
    return contrasts.crossing(contrasts.by_aux_snr(benefit)["high"])


_SIGNS = "mean over seeds of paired contrasts, each depth; the sign decides"
_NOTICEABLY = f"mean over seeds of paired contrasts, each depth; noticeably means by {NEGLIGIBLE:g} nats or more"
_ALIKE = f"correlation over settings of the means over seeds (jackknifed), each depth; alike means {SIMILAR:g} or more"
_STUDENTS = "ReLU students of 1 to 4 layers, N = 800"

CLAIMS = (
    Claim(
        "depth-similar",
        "4.7",
        "Over settings, deeper nonlinear students gain and lose from auxiliary tasks as linear ones do.",
        _STUDENTS,
        _ALIKE,
        _against_linear(_alike),
        figures=("a4",),
    ),
    Claim(
        "depth-relatedness",
        "4.7",
        "Nonlinear students, too, gain noticeably more the more related the tasks are.",
        f"{_STUDENTS}, high-SNR auxiliary tasks",
        f"slope on r; {_NOTICEABLY}",
        _of_each(functools.partial(WITH_RELATEDNESS.reading, by=NEGLIGIBLE)),
        figures=("a4",),
    ),
    Claim(
        "depth-auxiliary-signal",
        "4.7",
        "Nonlinear students, too, gain noticeably more the higher the SNR of a related auxiliary task is.",
        f"{_STUDENTS}, r = 1",
        _NOTICEABLY,
        _of_each(functools.partial(WITH_SIGNAL_IF_RELATED.reading, by=NEGLIGIBLE)),
        figures=("a4",),
    ),
    Claim(
        "depth-main-signal",
        "4.7",
        "Nonlinear students, too, gain noticeably more the higher the SNR of the main task is.",
        f"{_STUDENTS}, fully related tasks (r = 1) of high SNR",
        _NOTICEABLY,
        _of_each(_over_main_signal),
        figures=("a4",),
    ),
    Claim(
        "depth-shift",
        "4.7",
        "The benefit of nonlinear students lies below that of linear ones in general.",
        _STUDENTS,
        f"mean over all settings, over those with r ≤ {HALF_RELATED:g}, and at r = 1 with high-SNR auxiliary tasks: {_SIGNS}",
        _against_linear(_shift, _shift_half_related, beyond=(_shift_fully_related,)),
        condition=f"the mean over all settings is meant, or over those with r ≤ {HALF_RELATED:g}; beside fully related tasks "
        "(r = 1) of high SNR some nonlinear student gains more than a linear one",
        figures=("a4",),
    ),
    Claim(
        "depth-more-related",
        "4.7",
        "Nonlinear students need more highly related tasks before they are helped.",
        f"{_STUDENTS}, high-SNR auxiliary tasks, mean over s_main",
        f"the relatedness at which the mean benefit turns positive, interpolated linearly between levels; {_SIGNS}",
        _against_linear(_needs_more),
        figures=("a4",),
    ),
    Claim(
        "caption-3-right",
        "Figure 3, right",
        "Deeper nonlinear students show the trends of the linear one.",
        f"{_STUDENTS}, high-SNR main tasks",
        f"growth with relatedness and with the SNR of related tasks, fall with the SNR of unrelated ones: {_SIGNS}",
        _all_trends("fig3-right"),
        figures=("fig3-right",),
    ),
    Claim(
        "caption-a4",
        "Figure A4",
        "Deeper nonlinear students show results qualitatively like those of linear ones.",
        f"{_STUDENTS}, main tasks of either SNR",
        f"the three trends of Figure A1 in every ReLU student: {_SIGNS}",
        _all_trends("a4"),
        figures=("a4",),
    ),
)
