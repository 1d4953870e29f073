"""Panels: the form of the paper's appendix figures (A1–A4).

There is a panel for each pair of values of a row and a column axis. It shows the benefit against the auxiliary task's SNR, as
a line for each relatedness with a shaded band of one standard error over seeds; theory is dashed in the same colour.
Above the zero line the auxiliary task helps. The panels of a row share one y axis, and rows have different ones: benefits
differ between rows by so much that on one scale whole rows would be flat.
"""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error

_WIDTH, _HEIGHT = 1.75, 1.5  # inches: a panel
_MARGIN = (2.1, 1.3)  # inches, for the labels and the legend
_DASHES = (0, (2, 1.5))


def draw_panel(axes: Axes, benefit: xr.DataArray, theory: xr.DataArray | None = None) -> None:
    """Draw the mean ± standard error over seeds of a benefit, and the mean of what theory predicts.

    Parameters
    ----------
    axes
        Where to draw.
    benefit
        Dims s_aux, relatedness, seed; nats.
    theory
        The predicted benefit, of the same dims.
    """
    order = ("relatedness", "s_aux", "seed")
    mean, error, _ = mean_and_error(benefit.transpose(*order).values, axis=-1)
    predicted = None if theory is None else mean_and_error(theory.transpose(*order).values, axis=-1)[0]
    s_aux = benefit["s_aux"].values
    axes.axhline(0.0, color="0.35", linewidth=0.7, zorder=1)
    for index, relatedness in enumerate(benefit["relatedness"].values):
        colour, marker = plots.relatedness_colour(relatedness), plots.relatedness_marker(relatedness)
        low, high = mean[index] - error[index], mean[index] + error[index]
        axes.fill_between(s_aux, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(s_aux, mean[index], color=colour, marker=marker, markersize=2.4, linewidth=1.1)
        if predicted is not None:
            axes.plot(s_aux, predicted[index], color=colour, linestyle=_DASHES, linewidth=1.0)


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
    """Draw a panel for each pair of values of two axes.

    Parameters
    ----------
    benefit
        Dims `rows`, `columns`, s_aux, relatedness, seed; nats.
    rows, columns
        The dims that grow downwards and to the right.
    title, note
        Text above and below the panels.
    row_label, column_label
        The text before the number in the name of a row or a column.
    theory
        The predicted benefit, of the same dims.
    """
    with plots.house_style():
        shape = benefit.sizes[rows], benefit.sizes[columns]
        size = (max(_WIDTH * shape[1], 4.0) + _MARGIN[0], _HEIGHT * shape[0] + _MARGIN[1])
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(*shape, sharex=True, sharey="row", squeeze=False)
        for i, row in enumerate(benefit[rows].values):
            for j, column in enumerate(benefit[columns].values):
                at = {rows: row, columns: column}
                draw_panel(grid[i, j], benefit.sel(at), None if theory is None else theory.sel(at))
                if i == 0:
                    grid[i, j].set_title(f"{column_label} = {column:g}", fontsize=8.5)
            name = row if isinstance(row, str) else f"{row_label} = {row:g}"
            grid[i, 0].set_ylabel(name, fontsize=8.5, fontweight="bold")
        for axes in grid.flat:
            axes.tick_params(labelsize=7.5)
        for axes in grid[-1]:
            axes.set_xlabel("aux SNR s_aux", fontsize=8)
        _scale(grid[0, 0], benefit["s_aux"].values)
        figure.supylabel("multitask benefit (nats), a scale for each row", fontsize=9)
        figure.supxlabel(note, fontsize=7.5, x=0.01, ha="left", color="0.25")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        handles = plots.relatedness_legend(benefit["relatedness"].values)
        if theory is not None:
            handles.append(Line2D([], [], color="0.3", linestyle=_DASHES, linewidth=1.0, label="theory:\nclosure"))
        figure.legend(handles=handles, loc="outside right center", title="relatedness r", title_fontsize=8)
    return figure


def _scale(axes: Axes, s_aux: np.ndarray) -> None:
    """Make the x axis logarithmic, with at most four labelled decades."""
    axes.set_xscale("log")
    decades = [value for value in s_aux if np.isclose(np.log10(value) % 1, 0)]
    decades = decades[:: 2 if len(decades) > 3 else 1]
    axes.set_xticks(decades or s_aux, [f"{value:g}" for value in decades or s_aux])
    axes.minorticks_off()
