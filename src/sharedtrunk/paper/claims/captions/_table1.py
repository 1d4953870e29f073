"""Table 1, which sums up the analysis of training-aligned (TA) students, over the cube of students from random starts."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NEGLIGIBLE
from sharedtrunk.paper.ledger._claim import Evidence, Reading
from sharedtrunk.paper.ledger._seeds import above, below, each, none
from sharedtrunk.paper.ledger._stored import StoredClaim
from sharedtrunk.paper.ledger._trends import LEARNABLE, along, sizes

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]

LIMITED, EARLIER, ABUNDANT = 400, 800, 1600


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
    fading = _fully_related(benefits, ABUNDANT) - _fully_related(benefits, EARLIER)
    case = f"benefit at N = {ABUNDANT} minus at N = {EARLIER}, r = 1, high-SNR auxiliary tasks, {_MEAN}"
    return Evidence(within=sizes(benefit, f"N = {ABUNDANT}", _MEAN), instead=(below(case, fading),))


def _fully_related(benefits: Benefits, samples: int) -> np.ndarray:
    benefit = contrasts.at(_learnable(benefits), n_samples=samples, relatedness=1.0)
    return contrasts.per_seed(contrasts.by_aux_snr(benefit)["high"])


_CUBE = f"students from random starts, the whole cube, main tasks that can be learned (s_main ≥ {LEARNABLE:g})"
_NONE = f"mean over seeds; none means at most {NEGLIGIBLE:g} nats"

CLAIMS = (
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
        "As the TA analysis predicts, with limited data the benefit grows with r at small r from random starts.",
        f"{_CUBE}, N ≤ {LIMITED}, low- and high-SNR auxiliary tasks",
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
        truth=f"the help of fully related tasks (r = 1) is past its peak: less than at {EARLIER} points",
        figures=("a1",),
    ),
)
