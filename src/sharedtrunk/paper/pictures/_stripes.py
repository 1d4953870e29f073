"""Stripes: the form of the paper's summary figures (2 and 3).

The x axis is cut into alternating stripes, one for each value of the axis that grows from left to right. Within a
stripe every relatedness has one short line: its left end is the mean benefit of low-SNR auxiliary tasks, its right
end that of high-SNR ones, each with the standard error over seeds. Above the zero line the auxiliary task helps. Theory
stands beside it: a black tick is what the closure predicts, a pale bar reaches from the lower to the upper bound.
"""

import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.plots._palette import relatedness_colour, relatedness_marker
from sharedtrunk.plots._style import house_style

_ENDS = {"low": -0.24, "high": 0.24}  # where in its stripe (width 1) an auxiliary SNR stands
_SPREAD = 0.2  # relatedness levels stand side by side, so that their error bars do not cover each other

_NAME_WIDTH = 8  # characters of a stripe's name in a line


class Stripes(NamedTuple):
    """What one panel shows, all with dims stripe, relatedness, aux_snr, seed, in nats: the benefit, and theory of it."""

    benefit: xr.DataArray
    predicted: xr.DataArray | None = None
    bounds: tuple[xr.DataArray, xr.DataArray] | None = None


def draw_stripes(axes: Axes, shown: Stripes, *, stripe: str) -> None:
    """Draw mean ± standard error over seeds of the benefit, and the means of what theory says.

    A mean that no seed has is not drawn; a single seed has no error bar.
    """

    def over_seeds(values: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
        ordered = values.transpose(stripe, "relatedness", "aux_snr", "seed").values
        return mean_and_error(ordered, axis=-1)[:2]

    benefit = shown.benefit
    mean, error = over_seeds(benefit)
    predicted = None if shown.predicted is None else over_seeds(shown.predicted)[0]
    bounds = None if shown.bounds is None else [over_seeds(side)[0] for side in shown.bounds]
    levels = benefit["relatedness"].values
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(levels)) if len(levels) > 1 else np.zeros(1)
    ends = np.array([_ENDS[str(snr)] for snr in benefit["aux_snr"].values])
    for position in range(benefit.sizes[stripe]):
        for level, relatedness in enumerate(levels):
            places = position + ends + offsets[level]
            if bounds is not None:
                axes.vlines(
                    places, *(side[position, level] for side in bounds), **_bar(relatedness_colour(relatedness))
                )
            if predicted is not None:
                axes.plot(places, predicted[position, level], **_TICK)
            axes.errorbar(
                places,
                mean[position, level],
                yerr=error[position, level],
                color=relatedness_colour(relatedness),
                marker=relatedness_marker(relatedness),
                markersize=3.6,
                linewidth=1.4,
                elinewidth=0.9,
                capsize=1.5,
            )
    _mark_stripes(axes, benefit[stripe].values)


_TICK: dict[str, Any] = {
    "linestyle": "none", "marker": "_", "markersize": 7, "markeredgewidth": 1.1, "color": "black", "zorder": 4
}  # fmt: skip


def _bar(colour: Any) -> dict[str, Any]:
    return {"color": colour, "alpha": 0.28, "linewidth": 3.0, "zorder": 1.5}


def stripes_figure(
    panels: Mapping[str, Stripes], *, stripe: str, title: str, x_label: str, y_label: str, note: str
) -> Figure:
    """Compose the picture: the first of `panels` (by title) large, the others small beside it, one y axis."""
    with house_style():
        figure = Figure(figsize=(10.4, 4.6), layout="constrained")
        widths = [1.9] + [1.0] * (len(panels) - 1)
        row = figure.subplots(1, len(panels), sharey=True, squeeze=False, gridspec_kw={"width_ratios": widths})[0]
        for axes, (panel, shown) in zip(row, panels.items(), strict=True):
            draw_stripes(axes, shown, stripe=stripe)
            axes.set_title(panel)
            axes.set_xlabel(x_label)
        row[0].set_ylabel(y_label)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        first = next(iter(panels.values()))
        handles = legend_lines(first.benefit["relatedness"].values) + _theory_signs(first)
        figure.legend(handles=handles, loc="outside right center", title="relatedness r", title_fontsize=8)
        figure.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color="0.25")
    return figure


def _mark_stripes(axes: Axes, values: np.ndarray) -> None:
    for position in range(0, len(values), 2):
        axes.axvspan(position - 0.5, position + 0.5, color="0.93", linewidth=0, zorder=0)
    axes.axhline(0.0, color="0.35", linewidth=0.8, zorder=1)
    axes.set_xlim(-0.5, len(values) - 0.5)
    names = [textwrap.fill(value, _NAME_WIDTH) if isinstance(value, str) else f"{value:g}" for value in values]
    axes.set_xticks(range(len(values)), names)
    axes.tick_params(axis="x", length=0)


def _theory_signs(shown: Stripes) -> list[Line2D]:
    signs = []
    if shown.predicted is not None:
        signs.append(Line2D([], [], label="theory: closure", **_TICK))
    if shown.bounds is not None:
        signs.append(Line2D([], [], label="bounds (22)–(23)", **_bar("0.4")))
    return signs


def legend_lines(levels: np.ndarray) -> list[Line2D]:
    """One sign per relatedness, the highest first: the order in which related tasks stand in the picture."""
    return [
        Line2D(
            [],
            [],
            color=relatedness_colour(level),
            marker=relatedness_marker(level),
            markersize=4,
            label=f"{level:g}",
        )
        for level in sorted(levels, reverse=True)
    ]
