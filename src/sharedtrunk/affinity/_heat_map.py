"""Heat map of a directed affinity: row = the main task, column = the auxiliary task beside it; blue helps, red hurts.

The colours are symmetric about 0, so white is no effect whatever the largest one is. A cell holds the verdict's sign and
the benefit with its standard error (nats); a heavy frame joins the tasks of a group.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, TwoSlopeNorm, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sharedtrunk.errors import invalid
from sharedtrunk.plots._effects import nats
from sharedtrunk.plots._names import name_lines
from sharedtrunk.plots._style import house_style
from sharedtrunk.plots._verdicts import effect_sign

_CELL = (0.86, 0.5)  # inches
_LEFT = 1.9  # inches, for the names of rows
_NAME_LINE = 0.145  # inches a line of a column's name
_BAR, _BAR_WIDTH = 0.25, 0.14  # inches: before the colour bar, and its width
_RIGHT = 0.85  # inches, for the colour bar's numbers
_LEAST_WIDTH = 6.6  # inches, for the title
_TITLE, _NOTE = 0.21, 0.15  # inches a line
_PER_INCH = (9.5, 15.5)  # characters of the title and of the note
_ROW_NAME, _COLUMN_NAME = 22, 11  # characters a line
_ROW_LINES, _COLUMN_LINES = 3, 5
_COLOURS = "RdBu"
_PALER = 0.5  # of white in a cell without a verdict: its colour claims less
_DARK = 0.179  # of luminance: below, white letters have more contrast than black ones (WCAG)


class Paired(NamedTuple):
    """The effect of one auxiliary task on one main task: mean and standard error (nats), and the verdict."""

    mean: float
    error: float
    verdict: str


def affinity_figure(
    effects: Mapping[tuple[str, str], Paired],
    tasks: Sequence[str],
    groups: Sequence[Sequence[str]],
    *,
    title: str,
    note: str,
) -> Figure:
    """Compose the picture: `effects` by (main, auxiliary); tasks of one of the `groups` stand together, framed.

    Raises `InputError` for an effect on or of a task that is not among `tasks`.
    """
    strange = sorted({name for pair in effects for name in pair} - set(tasks))
    if strange:
        rule = "effects are between the tasks of the matrix"
        raise invalid(rule, received=", ".join(strange), hint="Name every task.")
    order = _together(tasks, groups)
    width, height = (len(order) * side for side in _CELL)
    across = max(_LEFT + width + _BAR + _BAR_WIDTH + _RIGHT, _LEAST_WIDTH)
    above, below = (
        [line for part in text.split("\n") for line in name_lines(part, int(across * per))]
        for text, per in zip((title, note), _PER_INCH, strict=True)
    )
    head = max(len(name_lines(task, _COLUMN_NAME, most=_COLUMN_LINES)) for task in order)
    top = 0.3 + _TITLE * len(above) + _NAME_LINE * head
    inches = top + height + 0.2 + _NOTE * len(below) + 0.12
    with house_style():
        figure = Figure(figsize=(across, inches))
        axes = figure.add_axes((_LEFT / across, 1 - (top + height) / inches, width / across, height / inches))
        bar_left = (_LEFT + width + _BAR) / across
        bar = figure.add_axes((bar_left, 1 - (top + height) / inches, _BAR_WIDTH / across, height / inches))
        scale = _scale(effects)
        _draw_cells(axes, effects, order, scale)
        _draw_frames(axes, order, groups)
        mappable = ScalarMappable(scale, _COLOURS)
        figure.colorbar(mappable, cax=bar)
        bar.set_title("nats", fontsize=8, loc="left")
        words: dict[str, Any] = {"parse_math": False}
        figure.text(0.1 / across, 1 - 0.1 / inches, "\n".join(above), va="top", fontsize=11, fontweight="bold", **words)
        figure.text(0.1 / across, 0.1 / inches, "\n".join(below), va="bottom", fontsize=7.5, color="0.25", **words)
    return figure


def _together(tasks: Sequence[str], groups: Sequence[Sequence[str]]) -> list[str]:
    """The tasks, those of a group beside each other."""
    grouped = [task for group in groups for task in group if task in tasks]
    return list(dict.fromkeys([*grouped, *tasks]))


def _scale(effects: Mapping[tuple[str, str], Paired]) -> Normalize:
    """Symmetric about 0, as far as the farthest mean ± 2 standard errors: effects lost in their errors stay pale."""
    ends = [abs(effect.mean) + 2 * effect.error for effect in effects.values()]
    ends += [abs(effect.mean) for effect in effects.values()]
    largest = max((end for end in ends if math.isfinite(end)), default=0.0) or 1.0
    return TwoSlopeNorm(0.0, -largest, largest)


def _draw_cells(axes: Axes, effects: Mapping[tuple[str, str], Paired], order: Sequence[str], scale: Normalize) -> None:
    axes.set(xlim=(0, len(order)), ylim=(len(order), 0))
    axes.set_axis_off()
    for place, task in enumerate(order):
        row = "\n".join(name_lines(task, _ROW_NAME, most=_ROW_LINES))
        column = "\n".join(name_lines(task, _COLUMN_NAME, most=_COLUMN_LINES))
        plain = {"parse_math": False, "fontsize": 8}
        axes.text(-0.08, place + 0.5, row, ha="right", va="center", **plain)
        axes.text(place + 0.5, -0.1, column, ha="center", va="bottom", **plain)
        for beside, other in enumerate(order):
            _draw_cell(axes, beside, place, effects.get((task, other)), scale)
    corner = {"fontsize": 7.5, "color": "0.25", "fontweight": "bold", "ha": "right"}
    axes.text(-0.08, -0.1, "main task ↓   beside →", va="bottom", **corner)


def _draw_cell(axes: Axes, left: int, top: int, effect: Paired | None, scale: Normalize) -> None:
    ground, text, bold = "#f2f2f2", "", "normal"
    if effect is not None:
        mark = effect_sign(effect.verdict).mark
        text = f"{mark}\nno number"
        if math.isfinite(effect.mean):
            ground = _ground(effect, scale)
            error = f"\n± {effect.error:.3f}" if math.isfinite(effect.error) else ""
            text = f"{mark} {nats(effect.mean)}{error}"
        bold = "bold" if effect.verdict in ("helps", "hurts") else "normal"
    axes.add_patch(Rectangle((left, top), 1, 1, facecolor=ground, edgecolor="white", linewidth=1.2))
    ink = "white" if _luminance(ground) < _DARK else "black"
    style = {"ha": "center", "va": "center", "fontsize": 7.5, "linespacing": 1.2}
    axes.text(left + 0.5, top + 0.5, text, color=ink, fontweight=bold, **style)


def _ground(effect: Paired, scale: Normalize) -> str:
    """The cell's colour, by the mean; paler where nothing can be told."""
    white = _PALER if effect.verdict == "cannot tell yet" else 0.0
    red, green, blue = (
        (1 - white) * part + white for part in to_rgb(matplotlib.colormaps[_COLOURS](scale(effect.mean)))
    )
    return to_hex((red, green, blue))


def _luminance(colour: str) -> float:
    """Relative luminance of a colour, from 0 for black to 1 for white."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _draw_frames(axes: Axes, order: Sequence[str], groups: Sequence[Sequence[str]]) -> None:
    for group in groups:
        places = np.sort([order.index(task) for task in group if task in order])
        if len(places) < 2 or places[-1] - places[0] != len(places) - 1:
            continue  # a task on its own; or one that stands with another group too
        frame = {"fill": False, "edgecolor": "black", "linewidth": 2, "clip_on": False, "zorder": 4}
        axes.add_patch(Rectangle((places[0], places[0]), len(places), len(places), **frame))
