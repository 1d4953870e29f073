"""The three trends that every caption repeats, as readings and as claims of a figure.

The benefit grows with relatedness; it grows with the auxiliary task's SNR where the tasks are related, and falls with it
where they are not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import (
    NEGATIVE,
    POSITIVE,
    Claim,
    Limit,
    Reading,
    figure_claim,
    negligible,
    over_seeds,
)

if TYPE_CHECKING:
    import xarray

PER_R = "nats per unit relatedness"


@dataclass(frozen=True)
class Trend:
    """One trend: the contrast that measures it, its sign, and its words.

    `key` and `statement` are those of a figure's claim, and `case` that of a reading. `contrast` maps a benefit to one
    number per seed.
    """

    key: str
    statement: str
    case: str
    contrast: "Callable[[xarray.DataArray], np.ndarray]"
    sign: Limit
    unit: str = "nats"

    def reading(self, benefit: "xarray.DataArray", where: str, by: float = 0.0) -> Reading:
        """The reading of whether a benefit follows the trend, by at least `by` in the direction of its sign."""
        limit = self.sign._replace(value=self.sign.value + (by if self.sign.side == "at least" else -by))
        return over_seeds(f"{self.case}, {where}", self.contrast(benefit), limit, self.unit)

    def claims(self, rows: str, symbol: str, where: str) -> tuple[Claim, Claim]:
        """The trend as two claims of a figure: for the mean over `where`, and for each row along the axis `rows`."""

        def each_row(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
            return {row: self.contrast(part) for row, part in along(benefit, rows, symbol)}

        key, words = self.key, self.statement
        return (
            figure_claim(key, f"{words} (mean over {where})", self.sign, lambda b: {"": self.contrast(b)}, self.unit),
            figure_claim(f"{key}-in-each-row", f"{words} (each row)", self.sign, each_row, self.unit),
        )


def _slope(benefit: "xarray.DataArray") -> np.ndarray:
    return contrasts.slope(contrasts.by_aux_snr(benefit)["high"])


def _effect_of_signal(relatedness: float) -> "Callable[[xarray.DataArray], np.ndarray]":
    return lambda benefit: contrasts.signal(benefit, relatedness)


WITH_RELATEDNESS = Trend(
    "grows-with-relatedness",
    "benefit of high-SNR auxiliary tasks grows with relatedness: slope on r",
    "slope of the benefit on r, high-SNR auxiliary tasks",
    _slope,
    POSITIVE,
    PER_R,
)
WITH_SIGNAL_IF_RELATED = Trend(
    "related-grows-with-aux-snr",
    "related tasks (r = 1): high-SNR aux minus low-SNR aux",
    "benefit of high- minus low-SNR auxiliary tasks, r = 1",
    _effect_of_signal(1.0),
    POSITIVE,
)
WITH_SIGNAL_IF_UNRELATED = Trend(
    "unrelated-falls-with-aux-snr",
    "unrelated tasks (r = 0): high-SNR aux minus low-SNR aux",
    "benefit of high- minus low-SNR auxiliary tasks, r = 0",
    _effect_of_signal(0.0),
    NEGATIVE,
)
TRENDS = (WITH_RELATEDNESS, WITH_SIGNAL_IF_RELATED, WITH_SIGNAL_IF_UNRELATED)


def trend_claims(rows: str, symbol: str, where: str = "all panels") -> tuple[Claim, ...]:
    """The claims of a figure about the three trends.

    Parameters
    ----------
    rows, symbol
        The axis whose values are the rows of the figure, and its symbol (unused if the values are names).
    where
        The settings that the mean is over, in words.
    """
    return tuple(claim for trend in TRENDS for claim in trend.claims(rows, symbol, where))


def all_trends(benefit: "xarray.DataArray", where: str) -> tuple[Reading, ...]:
    """The signs of the three trends in one benefit."""
    return tuple(trend.reading(benefit, where) for trend in TRENDS)


def no_benefit_anywhere(benefit: "xarray.DataArray", where: str, over: str) -> tuple[Reading, ...]:
    """No benefit at any relatedness and auxiliary SNR; the settings that should help most come first."""
    groups = contrasts.by_aux_snr(benefit)
    return tuple(
        negligible(f"benefit at {where}, {relatedness}, {snr}-SNR auxiliary tasks, {over}", contrasts.per_seed(cell))
        for snr in ("high", "low")
        for relatedness, cell in reversed(list(along(groups[snr].sortby("relatedness"), "relatedness", "r")))
    )


def along(benefit: "xarray.DataArray", axis: str, symbol: str) -> "Iterator[tuple[str, xarray.DataArray]]":
    """The benefit at each value of an axis, with the value in words: "N = 800", or the name of a student.

    Parameters
    ----------
    benefit
        A benefit from a dataset, with the axes of its figure.
    axis
        Name of the axis.
    symbol
        The axis in words.

    Yields
    ------
    iterator of (str, DataArray)
        The words, and the benefit there.
    """
    if axis not in benefit.dims:
        raise contrasts.NotMeasured(f"needs the axis {axis}")
    for value in benefit[axis].values.tolist():
        yield (value if isinstance(value, str) else f"{symbol} = {value:g}"), contrasts.at(benefit, **{axis: value})
