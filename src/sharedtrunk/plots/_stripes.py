"""Stripes: the form of the paper's summary figures (2 and 3).

The x axis is cut into alternating stripes, one for each value of the axis that grows from left to right. Within a
stripe every relatedness has one short line: its left end is the mean benefit of low-SNR auxiliary tasks, its right
end that of high-SNR ones, each with the standard error over seeds. Above the zero line the auxiliary task helps.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sharedtrunk._statistics import mean_and_error
from sharedtrunk.plots._palette import relatedness_colour, relatedness_marker
from sharedtrunk.plots._style import house_style

_ENDS = {"low": -0.24, "high": 0.24}  # where in its stripe (width 1) an auxiliary SNR stands
_SPREAD = 0.09  # relatedness levels stand side by side, so that their error bars do not cover each other


def draw_stripes(axes: Axes, benefit: xr.DataArray, *, stripe: str) -> None:
    """Draw mean ± standard error over seeds of `benefit` (dims `stripe`, relatedness, aux_snr, seed; nats).

    A mean that no seed has is not drawn; a single seed has no error bar.
    """
    benefit = benefit.transpose(stripe, "relatedness", "aux_snr", "seed")
    mean, error, _ = mean_and_error(benefit.values, axis=-1)
    levels = benefit["relatedness"].values
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(levels)) if len(levels) > 1 else np.zeros(1)
    ends = np.array([_ENDS[str(snr)] for snr in benefit["aux_snr"].values])
    for position in range(benefit.sizes[stripe]):
        for level, relatedness in enumerate(levels):
            axes.errorbar(
                position + ends + offsets[level],
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


def stripes_figure(
    panels: Mapping[str, xr.DataArray], *, stripe: str, title: str, x_label: str, y_label: str, note: str
) -> Figure:
    """Compose the picture: the first of `panels` (title → benefit) large, the others small beside it, one y axis."""
    with house_style():
        figure = Figure(figsize=(9.6, 4.3), layout="constrained")
        widths = [1.9] + [1.0] * (len(panels) - 1)
        row = figure.subplots(1, len(panels), sharey=True, squeeze=False, gridspec_kw={"width_ratios": widths})[0]
        for axes, (panel, benefit) in zip(row, panels.items(), strict=True):
            draw_stripes(axes, benefit, stripe=stripe)
            axes.set_title(panel)
            axes.set_xlabel(x_label)
        row[0].set_ylabel(y_label)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        levels = next(iter(panels.values()))["relatedness"].values
        figure.legend(
            handles=_legend_lines(levels), loc="outside right center", title="relatedness r", title_fontsize=8
        )
        figure.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color="0.25")
    return figure


def _mark_stripes(axes: Axes, values: np.ndarray) -> None:
    for position in range(0, len(values), 2):
        axes.axvspan(position - 0.5, position + 0.5, color="0.93", linewidth=0, zorder=0)
    axes.axhline(0.0, color="0.35", linewidth=0.8, zorder=1)
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.tick_params(axis="x", length=0)


def _legend_lines(levels: np.ndarray) -> list[Line2D]:
    # Highest first: the order in which related tasks stand in the picture.
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
