"""Panels: the form of the paper's appendix figures (A1–A4).

One panel for each value of a row axis and a column axis. In each, the benefit against the auxiliary task's SNR, one
line per relatedness with a shaded band of one standard error over seeds; theory dashed in the same colour. Above the
zero line the auxiliary task helps. All panels share both axes, so that heights can be compared.
"""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.plots._palette import relatedness_colour, relatedness_marker
from sharedtrunk.plots._stripes import legend_lines
from sharedtrunk.plots._style import house_style

_WIDTH, _HEIGHT = 1.75, 1.5  # of a panel, in inches
_MARGIN = (2.1, 1.3)  # for the labels and the legend


def draw_panel(axes: Axes, benefit: xr.DataArray, theory: xr.DataArray | None = None) -> None:
    """Draw mean ± standard error over seeds of `benefit` (dims s_aux, relatedness, seed; nats) and the mean of `theory`."""
    order = ("relatedness", "s_aux", "seed")
    mean, error, _ = mean_and_error(benefit.transpose(*order).values, axis=-1)
    predicted = None if theory is None else mean_and_error(theory.transpose(*order).values, axis=-1)[0]
    s_aux = benefit["s_aux"].values
    axes.axhline(0.0, color="0.35", linewidth=0.7, zorder=1)
    for level, relatedness in enumerate(benefit["relatedness"].values):
        colour = relatedness_colour(relatedness)
        axes.fill_between(
            s_aux, mean[level] - error[level], mean[level] + error[level], color=colour, alpha=0.25, linewidth=0
        )
        marker = relatedness_marker(relatedness)
        axes.plot(s_aux, mean[level], color=colour, marker=marker, markersize=2.4, linewidth=1.1)
        if predicted is not None:
            axes.plot(s_aux, predicted[level], color=colour, linestyle=(0, (2, 1.5)), linewidth=1.0)


def panels_figure(
    benefit: xr.DataArray,
    *,
    rows: str,
    columns: str,
    title: str,
    row_label: str,
    column_label: str,
    note: str,
    theory: xr.DataArray | None = None,
) -> Figure:
    """Compose the picture: `rows` downwards, `columns` to the right, each panel headed by its value."""
    with house_style():
        shape = benefit.sizes[rows], benefit.sizes[columns]
        size = (max(_WIDTH * shape[1], 4.0) + _MARGIN[0], _HEIGHT * shape[0] + _MARGIN[1])
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
        for i, row in enumerate(benefit[rows].values):
            for j, column in enumerate(benefit[columns].values):
                place = {rows: row, columns: column}
                draw_panel(grid[i, j], benefit.sel(place), None if theory is None else theory.sel(place))
                if i == 0:
                    grid[i, j].set_title(f"{column_label} = {column:g}", fontsize=8.5)
            named = row if isinstance(row, str) else f"{row_label} = {row:g}"
            grid[i, 0].set_ylabel(named, fontsize=8.5, fontweight="bold")
        for axes in grid.flat:
            axes.tick_params(labelsize=7.5)
        for axes in grid[-1]:
            axes.set_xlabel("aux SNR s_aux", fontsize=8)
        _scale(grid[0, 0], benefit["s_aux"].values)
        figure.supylabel("multitask benefit (nats)", fontsize=9)
        figure.supxlabel(note, fontsize=7.5, x=0.01, ha="left", color="0.25")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        _legend(figure, benefit["relatedness"].values, with_theory=theory is not None)
    return figure


def _scale(axes: Axes, s_aux: np.ndarray) -> None:
    axes.set_xscale("log")
    decades = [value for value in s_aux if np.isclose(np.log10(value) % 1, 0)]
    decades = decades[:: 2 if len(decades) > 3 else 1]
    axes.set_xticks(decades or s_aux, [f"{value:g}" for value in decades or s_aux])
    axes.minorticks_off()


def _legend(figure: Figure, levels: np.ndarray, *, with_theory: bool) -> None:
    handles = legend_lines(levels)
    if with_theory:
        handles.append(Line2D([], [], color="0.3", linestyle=(0, (2, 1.5)), linewidth=1.0, label="theory:\nclosure"))
    figure.legend(handles=handles, loc="outside right center", title="relatedness r", title_fontsize=8)
