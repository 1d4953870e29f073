"""Advice on one page: the effect of each auxiliary task and of each set, the weight, and the number of main labels.

The forest of effects is on top. Two panels below it show the benefit against the weight α of the auxiliary tasks and against
the number of main labels; the latter has a band, and its line is solid where measured and dashed where extrapolated.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharedtrunk import plots
from sharedtrunk.affinity._benefit_curves import OwnCount, Point, draw_by_labels, draw_by_weight
from sharedtrunk.affinity._effects_forest import AXIS, NAMES, Blocks, column_places, draw_effects, forest_height

_SIDE = 0.2  # inches: left and right margin
_TITLE, _NOTE = 0.22, 0.15  # inches per line of the title and of the note
_PER_INCH = (9.0, 15.5)  # characters per inch of the title and of the note
_HEAD, _AXIS_WORDS = 0.32, 0.52  # inches for the columns' headings, and for the words below an axis
_PANEL, _ABOVE_PANEL = 2.1, 0.5  # inches: height of a panel of curves, and of its heading
_PANEL_LEFT, _PANEL_BETWEEN = 0.75, 0.95  # inches for the labels of the vertical axes
_HEADING_PER_INCH = 11  # characters per inch of a panel's heading
_LEAST_WIDTH = 10.5  # inches: smallest width that fits the two panels of curves


class Curves(NamedTuple):
    """The panels below: benefit by weight α and by number of main labels, best weight, the user's own number, headings."""

    by_weight: Sequence[Point]
    best_weight: float
    by_labels: Sequence[Point]
    own: OwnCount
    headings: tuple[str, str]


def advice_figure(
    blocks: Blocks,
    columns: Sequence[str],
    curves: Curves | None,
    *,
    negligible: float,
    title: str,
    note: str,
    unit: str = "nats",
) -> Figure:
    """Draw advice.

    Parameters
    ----------
    blocks
        Effects by the heading of their block.
    columns
        Headings of the text columns after benefit and verdict.
    curves
        The curves of the panels below; None: no panels.
    negligible
        Half-width of the band around 0, in the benefits' unit.
    title, note
        Text above and below.
    unit
        The unit of the benefits.
    """
    places = column_places(blocks, columns)
    width = max(places[-1] + 2 * _SIDE, _LEAST_WIDTH)
    title_lines = plots.name_lines(title, int(width * _PER_INCH[0]))
    note_lines = [line for part in note.split("\n") for line in plots.name_lines(part, int(width * _PER_INCH[1]))]
    top, height_of_forest = 0.15 + _TITLE * len(title_lines) + _HEAD, forest_height(blocks)
    panels_top = top + height_of_forest + _AXIS_WORDS + _ABOVE_PANEL
    bottom = top + height_of_forest + _AXIS_WORDS if curves is None else panels_top + _PANEL + _AXIS_WORDS
    height = bottom + _NOTE * len(note_lines) + 0.15
    with plots.house_style():
        figure = Figure(figsize=(width, height))
        forest = _add_axes(figure, _SIDE + NAMES, top, AXIS, height_of_forest)
        draw_effects(forest, blocks, columns, places, negligible, unit)
        forest.set_xlabel(f"benefit to the main task ({unit}), with 95 % intervals")
        if curves is not None:
            _draw_curves(figure, panels_top, curves, negligible, unit)
        edge = _SIDE / width
        words: dict[str, Any] = {"parse_math": False}
        figure.text(edge, 1 - 0.12 / height, "\n".join(title_lines), va="top", fontsize=11, fontweight="bold", **words)
        figure.text(edge, 0.12 / height, "\n".join(note_lines), va="bottom", fontsize=7.5, color="0.25", **words)
    return figure


def _draw_curves(figure: Figure, top: float, curves: Curves, negligible: float, unit: str) -> None:
    width = (figure.get_figwidth() - _PANEL_LEFT - _PANEL_BETWEEN - 2 * _SIDE) / 2
    lefts = (_SIDE + _PANEL_LEFT, _SIDE + _PANEL_LEFT + width + _PANEL_BETWEEN)
    panels = [_add_axes(figure, left, top, width, _PANEL) for left in lefts]
    draw_by_weight(panels[0], curves.by_weight, curves.best_weight, negligible)
    draw_by_labels(panels[1], curves.by_labels, curves.own, negligible)
    for panel in panels:
        if panel.get_ylabel():
            panel.set_ylabel(f"benefit ({unit})")
    for axes, heading in zip(panels, curves.headings, strict=True):
        lines = plots.name_lines(heading, int(_HEADING_PER_INCH * width), most=2)
        axes.set_title("\n".join(lines), fontsize=9, fontweight="bold", parse_math=False)


def _add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the picture's left and upper edge."""
    page_width, page_height = figure.get_size_inches()
    return figure.add_axes(
        (left / page_width, 1 - (top + height) / page_height, width / page_width, height / page_height)
    )
