"""Curves of a benefit, against the weight of the auxiliary tasks and against the number of main labels."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from sharedtrunk.affinity._effects_forest import BAND

_INK, _MARKED = "#2a4d8f", "#a8321f"
_LABEL_WIDTH = 0.075  # share of the axis that a tick label needs
_DASHES = (0, (4, 2))


class Point(NamedTuple):
    """A benefit with its interval (nats) at one value of the horizontal axis, `measured` or extrapolated."""

    at: float
    mean: float
    low: float
    high: float
    measured: bool = True


class OwnCount(NamedTuple):
    """The user's own number of main labels, and the words beside its mark."""

    at: float
    words: str


def draw_by_weight(axes: Axes, points: Sequence[Point], best: float, negligible: float) -> None:
    """Draw the benefit with 95 % intervals against the weight α, with a ring around the best weight."""
    shown = _prepare(axes, points, negligible, "weight α of the auxiliary tasks")
    for point in shown:
        axes.plot([point.at, point.at], [point.low, point.high], color=_INK, linewidth=1.3)
    axes.plot([p.at for p in shown], [p.mean for p in shown], color=_INK, linewidth=0.9, marker="o", markersize=4)
    for point in shown:
        if math.isclose(point.at, best):
            axes.plot(point.at, point.mean, "o", markersize=10, color=_MARKED, fillstyle="none", markeredgewidth=1.4)
            where = {"xytext": (9, 6), "textcoords": "offset points"}
            axes.annotate(f"α = {best:g}", (point.at, point.mean), color=_MARKED, fontsize=8, **where)


def draw_by_labels(axes: Axes, points: Sequence[Point], own: OwnCount, negligible: float) -> None:
    """Draw the benefit with its 95 % band against the number of main labels, dashed where it is extrapolated."""
    shown = _prepare(axes, points, negligible, "main labels")
    for start, end in itertools.pairwise(shown):
        both = start.measured and end.measured
        at = (start.at, end.at)
        band = ((start.low, end.low), (start.high, end.high))
        axes.fill_between(at, *band, color=_INK, alpha=0.2 if both else 0.09, linewidth=0)
        axes.plot(at, (start.mean, end.mean), color=_INK, linewidth=1.3, linestyle="-" if both else _DASHES)
    for point in shown:
        filled = _INK if point.measured else "white"
        axes.plot(point.at, point.mean, "o", color=_INK, markerfacecolor=filled, markersize=4.5)
    if shown:
        _mark_own(axes, own)


def _mark_own(axes: Axes, own: OwnCount) -> None:
    axes.axvline(own.at, color=_MARKED, linewidth=1, linestyle=":")
    low, high = np.log(axes.get_xlim())
    on_the_right = math.log(own.at) < (low + high) / 2  # where more of the axis is free
    side = {"xytext": (4 if on_the_right else -4, -8), "ha": "left" if on_the_right else "right"}
    top = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points"}
    axes.annotate(own.words, (own.at, 1.0), color=_MARKED, fontsize=8, **top, **side)


def _prepare(axes: Axes, points: Sequence[Point], negligible: float, x_label: str) -> list[Point]:
    """Draw axes, labels, zero line and band. Return the points that can be drawn, in axis order."""
    shown = sorted(point for point in points if point.at > 0 and math.isfinite(point.mean))
    if not shown:
        axes.set_axis_off()
        axes.text(0, 0.9, "not measured", va="top", color="0.4", transform=axes.transAxes)
        return []
    axes.set(xlabel=x_label, ylabel="benefit (nats)")
    axes.axhspan(-negligible, negligible, color=BAND, linewidth=0, zorder=0)
    axes.axhline(0.0, color="0.35", linewidth=0.8, zorder=1)
    axes.set_xscale("log")
    values = np.array([point.at for point in shown])
    margin = 0.06 * np.log(values[-1] / values[0]) or 0.5
    axes.set_xlim(values[0] * np.exp(-margin), values[-1] * np.exp(margin))
    ticks = _spaced(values, axes.get_xlim())
    axes.set_xticks(ticks, [f"{tick:,g}" if tick >= 1 else f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    return shown


def _spaced(values: np.ndarray, limits: tuple[float, float]) -> list[float]:
    """Return the values whose labels do not touch along a logarithmic axis."""
    whole = math.log(limits[1] / limits[0])
    spaced: list[float] = []
    for value in values:
        if not spaced or math.log(value / spaced[-1]) / whole >= _LABEL_WIDTH:
            spaced.append(float(value))
    return spaced
