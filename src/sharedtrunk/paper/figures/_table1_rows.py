"""The four rows of the paper's Table 1 as claims about numbers.

"Any" is asked of every value on the grid, so that the weakest decides, and of the mean over them. Means run over the main
task's SNR too, which the table does not name. A size is taken seed by seed, so noise over seeds makes it larger.
"Limited" data are up to 400 points, "abundant" 1,600; r ≪ 1 is the step from 0 to 0.25. The population flow stands for
N → ∞ and says nothing of limited data.
"""

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NotMeasured
from sharedtrunk.paper.figures._checks import Claim

if TYPE_CHECKING:
    import xarray

SIMULATION = {"oracle": "benefit", "honest": "benefit_honest"}
THEORY = {"closure": "benefit_closure", "population": "benefit_population"}
WAYS = SIMULATION | THEORY
"""Way of knowing → the variable of the dataset that it is about."""

FINITE = ("oracle", "honest", "closure")
"""The ways that know a number of samples."""

LIMITED, ABUNDANT, WEAK = 400, 1600, 0.25

_SYMBOLS = {"n_samples": "N", "s_aux": "s_aux", "relatedness": "r"}


class Asked(NamedTuple):
    """A claim, and of which ways of knowing it is asked."""

    claim: Claim
    ways: tuple[str, ...]


def _cells(benefit: "xarray.DataArray", *axes: str) -> dict[str, np.ndarray]:
    """The mean over all other axes for every combination of values of `axes` (those that the benefit has)."""
    named = [axis for axis in axes if axis in benefit.dims]
    found = {}
    for values in itertools.product(*(benefit[axis].values.tolist() for axis in named)):
        place = dict(zip(named, values, strict=True))
        words = ", ".join(f"{_SYMBOLS[axis]} = {value:g}" for axis, value in place.items())
        found[words] = contrasts.per_seed(benefit.sel(place))
    return found


def _unrelated(*axes: str):
    return lambda benefit: _cells(contrasts.at(benefit, relatedness=0.0), *axes)


def _signal(*axes: str):
    def contrast(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        related = contrasts.between(benefit, "relatedness", 0.0, math.inf, closed=False)
        groups = contrasts.by_aux_snr(related)
        return _cells(groups["high"] - groups["low"], *axes)

    return contrast


def _weak_step(*axes: str):
    def contrast(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        limited = contrasts.between(benefit, "n_samples", 0, LIMITED, closed=True)
        return _cells(contrasts.at(limited, relatedness=WEAK) - contrasts.at(limited, relatedness=0.0), *axes)

    return contrast


def _abundant(benefit: "xarray.DataArray") -> "xarray.DataArray":
    return contrasts.at(benefit, n_samples=ABUNDANT) if "n_samples" in benefit.dims else benefit


def _each_abundant(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    return _cells(_abundant(benefit), "relatedness", "s_aux")


def _size(benefit: "xarray.DataArray") -> np.ndarray:
    return contrasts.per_seed(abs(contrasts.average(benefit, ["s_main"])))


def _abundant_size(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    return {"": _size(_abundant(benefit))}


def _shrinkage(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
    if "n_samples" not in benefit.dims:
        raise NotMeasured("needs the axis n_samples")
    many, few = (_size(contrasts.at(benefit, n_samples=count)) for count in (ABUNDANT, LIMITED))
    return {"": many - few}


_ALL = tuple(WAYS)

ROWS: dict[str, tuple[Asked, ...]] = {
    "(a)  r = 0, any s_aux, any N: no benefit": (
        Asked(
            Claim(
                "a-unrelated-brings-nothing",
                "(a) unrelated tasks (r = 0): benefit, mean over s_aux, N and s_main",
                "negligible",
                _unrelated(),
            ),
            _ALL,
        ),
        Asked(
            Claim(
                "a-unrelated-brings-nothing-anywhere",
                "(a) unrelated tasks (r = 0): benefit at each s_aux and N, mean over s_main",
                "negligible",
                _unrelated("n_samples", "s_aux"),
            ),
            _ALL,
        ),
    ),
    "(b)  r > 0, any N: the benefit grows with s_aux": (
        Asked(
            Claim(
                "b-related-grows-with-aux-snr",
                "(b) related tasks (r > 0): high-SNR aux minus low-SNR aux, mean over r, N and s_main",
                "positive",
                _signal(),
            ),
            _ALL,
        ),
        Asked(
            Claim(
                "b-related-grows-with-aux-snr-anywhere",
                "(b) related tasks: high-SNR aux minus low-SNR aux at each r > 0 and N, mean over s_main",
                "positive",
                _signal("relatedness", "n_samples"),
            ),
            _ALL,
        ),
    ),
    "(c)  0 < r ≪ 1, any s_aux, limited data: the benefit grows with r": (
        Asked(
            Claim(
                "c-weakly-related-grows",
                f"(c) N ≤ {LIMITED}: benefit at r = {WEAK:g} minus at r = 0, mean over s_aux, N and s_main",
                "positive",
                _weak_step(),
            ),
            FINITE,
        ),
        Asked(
            Claim(
                "c-weakly-related-grows-anywhere",
                f"(c) N ≤ {LIMITED}: benefit at r = {WEAK:g} minus at r = 0 at each s_aux and N, mean over s_main",
                "positive",
                _weak_step("n_samples", "s_aux"),
            ),
            FINITE,
        ),
    ),
    "(d)  any r, any s_aux, abundant data: the benefit is small": (
        Asked(
            Claim(
                "d-small-with-abundant-data",
                f"(d) N = {ABUNDANT:,} (population: N → ∞): size of the benefit averaged over s_main, mean over r and s_aux",
                "negligible",
                _abundant_size,
            ),
            _ALL,
        ),
        Asked(
            Claim(
                "d-small-with-abundant-data-anywhere",
                f"(d) N = {ABUNDANT:,} (population: N → ∞): benefit at each r and s_aux, mean over s_main",
                "negligible",
                _each_abundant,
            ),
            _ALL,
        ),
        Asked(
            Claim(
                "d-shrinks-with-data",
                f"(d) size of the benefit, mean over r and s_aux: at N = {ABUNDANT:,} minus at N = {LIMITED}",
                "negative",
                _shrinkage,
            ),
            FINITE,
        ),
    ),
}
"""Row of the table, in words, → its claims."""
