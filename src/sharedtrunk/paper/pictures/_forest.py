"""Forest plot: numbers with their intervals, one per line, and where the claims say that they lie. The picture of Table 1.

Statements are grouped in blocks. Each statement has a line for every source of a number, simulated or calculated. The shaded
region is where the statement says that its numbers lie; number, verdict and deciding case are at the right.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import blended_transform_factory

from sharedtrunk import plots

_WIDTH, _LINE = 13.0, 0.19  # inches: the picture's width, and the height of a line
_ABOVE, _BELOW = 0.72, 0.55  # inches for the title, and for the last axis
_NOTE_LINE, _PER_INCH = 0.135, 15.5  # the note: inches per line, and characters per inch
_BETWEEN = 0.62  # inches between blocks, for an axis and a heading
_PLOT = (0.348, 0.59)  # left and right end of the axes; here and in the next line the unit is the picture's width
_STATEMENT, _SOURCE, _NUMBER, _VERDICT, _CASE = 0.01, 0.34, 0.6, 0.775, 0.86
_CHARACTERS = 62  # in a line of a statement
_FREE = 0.35  # lines left free below each statement
_MARGIN = 0.06  # share of a block's range that stays free on either side
_SHADE = "#dfeee7"
_DECIMALS = (4, 6)  # the smallest and the largest number of decimals: more would not fit into the column


class Number(NamedTuple):
    """A measured number with its interval: its `source` (a key of the styles), its verdict, and the deciding case.

    Parameters
    ----------
    source
        A key of the styles.
    mean, low, high
        The number with its interval.
    verdict
        The verdict.
    case
        The case that decides.
    """

    source: str
    mean: float
    low: float
    high: float
    verdict: str
    case: str = ""


class Statement(NamedTuple):
    """A statement in words, the region (low, high) in which it says that its numbers lie, and the numbers.

    Parameters
    ----------
    words
        The statement.
    region
        The range (low, high) that it claims.
    numbers
        The numbers.
    """

    words: str
    region: tuple[float, float]
    numbers: Sequence[Number]


def forest_figure(
    blocks: Mapping[str, Sequence[Statement]],
    styles: Mapping[str, Mapping[str, Any]],
    *,
    title: str,
    x_label: str,
    note: str,
) -> Figure:
    """Draw statements and their numbers.

    Parameters
    ----------
    blocks
        Statements by heading. Each block has an axis of its own.
    styles
        The marker of each source, as keywords of `Axes.plot`.
    title, x_label, note
        Text above, at the last axis, and below.
    """
    below = plots.wrapped(note, int(_WIDTH * _PER_INCH))
    lines = [sum(_lines(statement) for statement in statements) for statements in blocks.values()]
    inches = _ABOVE + sum(lines) * _LINE + _BETWEEN * (len(blocks) - 1) + _BELOW + len(below) * _NOTE_LINE
    with plots.house_style():
        figure = Figure(figsize=(_WIDTH, inches))
        top = inches - _ABOVE
        for count, (heading, statements) in zip(lines, blocks.items(), strict=True):
            bottom = top - count * _LINE
            axes = figure.add_axes((_PLOT[0], bottom / inches, _PLOT[1] - _PLOT[0], (top - bottom) / inches))
            figure.text(_STATEMENT, (top + 0.08) / inches, heading, fontsize=10, fontweight="bold", va="bottom")
            _draw_block(axes, statements, styles, count)
            top = bottom - _BETWEEN
        figure.axes[-1].set_xlabel(x_label)
        figure.text(_STATEMENT, 1 - 0.12 / inches, title, va="top", fontsize=11, fontweight="bold")
        figure.text(_STATEMENT, 0.1 / inches, "\n".join(below), va="bottom", fontsize=7.5, color="0.25")
    return figure


def _lines(statement: Statement) -> float:
    return max(len(statement.numbers), len(plots.wrapped(statement.words, _CHARACTERS))) + _FREE


def _draw_block(
    axes: Axes, statements: Sequence[Statement], styles: Mapping[str, Mapping[str, Any]], lines: float
) -> None:
    limits = _range(statements)
    axes.set(xlim=limits, ylim=(lines, 0), yticks=[])
    axes.locator_params(axis="x", nbins=6)
    axes.spines["left"].set_visible(False)
    axes.axvline(0.0, color="0.35", linewidth=0.8, zorder=1)
    top = 0.0
    for statement in statements:
        low, high = (min(max(end, limits[0]), limits[1]) for end in statement.region)
        height = len(statement.numbers)
        axes.add_patch(Rectangle((low, top), high - low, height, facecolor=_SHADE, linewidth=0, zorder=0))
        words = "\n".join(plots.wrapped(statement.words, _CHARACTERS))
        _write(axes, _STATEMENT, top + 0.15, words, va="top", linespacing=1.25)
        for line, number in enumerate(statement.numbers):
            _draw_number(axes, top + line + 0.5, number, styles[number.source])
        top += _lines(statement)


def _draw_number(axes: Axes, height: float, number: Number, style: Mapping[str, Any]) -> None:
    _write(axes, _SOURCE, height, number.source, ha="right", color="0.25")
    if math.isfinite(number.mean):
        if math.isfinite(number.low) and math.isfinite(number.high):
            axes.plot([number.low, number.high], [height, height], color=style["color"], linewidth=1.4, zorder=2)
        axes.plot(number.mean, height, linestyle="none", markersize=5, zorder=3, **style)
        # Enough decimals for the interval to have a width, however narrow it is.
        decimals = min(max(_DECIMALS[0], plots.decimals((number.high - number.low) / 2)), _DECIMALS[1])
        _write(axes, _NUMBER, height, plots.with_interval(number.mean, number.low, number.high, decimals))
    sign = plots.verdict_sign(number.verdict)
    _write(axes, _VERDICT, height, f"{sign.mark} {number.verdict}", color=sign.ink, fontweight="bold")
    _write(axes, _CASE, height, number.case, color="0.4")


def _write(axes: Axes, across: float, height: float, text: str, **style) -> None:
    """Write at a share of the picture's width and at a height in the axes' own units."""
    mixed = blended_transform_factory(axes.figure.transFigure, axes.transData)
    axes.text(across, height, text, transform=mixed, **{"va": "center", "fontsize": 7.5, **style})


def _range(statements: Sequence[Statement]) -> tuple[float, float]:
    ends = [0.0]
    for statement in statements:
        ends += [*statement.region, *(end for number in statement.numbers for end in number[1:4])]
    known = [end for end in ends if math.isfinite(end)]
    margin = _MARGIN * (max(known) - min(known) or 1.0)
    return min(known) - margin, max(known) + margin
