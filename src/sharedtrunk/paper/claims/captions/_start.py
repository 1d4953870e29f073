"""Claims of section 4.4 about the start: the analysis of training-aligned (TA) students also describes random starts.

The sensitivity study has the same lanes with both starts, as two of its choices.
"""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk._support.statistics import estimate
from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import NEGATIVE, NO_EFFECT, Claim, Evidence, Reading, above, each
from sharedtrunk.paper.claims.captions._datasets import Benefits
from sharedtrunk.paper.claims.captions._trends import along
from sharedtrunk.paper.contrasts import NEGLIGIBLE, VERY_SIMILAR

if TYPE_CHECKING:
    import xarray


STANDARD, ALIGNED = "standard", "start: aligned (TA)"
"""The choices of the sensitivity study with the random and with the aligned start."""

EARLIER, ABUNDANT = 800, 1600
"""Numbers of training points: the last but one of the grid, and the largest."""


def _starts(benefits: Benefits) -> "tuple[xarray.DataArray, xarray.DataArray]":
    """The benefits from random starts, and from the aligned one."""
    benefit = benefits["sensitivity"]
    return contrasts.at(benefit, choice=STANDARD), contrasts.at(benefit, choice=ALIGNED)


def _agreement(benefits: Benefits) -> Evidence:
    random, aligned = _starts(benefits)
    correlation = contrasts.correlation(random, aligned)
    return Evidence(
        within=(above("correlation over settings, random with TA start", correlation, VERY_SIMILAR, "1"),),
    )


def _size(benefits: Benefits) -> Evidence:
    random, aligned = _starts(benefits)
    # One mean over settings would let the differences at r = 1 and at r = 0, which have opposite signs, cancel.
    related, unrelated = (_differences(random - aligned, r) for r in (1.0, 0.0))
    return Evidence(
        within=each(NO_EFFECT, related | unrelated, case=_DIFFERENCE), instead=each(NEGATIVE, related, case=_DIFFERENCE)
    )


_DIFFERENCE = "benefit from random starts minus from the TA start, high-SNR auxiliary tasks"


def _differences(difference: "xarray.DataArray", relatedness: float) -> dict[str, np.ndarray]:
    """The mean difference over s_main for high-SNR auxiliary tasks, one number per seed, at each amount of data."""
    high = contrasts.by_aux_snr(contrasts.at(difference, relatedness=relatedness))["high"]
    return {
        f"{samples}, r = {relatedness:g}, mean over s_main": contrasts.per_seed(row)
        for samples, row in along(high, "n_samples", "N")
    }


def _signs(benefits: Benefits) -> Evidence:
    random, aligned = (_effects(benefit) for benefit in _starts(benefits))
    return Evidence(within=tuple(_same_sign(name, random[name], aligned[name]) for name in random))


def _effects(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    """The effects that the rows of Table 1 describe, one number per seed."""
    high = contrasts.by_aux_snr(benefit)["high"]
    related = contrasts.at(high, relatedness=1.0)
    abundant, earlier = (contrasts.per_seed(contrasts.at(related, n_samples=n)) for n in (ABUNDANT, EARLIER))
    return {
        "(a) benefit at r = 0": contrasts.per_seed(contrasts.at(high, relatedness=0.0)),
        "(b) high- minus low-SNR auxiliary tasks, r = 1": contrasts.signal(benefit, 1.0),
        "(c) slope on r": contrasts.slope(high),
        f"(d) benefit at N = {ABUNDANT} minus at N = {EARLIER}, r = 1": abundant - earlier,
    }


def _same_sign(name: str, random: np.ndarray, aligned: np.ndarray) -> Reading:
    """The effect from random starts, positive in the direction of the effect from the TA start.

    If the interval of the TA start contains 0 there is no direction, and the reading is undecided.
    """
    direction = estimate(aligned)
    reading = above(f"{name}, in the direction of the TA start", np.sign(direction.mean) * random, unit="nats")
    known = direction.low > 0 or direction.high < 0
    return reading if known else replace(reading, error=math.nan)


CLAIMS = (
    Claim(
        "start-agreement",
        "4.4",
        "Over settings, benefits from random starts show the same pattern as those from the TA start.",
        "the settings of the sensitivity study",
        f"same draws, both starts: correlation over settings of the means over seeds, jackknifed ({VERY_SIMILAR:g} or more)",
        _agreement,
        figures=("sensitivity",),
    ),
    Claim(
        "start-size",
        "4.4",
        "Benefits from random starts are as large as those from the TA start.",
        "the settings of the sensitivity study, high-SNR auxiliary tasks, r = 1 and r = 0",
        f"same draws, both starts: mean difference at each amount of data, at most {NEGLIGIBLE:g} nats",
        _size,
        truth="at every amount of data the benefit of fully related tasks (r = 1) is smaller from random starts",
        figures=("sensitivity",),
    ),
    Claim(
        "start-signs",
        "4.4",
        "The effects that Table 1 lists have the same sign from random starts as from the TA start.",
        "the settings of the sensitivity study",
        "same draws, both starts; mean over seeds, counted in the direction of the TA start",
        _signs,
        figures=("sensitivity",),
    ),
)
