"""Heat map of a directed affinity. A row is a main task, a column the auxiliary task beside it; blue is a gain, red a loss.

The colours are symmetric about 0, so white is no effect, however large the largest effect is. A cell holds the verdict's sign
and the benefit with its standard error. A heavy frame surrounds the tasks of a group.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, TwoSlopeNorm, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sharedtrunk import plots
from sharedtrunk.affinity._effects_forest import DECIMALS
from sharedtrunk.affinity._records import Effect
from sharedtrunk.affinity._verdicts import CANNOT_TELL, HELPS, HURTS
from sharedtrunk.errors import invalid

_CELL = (0.86, 0.5)  # inches: width and height of a cell
_LEFT = 1.9  # inches for the names of rows
_NAME_LINE = 0.145  # inches per line of a column's name
_BAR, _BAR_WIDTH = 0.25, 0.14  # inches: the space before the colour bar, and its width
_RIGHT = 0.85  # inches for the colour bar's numbers
_LEAST_WIDTH = 6.6  # inches of the picture, for the title
_TITLE, _NOTE = 0.21, 0.15  # inches per line of the title and of the note
_PER_INCH = (9.5, 15.5)  # characters per inch of the title and of the note
_ROW_NAME, _COLUMN_NAME = 22, 11  # characters in a line of a name
_ROW_LINES, _COLUMN_LINES = 3, 5  # the largest numbers of lines of a name
_COLOURS = "RdBu"
_PALER = 0.5  # share of white in a cell with the verdict "cannot tell yet"
_DARK = 0.179  # luminance below which white letters have more contrast than black ones (WCAG 2)


def affinity_figure(
    effects: Mapping[tuple[str, str], Effect],
    tasks: Sequence[str],
    groups: Sequence[Sequence[str]],
    *,
    title: str,
    note: str,
    unit: str = "nats",
) -> Figure:
    """Draw the effect of every task on every other.

    Parameters
    ----------
    effects
        Effects by (main task, auxiliary task).
    tasks
        All tasks, in the order of rows and columns.
    groups
        Groups of tasks; each gets a frame.
    title, note
        Text above and below the cells.
    unit
        Of the benefits.

    Raises
    ------
    InputError
        For an effect on or of a task that is not among `tasks`.
    """
    unknown = sorted({name for pair in effects for name in pair} - set(tasks))
    if unknown:
        rule = "effects are between the tasks of the matrix"
        raise invalid(rule, received=", ".join(unknown), hint="Name every task.")
    order = _together(tasks, groups)
    width, height = (len(order) * side for side in _CELL)
    across = max(_LEFT + width + _BAR + _BAR_WIDTH + _RIGHT, _LEAST_WIDTH)
    above, below = (
        [line for part in text.split("\n") for line in plots.name_lines(part, int(across * per))]
        for text, per in zip((title, note), _PER_INCH, strict=True)
    )
    head = max(len(plots.name_lines(task, _COLUMN_NAME, most=_COLUMN_LINES)) for task in order)
    top = 0.3 + _TITLE * len(above) + _NAME_LINE * head
    down = top + height + 0.2 + _NOTE * len(below) + 0.12
    with plots.house_style():
        figure = Figure(figsize=(across, down))
        axes = figure.add_axes((_LEFT / across, 1 - (top + height) / down, width / across, height / down))
        bar_left = (_LEFT + width + _BAR) / across
        bar = figure.add_axes((bar_left, 1 - (top + height) / down, _BAR_WIDTH / across, height / down))
        scale = _scale(effects)
        _draw_cells(axes, effects, order, scale)
        _draw_frames(axes, order, groups)
        mappable = ScalarMappable(scale, _COLOURS)
        figure.colorbar(mappable, cax=bar)
        bar.set_title(unit, fontsize=8, loc="left")
        style: dict[str, Any] = {"parse_math": False}
        figure.text(0.1 / across, 1 - 0.1 / down, "\n".join(above), va="top", fontsize=11, fontweight="bold", **style)
        figure.text(0.1 / across, 0.1 / down, "\n".join(below), va="bottom", fontsize=7.5, color="0.25", **style)
    return figure


def _together(tasks: Sequence[str], groups: Sequence[Sequence[str]]) -> list[str]:
    """Return the tasks in an order in which those of a group are neighbours."""
    grouped = [task for group in groups for task in group if task in tasks]
    return list(dict.fromkeys([*grouped, *tasks]))


def _scale(effects: Mapping[tuple[str, str], Effect]) -> Normalize:
    """Return a scale around 0 up to the largest |mean| + 2 standard errors, so that insignificant effects stay pale."""
    ends = [abs(effect.benefit.mean) + 2 * effect.benefit.standard_error for effect in effects.values()]
    ends += [abs(effect.benefit.mean) for effect in effects.values()]
    largest = max((end for end in ends if math.isfinite(end)), default=0.0) or 1.0
    return TwoSlopeNorm(0.0, -largest, largest)


def _draw_cells(axes: Axes, effects: Mapping[tuple[str, str], Effect], order: Sequence[str], scale: Normalize) -> None:
    axes.set(xlim=(0, len(order)), ylim=(len(order), 0))
    axes.set_axis_off()
    for i, task in enumerate(order):
        row = "\n".join(plots.name_lines(task, _ROW_NAME, most=_ROW_LINES))
        column = "\n".join(plots.name_lines(task, _COLUMN_NAME, most=_COLUMN_LINES))
        plain = {"parse_math": False, "fontsize": 8}
        axes.text(-0.08, i + 0.5, row, ha="right", va="center", **plain)
        axes.text(i + 0.5, -0.1, column, ha="center", va="bottom", **plain)
        for j, other in enumerate(order):
            _draw_cell(axes, j, i, effects.get((task, other)), scale)
    corner = {"fontsize": 7.5, "color": "0.25", "fontweight": "bold", "ha": "right"}
    axes.text(-0.08, -0.1, "main task ↓   beside →", va="bottom", **corner)


def _draw_cell(axes: Axes, left: int, top: int, effect: Effect | None, scale: Normalize) -> None:
    background, text, weight = "#f2f2f2", "", "normal"
    if effect is not None:
        mark, found = plots.effect_sign(effect.verdict).mark, effect.benefit
        text = f"{mark}\nno number"
        if math.isfinite(found.mean):
            background = _background(effect, scale)
            error = f"\n± {found.standard_error:.{DECIMALS}f}" if math.isfinite(found.standard_error) else ""
            text = f"{mark} {plots.signed(found.mean, DECIMALS)}{error}"
        weight = "bold" if effect.verdict in (HELPS, HURTS) else "normal"
    axes.add_patch(Rectangle((left, top), 1, 1, facecolor=background, edgecolor="white", linewidth=1.2))
    ink = "white" if _luminance(background) < _DARK else "black"
    style = {"ha": "center", "va": "center", "fontsize": 7.5, "linespacing": 1.2}
    axes.text(left + 0.5, top + 0.5, text, color=ink, fontweight=weight, **style)


def _background(effect: Effect, scale: Normalize) -> str:
    """Return the colour of a cell by its mean, paler for the verdict "cannot tell yet"."""
    white = _PALER if effect.verdict == CANNOT_TELL else 0.0
    red, green, blue = (
        (1 - white) * part + white for part in to_rgb(matplotlib.colormaps[_COLOURS](scale(effect.benefit.mean)))
    )
    return to_hex((red, green, blue))


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 for black to 1 for white."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _draw_frames(axes: Axes, order: Sequence[str], groups: Sequence[Sequence[str]]) -> None:
    for group in groups:
        places = np.sort([order.index(task) for task in group if task in order])
        if len(places) < 2 or places[-1] - places[0] != len(places) - 1:
            continue  # a single task, or a group that shares a task with an earlier group
        frame = {"fill": False, "edgecolor": "black", "linewidth": 2, "clip_on": False, "zorder": 4}
        axes.add_patch(Rectangle((places[0], places[0]), len(places), len(places), **frame))
