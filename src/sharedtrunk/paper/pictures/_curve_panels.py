"""Curves over one thing at a time: the form of the figure of weight decay.

A row of panels for each number of classes. In a panel points are means over seeds with their standard errors, and theory is a
line through its means. The panels of a row that show the same quantity share one y axis.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error

_WIDTH, _HEIGHT = 2.75, 2.7  # inches: a panel
_MARGIN = (1.9, 1.25)  # inches, for the legend, and for the title and the note


class Curve(NamedTuple):
    """Values (x, seed) over x, the keywords of `Axes.errorbar` that draw them, and whether their errors are drawn.

    Parameters
    ----------
    x
        Places on the x axis.
    values
        Numbers (x, seed).
    style
        Keywords of `Axes.errorbar`.
    errors
        Whether error bars are drawn.
    """

    x: np.ndarray
    values: np.ndarray
    style: Mapping[str, Any]
    errors: bool = True


class Panel(NamedTuple):
    """Curves over one thing: the panel's title, the label of its x axis, the ticks there, and whether x is logarithmic.

    Panels with the same `quantity` share their y axis.

    Parameters
    ----------
    title, x_label
        Texts.
    ticks
        Text of each tick by its place.
    curves
        The curves.
    quantity
        What the y axis shows.
    logarithmic
        Whether the x axis is.
    """

    title: str
    x_label: str
    ticks: Mapping[float, str]
    curves: Sequence[Curve]
    quantity: str
    logarithmic: bool = True


def curves_figure(rows: Mapping[str, Sequence[Panel]], legend: Iterable[Line2D], *, title: str, note: str) -> Figure:
    """Draw rows of panels.

    Parameters
    ----------
    rows
        The panels of every row, by its name.
    legend
        The entries of the legend.
    title, note
        Text above and below the panels.
    """
    columns = max(map(len, rows.values()))
    with plots.house_style():
        size = (_WIDTH * columns + _MARGIN[0], _HEIGHT * len(rows) + _MARGIN[1])
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for axes, (name, panels) in zip(grid, rows.items(), strict=True):
            _draw_row(axes, name, panels)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        figure.supxlabel(
            "\n".join(plots.wrapped(note, int(13 * size[0]))), x=0.01, ha="left", fontsize=7.5, color="0.25"
        )
        figure.legend(handles=list(legend), loc="outside right center")
    return figure


def _draw_row(row: Iterable[Axes], name: str, panels: Sequence[Panel]) -> None:
    first: dict[str, Axes] = {}
    for axes, panel in zip(row, panels, strict=True):
        if panel.quantity in first:
            axes.sharey(first[panel.quantity])
            axes.tick_params(axis="y", labelleft=False)
        else:
            axes.set_ylabel(panel.quantity)
            first[panel.quantity] = axes
        _draw_panel(axes, panel)
        axes.set_title(f"{name}: {panel.title}", fontsize=8.5)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.axhline(0.0, color="0.35", linewidth=0.7, zorder=1)
    for curve in panel.curves:
        mean, error, _ = mean_and_error(curve.values, axis=-1)
        axes.errorbar(curve.x, mean, yerr=error if curve.errors else None, **curve.style)
    if panel.logarithmic:
        axes.set_xscale("log")
    axes.set_xticks(list(panel.ticks), list(panel.ticks.values()))
    axes.minorticks_off()
    axes.set_xlabel(panel.x_label)
