"""Curves of a benefit: against the auxiliary tasks' weight, against the number of main labels."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from sharedtrunk.plots._effects import BAND

_INK, _MARKED = "#2a4d8f", "#a8321f"
_ROOM = 0.075  # of the axis, between two tick labels
_DASHES = (0, (4, 2))


class Point(NamedTuple):
    """A benefit (nats) with its interval at one place of the horizontal axis; `measured`, or extended from what was."""

    at: float
    mean: float
    low: float
    high: float
    measured: bool = True


class Here(NamedTuple):
    """The user's own place on the horizontal axis, and the words that mark it."""

    at: float
    words: str


def draw_weights(axes: Axes, points: Sequence[Point], best: float, negligible: float) -> None:
    """Benefit with 95 % intervals against α; a ring marks the best weight."""
    shown = _prepare(axes, points, negligible, "weight α of the auxiliary tasks")
    for point in shown:
        axes.plot([point.at, point.at], [point.low, point.high], color=_INK, linewidth=1.3)
    axes.plot([p.at for p in shown], [p.mean for p in shown], color=_INK, linewidth=0.9, marker="o", markersize=4)
    for point in shown:
        if math.isclose(point.at, best):
            axes.plot(point.at, point.mean, "o", markersize=10, color=_MARKED, fillstyle="none", markeredgewidth=1.4)
            where = {"xytext": (9, 6), "textcoords": "offset points"}
            axes.annotate(f"α = {best:g}", (point.at, point.mean), color=_MARKED, fontsize=8, **where)


def draw_curve(axes: Axes, points: Sequence[Point], here: Here, negligible: float) -> None:
    """Benefit with its 95 % band against the number of main labels: solid where measured, dashed where extended."""
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
        _mark(axes, here)


def _mark(axes: Axes, here: Here) -> None:
    axes.axvline(here.at, color=_MARKED, linewidth=1, linestyle=":")
    low, high = np.log(axes.get_xlim())
    on_the_right = math.log(here.at) < (low + high) / 2  # the side with more room
    side = {"xytext": (4 if on_the_right else -4, -8), "ha": "left" if on_the_right else "right"}
    place = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points"}
    axes.annotate(here.words, (here.at, 1.0), color=_MARKED, fontsize=8, **place, **side)


def _prepare(axes: Axes, points: Sequence[Point], negligible: float, x_label: str) -> list[Point]:
    """Axes, labels, zero line and band; returns the points that can be drawn, in their order along the axis."""
    shown = sorted(point for point in points if point.at > 0 and math.isfinite(point.mean))
    if not shown:
        axes.set_axis_off()
        axes.text(0, 0.9, "not measured", va="top", color="0.4", transform=axes.transAxes)
        return []
    axes.set(xlabel=x_label, ylabel="benefit (nats)")
    axes.axhspan(-negligible, negligible, color=BAND, linewidth=0, zorder=0)
    axes.axhline(0.0, color="0.35", linewidth=0.8, zorder=1)
    axes.set_xscale("log")
    places = np.array([point.at for point in shown])
    room = 0.06 * np.log(places[-1] / places[0]) or 0.5
    axes.set_xlim(places[0] * np.exp(-room), places[-1] * np.exp(room))
    kept = _spaced(places, axes.get_xlim())
    axes.set_xticks(kept, [f"{place:,g}" if place >= 1 else f"{place:g}" for place in kept])
    axes.minorticks_off()
    return shown


def _spaced(places: np.ndarray, limits: tuple[float, float]) -> list[float]:
    """Those of the places whose labels have room along a logarithmic axis."""
    whole = math.log(limits[1] / limits[0])
    kept: list[float] = []
    for place in places:
        if not kept or math.log(place / kept[-1]) / whole >= _ROOM:
            kept.append(float(place))
    return kept
