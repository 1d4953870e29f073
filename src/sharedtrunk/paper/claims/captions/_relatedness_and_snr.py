"""What the captions of Figures 2 and A1 say: relatedness, the auxiliary task's SNR, and the amount of data."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NEGLIGIBLE
from sharedtrunk.paper.ledger._claim import Evidence, Reading
from sharedtrunk.paper.ledger._seeds import above, below
from sharedtrunk.paper.ledger._stored import StoredClaim
from sharedtrunk.paper.ledger._trends import (
    HOPELESS,
    LEARNABLE,
    along,
    over_relatedness,
    over_signal_related,
    over_signal_unrelated,
    sizes,
)

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]

FEW, SOME, MIDDLE, MANY = 100, 200, 800, 1600
RELATED = (1.0, 0.75)

_HIGH = "high-SNR auxiliary tasks, mean over s_main"


def _relatedness(benefits: Benefits) -> Evidence:
    benefit = contrasts.at(benefits["fig2-left"], n_samples=MIDDLE)
    low = contrasts.slope(contrasts.by_aux_snr(benefit)["low"])
    where = "mean over s_main"
    return Evidence(
        within=(
            over_relatedness(benefit, where),
            above(f"slope of the benefit on r, low-SNR auxiliary tasks, {where}", low, unit="nats per unit r"),
        )
    )


def _signal(benefits: Benefits) -> Evidence:
    benefit = contrasts.at(benefits["fig2-left"], n_samples=MIDDLE)
    where = "mean over s_main"
    return Evidence(within=(over_signal_related(benefit, where), over_signal_unrelated(benefit, where)))


def _high(benefit: "xarray.DataArray", samples: int, relatedness: float):
    return contrasts.per_seed(
        contrasts.by_aux_snr(contrasts.at(benefit, n_samples=samples, relatedness=relatedness))["high"]
    )


def _few(benefits: Benefits) -> Evidence:
    benefit = benefits["fig2-right"]
    return Evidence(
        within=tuple(
            below(f"benefit at N = {FEW}, r = {r:g}, {_HIGH}", _high(benefit, FEW, r), NEGLIGIBLE) for r in RELATED
        )
    )


def _some(benefits: Benefits) -> Evidence:
    benefit = contrasts.between(benefits["fig2-right"], "n_samples", SOME, MANY, closed=False)
    return Evidence(
        within=tuple(
            above(f"benefit at N = {n:g}, r = {r:g}, {_HIGH}", _high(benefit, n, r), NEGLIGIBLE)
            for n in benefit["n_samples"].values.tolist()
            for r in RELATED
        )
    )


def _many(benefits: Benefits) -> Evidence:
    benefit = benefits["fig2-right"]
    fading = _high(benefit, MANY, 1.0) - _high(benefit, MIDDLE, 1.0)
    return Evidence(
        within=sizes(contrasts.at(benefit, n_samples=MANY), f"N = {MANY}", "mean over s_main"),
        instead=(below(f"benefit at N = {MANY} minus at N = {MIDDLE}, r = 1, {_HIGH}", fading),),
    )


def _in_panels(trend, limit: float):
    """The trend in every panel of A1: learnable main tasks within, hopeless ones beyond."""

    def judge(benefits: Benefits) -> Evidence:
        def readings(low: float, high: float) -> tuple[Reading, ...]:
            chosen = contrasts.between(benefits["a1"], "s_main", low, high, closed=True)
            return tuple(
                trend(panel, f"{samples}, {main}", limit)
                for samples, row in along(chosen, "n_samples", "N")
                for main, panel in along(row, "s_main", "s_main")
            )

        return Evidence(within=readings(LEARNABLE, math.inf), beyond=readings(0.0, HOPELESS))

    return judge


def _unrelated_rows(benefits: Benefits) -> Evidence:
    rows = along(benefits["a1"], "n_samples", "N")
    return Evidence(within=tuple(over_signal_unrelated(row, f"{samples}, mean over s_main") for samples, row in rows))


_SIGNS = "mean over seeds of paired contrasts; the sign decides"
_NONE = f"mean over seeds; no benefit means at most {NEGLIGIBLE:g} nats"
_PANELS = (
    f"every panel of the cube; to grow means by {NEGLIGIBLE:g} nats or more; panels with s_main between {HOPELESS:g} and "
    f"{LEARNABLE:g} count for neither side"
)
_CONDITION = f"the main task can be learned (s_main ≥ {LEARNABLE:g}, not ≤ {HOPELESS:g})"

CLAIMS = (
    StoredClaim(
        "caption-2-left-relatedness",
        "Figure 2, left",
        "The benefit grows with relatedness.",
        f"N = {MIDDLE}",
        f"slope on r, {_SIGNS}",
        _relatedness,
        figures=("fig2-left",),
    ),
    StoredClaim(
        "caption-2-left-signal",
        "Figure 2, left",
        "The benefit grows with the auxiliary task's SNR where the tasks are related, and falls where they are not.",
        f"N = {MIDDLE}",
        _SIGNS,
        _signal,
        figures=("fig2-left",),
    ),
    StoredClaim(
        "caption-2-right-few",
        "Figure 2, right",
        f"At {FEW} training points auxiliary data bring no benefit, however related.",
        "",
        _NONE,
        _few,
        figures=("fig2-right",),
    ),
    StoredClaim(
        "caption-2-right-some",
        "Figure 2, right",
        f"Above {SOME} training points, and below very many ({MANY:,}), related auxiliary data bring a benefit.",
        "high-SNR auxiliary tasks, r = 0.75 and 1",
        _NONE,
        _some,
        figures=("fig2-right",),
    ),
    StoredClaim(
        "caption-2-right-many",
        "Figure 2, right",
        f"With very many data ({MANY:,} points) auxiliary data have little effect, however related.",
        "low- and high-SNR auxiliary tasks",
        _NONE,
        _many,
        truth=f"the help of fully related tasks (r = 1) is past its peak: less than at {MIDDLE} points",
        figures=("fig2-right",),
    ),
    StoredClaim(
        "caption-a1-relatedness",
        "Figure A1",
        "Everywhere in the cube the benefit of high-SNR auxiliary tasks grows with relatedness.",
        "N = 100 to 1,600, all SNRs of the main task",
        _PANELS,
        _in_panels(over_relatedness, NEGLIGIBLE),
        condition=_CONDITION,
        figures=("a1",),
    ),
    StoredClaim(
        "caption-a1-signal-related",
        "Figure A1",
        "Everywhere in the cube the benefit of related tasks grows with the auxiliary task's SNR.",
        "r = 1, N = 100 to 1,600, all SNRs of the main task",
        _PANELS,
        _in_panels(over_signal_related, NEGLIGIBLE),
        condition=_CONDITION,
        figures=("a1",),
    ),
    StoredClaim(
        "caption-a1-signal-unrelated",
        "Figure A1",
        "At every amount of data the benefit of unrelated tasks falls with the auxiliary task's SNR.",
        "r = 0, mean over s_main",
        _SIGNS,
        _unrelated_rows,
        figures=("a1",),
    ),
)
