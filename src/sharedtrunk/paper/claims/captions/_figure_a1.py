"""Claims of the caption of Figure A1, the cube of benefits: the three trends, in every panel."""

import math
from collections.abc import Callable

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import Claim, Evidence, Reading
from sharedtrunk.paper.claims.captions._datasets import Benefits
from sharedtrunk.paper.claims.captions._trends import (
    WITH_RELATEDNESS,
    WITH_SIGNAL_IF_RELATED,
    WITH_SIGNAL_IF_UNRELATED,
    Trend,
    along,
)
from sharedtrunk.paper.contrasts import HOPELESS, LEARNABLE, NEGLIGIBLE


def _in_panels(trend: Trend) -> Callable[[Benefits], Evidence]:
    """The trend in every panel of A1: panels of learnable main tasks within the condition, of hopeless ones beyond."""

    def measure(benefits: Benefits) -> Evidence:
        def readings(low: float, high: float) -> tuple[Reading, ...]:
            chosen = contrasts.between(benefits["a1"], "s_main", low, high, closed=True)
            return tuple(
                trend.reading(panel, f"{samples}, {main}", NEGLIGIBLE)
                for samples, row in along(chosen, "n_samples", "N")
                for main, panel in along(row, "s_main", "s_main")
            )

        return Evidence(within=readings(LEARNABLE, math.inf), beyond=readings(0.0, HOPELESS))

    return measure


def _unrelated_rows(benefits: Benefits) -> Evidence:
    rows = along(benefits["a1"], "n_samples", "N")
    return Evidence(
        within=tuple(WITH_SIGNAL_IF_UNRELATED.reading(row, f"{samples}, mean over s_main") for samples, row in rows)
    )


_PANELS = (
    f"every panel of the cube; growth means {NEGLIGIBLE:g} nats or more; panels with s_main between {HOPELESS:g} and "
    f"{LEARNABLE:g} count for neither side"
)
_CONDITION = f"the main task can be learned (s_main ≥ {LEARNABLE:g}, not ≤ {HOPELESS:g})"

CLAIMS = (
    Claim(
        "caption-a1-relatedness",
        "Figure A1",
        "Everywhere in the cube the benefit of high-SNR auxiliary tasks grows with relatedness.",
        "N = 100 to 1,600, all SNRs of the main task",
        _PANELS,
        _in_panels(WITH_RELATEDNESS),
        condition=_CONDITION,
        figures=("a1",),
    ),
    Claim(
        "caption-a1-signal-related",
        "Figure A1",
        "Everywhere in the cube the benefit of related tasks grows with the auxiliary task's SNR.",
        "r = 1, N = 100 to 1,600, all SNRs of the main task",
        _PANELS,
        _in_panels(WITH_SIGNAL_IF_RELATED),
        condition=_CONDITION,
        figures=("a1",),
    ),
    Claim(
        "caption-a1-signal-unrelated",
        "Figure A1",
        "At every amount of data the benefit of unrelated tasks falls with the auxiliary task's SNR.",
        "r = 0, mean over s_main",
        "mean over seeds of paired contrasts; the sign decides",
        _unrelated_rows,
        figures=("a1",),
    ),
)
