"""The three trends that the captions repeat, as readings of any benefit.

The benefit grows with relatedness; it grows with the auxiliary task's SNR where the tasks are related, and falls with it
where they are not.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.ledger._claim import Reading
from sharedtrunk.paper.ledger._seeds import above, below, none

if TYPE_CHECKING:
    import xarray

PER_R = "nats per unit r"

LEARNABLE = 1.0
"""Main tasks of this SNR and more can be learned with the standard problem's noise."""

HOPELESS = 0.1
"""The labels of main tasks of this SNR and less are nearly noise."""


def over_relatedness(benefit: "xarray.DataArray", where: str, limit: float = 0.0) -> Reading:
    """Of high-SNR auxiliary tasks: the slope of the benefit on relatedness, which must not be below `limit`."""
    slope = contrasts.slope(contrasts.by_aux_snr(benefit)["high"])
    return above(f"slope of the benefit on r, high-SNR auxiliary tasks, {where}", slope, limit, PER_R)


def over_signal_related(benefit: "xarray.DataArray", where: str, limit: float = 0.0) -> Reading:
    """At r = 1: the benefit of high-SNR auxiliary tasks minus that of low-SNR ones, which must not be below `limit`."""
    return above(_signal_words(1.0, where), contrasts.signal(benefit, 1.0), limit)


def over_signal_unrelated(benefit: "xarray.DataArray", where: str, limit: float = 0.0) -> Reading:
    """At r = 0: the benefit of high-SNR auxiliary tasks minus that of low-SNR ones, which must not be above `limit`."""
    return below(_signal_words(0.0, where), contrasts.signal(benefit, 0.0), limit)


TRENDS = (over_relatedness, over_signal_related, over_signal_unrelated)


def all_trends(benefit: "xarray.DataArray", where: str) -> tuple[Reading, ...]:
    """The three signs in one place."""
    return tuple(trend(benefit, where) for trend in TRENDS)


def sizes(benefit: "xarray.DataArray", where: str, over: str) -> tuple[Reading, ...]:
    """That there is no benefit, at each relatedness and auxiliary SNR, the most helpful ones first."""
    groups = contrasts.by_aux_snr(benefit)
    return tuple(
        none(f"benefit at {where}, {relatedness}, {snr}-SNR auxiliary tasks, {over}", contrasts.per_seed(cell))
        for snr in ("high", "low")
        for relatedness, cell in reversed(list(along(groups[snr].sortby("relatedness"), "relatedness", "r")))
    )


def along(benefit: "xarray.DataArray", axis: str, symbol: str) -> "Iterator[tuple[str, xarray.DataArray]]":
    """The benefit at each value of an axis, with the words for where that is."""
    if axis not in benefit.dims:
        raise contrasts.NotMeasured(f"needs the axis {axis}")
    for value in benefit[axis].values.tolist():
        yield (value if isinstance(value, str) else f"{symbol} = {value:g}"), contrasts.at(benefit, **{axis: value})


def _signal_words(relatedness: float, where: str) -> str:
    return f"benefit of high- minus low-SNR auxiliary tasks, r = {relatedness:g}, {where}"
