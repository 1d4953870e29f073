"""Table 1, the paper's key takeaways: its four rows as the claims of a figure and as claims about random starts.

The figure tests each row at every value on the grid, where the weakest case decides, and for the mean over the grid. Means
include the main task's SNR, which the table does not name. A *size* is taken seed by seed, so noise over seeds makes it
larger. The paper derives the rows for training-aligned (TA) students; the ledger's claims test them for students from random
starts, with main tasks that can be learned. "Limited" data are up to 400 points, "abundant" data 1,600, and r ≪ 1 is the step
from 0 to 0.25. The population flow stands for N → ∞ and says nothing about limited data.
"""

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import (
    NEGATIVE,
    NO_EFFECT,
    POSITIVE,
    Claim,
    Evidence,
    Limit,
    Reading,
    below,
    each,
    figure_claim,
)
from sharedtrunk.paper.claims.captions._datasets import Benefits
from sharedtrunk.paper.claims.captions._trends import along, no_benefit_anywhere
from sharedtrunk.paper.contrasts import LEARNABLE, NEGLIGIBLE, NotMeasured

if TYPE_CHECKING:
    import xarray

Cases = Callable[["xarray.DataArray"], dict[str, np.ndarray]]

LIMITED, EARLIER, ABUNDANT = 400, 800, 1600
"""Numbers of training points: the largest that counts as limited, one in between, and the one that counts as abundant."""

WEAKLY_RELATED = 0.25
"""The smallest relatedness of the grids above 0, which stands for r ≪ 1."""

SIMULATION = {"oracle": "benefit", "honest": "benefit_honest"}
THEORY = {"closure": "benefit_closure", "population": "benefit_population"}
SOURCES = SIMULATION | THEORY
"""The dataset's variable for each source of a benefit."""

FINITE = ("oracle", "honest", "closure")
"""The sources that depend on the number of samples."""

_SYMBOLS = {"n_samples": "N", "s_aux": "s_aux", "relatedness": "r"}


class Statement(NamedTuple):
    """A claim of the figure, and the sources of benefits from which it is judged.

    Parameters
    ----------
    claim
        The claim.
    sources
        Keys of `SOURCES`.
    """

    claim: Claim
    sources: tuple[str, ...] = tuple(SOURCES)


def _cells(benefit: "xarray.DataArray", *axes: str) -> dict[str, np.ndarray]:
    """The mean over all other axes, for every combination of values of those `axes` that the benefit has."""
    named = [axis for axis in axes if axis in benefit.dims]
    found = {}
    for values in itertools.product(*(benefit[axis].values.tolist() for axis in named)):
        setting = dict(zip(named, values, strict=True))
        words = ", ".join(f"{_SYMBOLS[axis]} = {value:g}" for axis, value in setting.items())
        found[words] = contrasts.per_seed(benefit.sel(setting))
    return found


def _by_signal(benefit: "xarray.DataArray") -> "xarray.DataArray":
    """High-SNR auxiliary tasks minus low-SNR ones."""
    groups = contrasts.by_aux_snr(benefit)
    return groups["high"] - groups["low"]


def _weak_step(benefit: "xarray.DataArray") -> "xarray.DataArray":
    """The change of the benefit from r = 0 to weakly related tasks, with limited data."""
    limited = contrasts.between(benefit, "n_samples", 0, LIMITED, closed=True)
    return contrasts.at(limited, relatedness=WEAKLY_RELATED) - contrasts.at(limited, relatedness=0.0)


def _unrelated(*axes: str) -> Cases:
    return lambda benefit: _cells(contrasts.at(benefit, relatedness=0.0), *axes)


def _signal(*axes: str) -> Cases:
    return lambda benefit: _cells(
        _by_signal(contrasts.between(benefit, "relatedness", 0.0, math.inf, closed=False)), *axes
    )


def _weakly_related(*axes: str) -> Cases:
    return lambda benefit: _cells(_weak_step(benefit), *axes)


def _abundant(benefit: "xarray.DataArray") -> "xarray.DataArray":
    return contrasts.at(benefit, n_samples=ABUNDANT) if "n_samples" in benefit.dims else benefit


def _size(benefit: "xarray.DataArray") -> np.ndarray:
    return contrasts.per_seed(abs(contrasts.average(benefit, ["s_main"])))


def _shrinkage(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    if "n_samples" not in benefit.dims:
        raise NotMeasured("needs the axis n_samples")
    many, few = (_size(contrasts.at(benefit, n_samples=count)) for count in (ABUNDANT, LIMITED))
    return {"": many - few}


def _pair(
    key: str,
    words: tuple[str, str],
    limit: Limit,
    cases: tuple[Cases, Cases],
    sources: tuple[str, ...] = tuple(SOURCES),
) -> tuple[Statement, Statement]:
    """A row's statement about the mean over the grid, and about each value on the grid."""
    return (
        Statement(figure_claim(key, words[0], limit, cases[0]), sources),
        Statement(figure_claim(f"{key}-anywhere", words[1], limit, cases[1]), sources),
    )


_AT_ABUNDANT = f"(d) N = {ABUNDANT:,} (population: N → ∞): "
_AT_LIMITED = f"(c) N ≤ {LIMITED}: benefit at r = {WEAKLY_RELATED:g} minus at r = 0"

TABLE_1: dict[str, tuple[Statement, ...]] = {
    "(a)  r = 0, any s_aux, any N: no benefit": _pair(
        "a-unrelated-brings-nothing",
        (
            "(a) unrelated tasks (r = 0): benefit, mean over s_aux, N and s_main",
            "(a) unrelated tasks (r = 0): benefit at each s_aux and N, mean over s_main",
        ),
        NO_EFFECT,
        (_unrelated(), _unrelated("n_samples", "s_aux")),
    ),
    "(b)  r > 0, any N: the benefit grows with s_aux": _pair(
        "b-related-grows-with-aux-snr",
        (
            "(b) related tasks (r > 0): high-SNR aux minus low-SNR aux, mean over r, N and s_main",
            "(b) related tasks: high-SNR aux minus low-SNR aux at each r > 0 and N, mean over s_main",
        ),
        POSITIVE,
        (_signal(), _signal("relatedness", "n_samples")),
    ),
    "(c)  0 < r ≪ 1, any s_aux, limited data: the benefit grows with r": _pair(
        "c-weakly-related-grows",
        (
            f"{_AT_LIMITED}, mean over s_aux, N and s_main",
            f"{_AT_LIMITED} at each s_aux and N, mean over s_main",
        ),
        POSITIVE,
        (_weakly_related(), _weakly_related("n_samples", "s_aux")),
        FINITE,
    ),
    "(d)  any r, any s_aux, abundant data: the benefit is small": (
        *_pair(
            "d-small-with-abundant-data",
            (
                f"{_AT_ABUNDANT}size of the benefit averaged over s_main, mean over r and s_aux",
                f"{_AT_ABUNDANT}benefit at each r and s_aux, mean over s_main",
            ),
            NO_EFFECT,
            (
                lambda benefit: {"": _size(_abundant(benefit))},
                lambda benefit: _cells(_abundant(benefit), "relatedness", "s_aux"),
            ),
        ),
        Statement(
            figure_claim(
                "d-shrinks-with-data",
                f"(d) size of the benefit, mean over r and s_aux: at N = {ABUNDANT:,} minus at N = {LIMITED}",
                NEGATIVE,
                _shrinkage,
            ),
            FINITE,
        ),
    ),
}
"""The statements that the figure shows, by row of the table."""


# The same rows for students from random starts, as claims of the ledger


def _learnable(benefits: Benefits) -> "xarray.DataArray":
    return contrasts.between(benefits["a1"], "s_main", LEARNABLE, math.inf, closed=True)


_MEAN = f"mean over s_main ≥ {LEARNABLE:g}"


def _row_a(benefits: Benefits) -> Evidence:
    benefit = contrasts.at(_learnable(benefits), relatedness=0.0)
    cases = {
        f"{samples}, r = 0, {snr}-SNR auxiliary tasks, {_MEAN}": contrasts.per_seed(group)
        for samples, row in along(benefit, "n_samples", "N")
        for snr, group in contrasts.by_aux_snr(row).items()
    }
    return Evidence(within=each(NO_EFFECT, cases, case="benefit"))


def _row_b(benefits: Benefits) -> Evidence:
    def readings(relatedness: float) -> tuple[Reading, ...]:
        case = f"benefit of high- minus low-SNR auxiliary tasks, r = {relatedness:g}, {_MEAN}"
        rows = along(_learnable(benefits), "n_samples", "N")
        changes = {samples: contrasts.signal(row, relatedness) for samples, row in rows}
        return each(Limit("at least", NEGLIGIBLE), changes, case=case)

    return Evidence(within=(*readings(1.0), *readings(0.75)), beyond=readings(WEAKLY_RELATED))


def _row_c(benefits: Benefits) -> Evidence:
    changes = {
        f"{samples}, {snr}-SNR auxiliary tasks": contrasts.per_seed(group)
        for samples, row in along(_weak_step(_learnable(benefits)), "n_samples", "N")
        for snr, group in contrasts.by_aux_snr(row).items()
    }
    case = f"benefit at r = {WEAKLY_RELATED:g} minus at r = 0, {_MEAN}"
    return Evidence(within=each(POSITIVE, changes, case=case))


def _row_d(benefits: Benefits) -> Evidence:
    change = _fully_related(benefits, ABUNDANT) - _fully_related(benefits, EARLIER)
    case = f"benefit at N = {ABUNDANT} minus at N = {EARLIER}, r = 1, high-SNR auxiliary tasks, {_MEAN}"
    return Evidence(
        within=no_benefit_anywhere(_abundant(_learnable(benefits)), f"N = {ABUNDANT}", _MEAN),
        instead=(below(case, change),),
    )


def _fully_related(benefits: Benefits, samples: int) -> np.ndarray:
    benefit = contrasts.at(_learnable(benefits), n_samples=samples, relatedness=1.0)
    return contrasts.per_seed(contrasts.by_aux_snr(benefit)["high"])


_CUBE = f"students from random starts, the whole cube, main tasks that can be learned (s_main ≥ {LEARNABLE:g})"
_NONE = f"mean over seeds; none means at most {NEGLIGIBLE:g} nats"

CLAIMS = (
    Claim(
        "start-table-1a",
        "4.4, Table 1(a)",
        "From random starts unrelated tasks bring no benefit and do no harm, as the TA analysis predicts.",
        f"{_CUBE}, r = 0",
        _NONE,
        _row_a,
        figures=("a1",),
    ),
    Claim(
        "start-table-1b",
        "4.4, Table 1(b)",
        "From random starts the benefit grows with the auxiliary task's SNR for r > 0, as the TA analysis predicts.",
        _CUBE,
        f"mean over seeds of paired contrasts; growth means {NEGLIGIBLE:g} nats or more",
        _row_b,
        condition=f"the tasks are clearly related (r = 0.75 and 1, not {WEAKLY_RELATED:g})",
        figures=("a1",),
    ),
    Claim(
        "start-table-1c",
        "4.4, Table 1(c)",
        "From random starts and with limited data the benefit grows with r at small r, as the TA analysis predicts.",
        f"{_CUBE}, N ≤ {LIMITED}, low- and high-SNR auxiliary tasks",
        f"from r = 0 to the smallest relatedness of the cube, {WEAKLY_RELATED:g}; mean over seeds of paired contrasts, the "
        "sign decides",
        _row_c,
        figures=("a1",),
    ),
    Claim(
        "start-table-1d",
        "4.4, Table 1(d)",
        "From random starts and with abundant data the benefit is small, as the TA analysis predicts.",
        f"{_CUBE}, N = {ABUNDANT:,}",
        _NONE,
        _row_d,
        truth=f"the help of fully related tasks (r = 1) is past its peak: it is less than at {EARLIER} points",
        figures=("a1",),
    ),
)
