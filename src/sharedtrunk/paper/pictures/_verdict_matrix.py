"""The sensitivity picture: a matrix of verdicts, with a row for each statement and a column for each choice.

The background and the sign of a cell show its verdict, and its text the number. A heavy frame marks a cell whose verdict
differs from that of the standard choice. The last columns are set apart and sum up the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sharedtrunk import plots
from sharedtrunk.errors import invalid

_CELL = (0.86, 0.5)  # inches: width and height of a cell
_LABEL = 3.5  # inches left of the cells, for the statements
_GAP = 0.25  # cells of space before the columns that sum up
_TITLE, _NOTE = 0.21, 0.15  # inches per line of the title and of the note
_PER_INCH = (9.5, 16.0)  # characters per inch of the title and of the note
_HEADING = 0.62  # cells of height for the heading above each group of rows


class Cell(NamedTuple):
    """What a cell shows: its verdict, a text of at most two lines, and whether it has a heavy frame (`marked`).

    Parameters
    ----------
    verdict, text, marked
        What is shown.
    """

    verdict: str
    text: str
    marked: bool = False


Rows = Mapping[str, Sequence[Cell]]
"""A row of cells for each statement, one cell for every column."""


def matrix_figure(groups: Mapping[str, Rows], columns: Sequence[str], *, summing: int, title: str, note: str) -> Figure:
    """Draw verdicts in cells.

    Parameters
    ----------
    groups
        Rows by the heading of their group.
    columns
        Names of the columns.
    summing
        How many of the last columns stand apart.
    title, note
        Text above and below the cells.

    Raises
    ------
    InputError
        For a row with more or fewer cells than there are columns.
    """
    for rows in groups.values():
        for statement, cells in rows.items():
            if len(cells) != len(columns):
                raise invalid(
                    "a row has a cell for every column",
                    received=f"{len(cells)} cells and {len(columns)} columns: {statement}",
                    hint="Give each statement one cell per column.",
                )
    lefts = np.arange(len(columns)) + _GAP * (np.arange(len(columns)) >= len(columns) - summing)
    width, height = lefts[-1] + 1, sum(_HEADING + len(rows) for rows in groups.values())
    with plots.house_style():
        across = _LABEL + _CELL[0] * width + 0.1
        above, below = (
            plots.wrapped(text, int(across * per)) for text, per in zip((title, note), _PER_INCH, strict=True)
        )
        bottom = _NOTE * len(below) + 0.25
        inches = (across, bottom + _CELL[1] * height + _TITLE * len(above) + 0.35)
        figure = Figure(figsize=inches)
        axes = figure.add_axes(
            (_LABEL / across, bottom / inches[1], _CELL[0] * width / across, _CELL[1] * height / inches[1])
        )
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        _draw_groups(axes, groups, columns, lefts)
        figure.text(0.1 / across, 1 - 0.1 / inches[1], "\n".join(above), va="top", fontsize=11, fontweight="bold")
        figure.text(0.1 / across, 0.1 / inches[1], "\n".join(below), va="bottom", fontsize=7.5, color="0.25")
    return figure


def _draw_groups(axes: Axes, groups: Mapping[str, Rows], columns: Sequence[str], lefts: np.ndarray) -> None:
    _head(axes, columns, lefts)
    top = 0.0
    for heading, rows in groups.items():
        _write_label(axes, top + _HEADING / 2, heading, fontweight="bold", fontsize=9)
        top += _HEADING
        for statement, cells in rows.items():
            _write_label(axes, top + 0.5, "\n".join(plots.wrapped(statement, 62)), fontsize=7)
            for left, cell in zip(lefts, cells, strict=True):
                _draw_cell(axes, left, top, cell)
            top += 1


def _head(axes: Axes, columns: Sequence[str], lefts: np.ndarray) -> None:
    for left, column in zip(lefts, columns, strict=True):
        words = "\n".join(plots.wrapped(column, 12))
        axes.text(left + 0.5, _HEADING - 0.1, words, ha="center", va="bottom", fontsize=7.5, fontweight="bold")


def _write_label(axes: Axes, height: float, text: str, **style) -> None:
    axes.text(-(_LABEL - 0.1) / _CELL[0], height, text, va="center", **style)


def _draw_cell(axes: Axes, left: float, top: float, cell: Cell) -> None:
    sign = plots.verdict_sign(cell.verdict)
    frame: dict[str, Any] = (
        {"edgecolor": "black", "linewidth": 1.6, "zorder": 3} if cell.marked else {"edgecolor": "white"}
    )
    axes.add_patch(Rectangle((left + 0.02, top + 0.03), 0.96, 0.94, facecolor=sign.ground, **frame))
    axes.text(left + 0.13, top + 0.5, sign.mark, ha="center", va="center", color=sign.ink, fontsize=10, zorder=4)
    axes.text(left + 0.6, top + 0.5, cell.text, ha="center", va="center", fontsize=7, linespacing=1.15, zorder=4)
