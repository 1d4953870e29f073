"""Claims of section 4.5 and of the caption of Figure A2 about other ranks: rank 3 with 3 classes, and rank 10 with 10."""

import math

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import Claim, Evidence, above
from sharedtrunk.paper.claims.captions._datasets import Benefits
from sharedtrunk.paper.claims.captions._trends import WITH_RELATEDNESS, WITH_SIGNAL_IF_RELATED, all_trends, along
from sharedtrunk.paper.contrasts import LEARNABLE, SIMILAR, VERY_SIMILAR


def _trends(benefits: Benefits) -> Evidence:
    correlation = contrasts.correlation(benefits["a2"], benefits["a1"])
    return Evidence(
        within=(
            above("correlation over all settings, rank 3 with rank 10", correlation, VERY_SIMILAR, "1"),
            *all_trends(benefits["a2"], "rank 3, mean over N and s_main"),
        )
    )


def _each_amount(benefits: Benefits) -> Evidence:
    rank_3, rank_10 = (
        contrasts.between(benefits[figure], "s_main", LEARNABLE, math.inf, closed=True) for figure in ("a2", "a1")
    )
    readings = []
    for samples, row in along(rank_3, "n_samples", "N"):
        same = contrasts.at(rank_10, n_samples=float(row["n_samples"]))
        readings += [
            above(f"correlation over settings, {samples}", contrasts.correlation(row, same), SIMILAR, "1"),
            WITH_RELATEDNESS.reading(row, f"rank 3, {samples}"),
            WITH_SIGNAL_IF_RELATED.reading(row, f"rank 3, {samples}"),
        ]
    return Evidence(within=tuple(readings))


CLAIMS = (
    Claim(
        "rank-similar",
        "4.5",
        "Teachers of another rank give similar results at every amount of data.",
        f"rank 3 with 3 classes beside rank 10 with 10, main tasks that can be learned (s_main ≥ {LEARNABLE:g})",
        f"correlation over settings of the means over seeds, jackknifed ({SIMILAR:g} or more), and the signs of the two "
        "trends of related tasks",
        _each_amount,
        figures=("a1", "a2"),
    ),
    Claim(
        "caption-a2",
        "Figure A2",
        "Teachers of rank 3 show trends very similar to those of rank 10.",
        "3 classes, the whole cube",
        f"correlation over settings of the means over seeds, jackknifed ({VERY_SIMILAR:g} or more), and the signs of the "
        "three trends of Figure A1",
        _trends,
        figures=("a1", "a2"),
    ),
)
