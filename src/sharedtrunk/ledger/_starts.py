"""Whether what the analysis of training-aligned (TA) students says is what students from random starts do.

Two ways: the same lanes from both starts (the choices of the sensitivity study), and Table 1, which sums up the TA
analysis, over the whole cube of students from random starts.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk import contrasts
from sharedtrunk._statistics import estimate
from sharedtrunk.contrasts import NEGLIGIBLE
from sharedtrunk.ledger._claim import Evidence, Reading
from sharedtrunk.ledger._seeds import above, below, each, none
from sharedtrunk.ledger._stored import StoredClaim
from sharedtrunk.ledger._trends import LEARNABLE, along, sizes

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]

STANDARD, ALIGNED = "standard", "start: aligned (TA)"
AGREEING = 0.9
"""Correlation from which on benefits agree: four fifths of the variance over settings are common."""

LIMITED, EARLIER, ABUNDANT = 400, 800, 1600


def _starts(benefits: Benefits) -> "tuple[xarray.DataArray, xarray.DataArray]":
    """The benefits from random starts, and from the aligned one."""
    benefit = benefits["sensitivity"]
    return contrasts.at(benefit, choice=STANDARD), contrasts.at(benefit, choice=ALIGNED)


def _agreement(benefits: Benefits) -> Evidence:
    random, aligned = _starts(benefits)
    return Evidence(
        within=(
            above(
                "correlation over settings, random with TA start", contrasts.correlation(random, aligned), AGREEING, "1"
            ),
            none("benefit from random starts minus from the TA start, mean", contrasts.per_seed(random - aligned)),
        )
    )


def _signs(benefits: Benefits) -> Evidence:
    random, aligned = (_effects(benefit) for benefit in _starts(benefits))
    return Evidence(within=tuple(_same_sign(name, random[name], aligned[name]) for name in random))


def _effects(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    """The effects that the rows of Table 1 are about, one number per seed."""
    high = contrasts.by_aux_snr(benefit)["high"]
    identical = contrasts.at(high, relatedness=1.0)
    abundant, earlier = (contrasts.per_seed(contrasts.at(identical, n_samples=n)) for n in (ABUNDANT, EARLIER))
    return {
        "(a) benefit at r = 0": contrasts.per_seed(contrasts.at(high, relatedness=0.0)),
        "(b) high- minus low-SNR auxiliary tasks, r = 1": contrasts.signal(benefit, 1.0),
        "(c) slope on r": contrasts.slope(high),
        f"(d) benefit at N = {ABUNDANT} minus at N = {EARLIER}, r = 1": abundant - earlier,
    }


def _same_sign(name: str, random: np.ndarray, aligned: np.ndarray) -> Reading:
    """The effect from random starts, counted in the direction that it has from the TA start.

    Where the TA start's own interval contains 0 there is no direction, and the reading decides nothing.
    """
    direction = estimate(aligned)
    reading = above(f"{name}, in the direction of the TA start", np.sign(direction.mean) * random, unit="nats")
    known = direction.low > 0 or direction.high < 0
    return reading if known else replace(reading, error=math.nan)


def _learnable(benefits: Benefits) -> "xarray.DataArray":
    return contrasts.between(benefits["a1"], "s_main", LEARNABLE, math.inf, closed=True)


_MEAN = f"mean over s_main ≥ {LEARNABLE:g}"


def _unrelated(benefits: Benefits) -> Evidence:
    benefit = contrasts.at(_learnable(benefits), relatedness=0.0)
    return Evidence(
        within=tuple(
            none(f"benefit at {samples}, r = 0, {snr}-SNR auxiliary tasks, {_MEAN}", contrasts.per_seed(group))
            for samples, row in along(benefit, "n_samples", "N")
            for snr, group in contrasts.by_aux_snr(row).items()
        )
    )


def _signal(benefits: Benefits) -> Evidence:
    def readings(relatedness: float) -> tuple[Reading, ...]:
        case = f"benefit of high- minus low-SNR auxiliary tasks, r = {relatedness:g}, {_MEAN}"
        rows = along(_learnable(benefits), "n_samples", "N")
        return each(above, case, {samples: contrasts.signal(row, relatedness) for samples, row in rows}, NEGLIGIBLE)

    return Evidence(within=(*readings(1.0), *readings(0.75)), beyond=readings(0.25))


def _small_relatedness(benefits: Benefits) -> Evidence:
    limited = contrasts.between(_learnable(benefits), "n_samples", 0, LIMITED, closed=True)
    changes = {}
    for samples, row in along(limited, "n_samples", "N"):
        for snr, group in contrasts.by_aux_snr(row).items():
            none_at_all, small = (contrasts.per_seed(contrasts.at(group, relatedness=r)) for r in (0.0, 0.25))
            changes[f"{samples}, {snr}-SNR auxiliary tasks"] = small - none_at_all
    return Evidence(within=each(above, f"benefit at r = 0.25 minus at r = 0, {_MEAN}", changes))


def _abundant(benefits: Benefits) -> Evidence:
    benefit = contrasts.at(_learnable(benefits), n_samples=ABUNDANT)
    fading = _identical(benefits, ABUNDANT) - _identical(benefits, EARLIER)
    case = f"benefit at N = {ABUNDANT} minus at N = {EARLIER}, r = 1, high-SNR auxiliary tasks, {_MEAN}"
    return Evidence(within=sizes(benefit, f"N = {ABUNDANT}", _MEAN), instead=(below(case, fading),))


def _identical(benefits: Benefits, samples: int) -> np.ndarray:
    benefit = contrasts.at(_learnable(benefits), n_samples=samples, relatedness=1.0)
    return contrasts.per_seed(contrasts.by_aux_snr(benefit)["high"])


_CUBE = f"students from random starts, the whole cube, main tasks that can be learned (s_main ≥ {LEARNABLE:g})"
_NONE = f"mean over seeds; none means at most {NEGLIGIBLE:g} nats"

CLAIMS = (
    StoredClaim(
        "start-agreement",
        "4.4",
        "Benefits from random starts agree with those from the TA start.",
        "the settings of the sensitivity study",
        f"same draws, both starts: correlation over settings of the means over seeds, jackknifed ({AGREEING:g} or more), and "
        f"the mean difference (at most {NEGLIGIBLE:g} nats)",
        _agreement,
        figures=("sensitivity",),
    ),
    StoredClaim(
        "start-signs",
        "4.4",
        "The effects that Table 1 lists have the same sign from random starts as from the TA start.",
        "the settings of the sensitivity study",
        "same draws, both starts; mean over seeds, counted in the direction of the TA start",
        _signs,
        figures=("sensitivity",),
    ),
    StoredClaim(
        "start-table-1a",
        "4.4, Table 1(a)",
        "As the TA analysis predicts, unrelated tasks bring no benefit and do no harm from random starts.",
        f"{_CUBE}, r = 0",
        _NONE,
        _unrelated,
        figures=("a1",),
    ),
    StoredClaim(
        "start-table-1b",
        "4.4, Table 1(b)",
        "As the TA analysis predicts, for r > 0 the benefit grows with the auxiliary task's SNR from random starts.",
        _CUBE,
        f"mean over seeds of paired contrasts, by {NEGLIGIBLE:g} nats or more",
        _signal,
        condition="the tasks are clearly related (r = 0.75 and 1, not 0.25)",
        figures=("a1",),
    ),
    StoredClaim(
        "start-table-1c",
        "4.4, Table 1(c)",
        "As the TA analysis predicts, with limited data the benefit grows with r at small r from random starts, whatever "
        "the auxiliary task's SNR.",
        f"{_CUBE}, N ≤ {LIMITED}",
        "from r = 0 to the smallest relatedness of the cube, 0.25; mean over seeds of paired contrasts, the sign decides",
        _small_relatedness,
        figures=("a1",),
    ),
    StoredClaim(
        "start-table-1d",
        "4.4, Table 1(d)",
        "As the TA analysis predicts, with abundant data the benefit is small from random starts.",
        f"{_CUBE}, N = {ABUNDANT:,}",
        _NONE,
        _abundant,
        truth=f"the help of identical tasks is past its peak: less than at {EARLIER} points",
        figures=("a1",),
    ),
)
