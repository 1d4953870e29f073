"""Forest: numbers with their intervals, one line each, against what is claimed of them: the form of Table 1's picture.

Statements stand in blocks; each has one line for every way of knowing (simulation, theory). The shaded region is where
the statement says its numbers lie; the verdict stands at the right as a word, a sign and a colour.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import blended_transform_factory

from sharedtrunk.plots._style import house_style
from sharedtrunk.plots._verdicts import verdict_sign
from sharedtrunk.plots._wrapping import signed, wrapped

_WIDTH, _LINE = 12.0, 0.19  # inches: of the picture, and of one line
_ABOVE, _BELOW = 0.72, 0.55  # inches: for the title, and for the last axis
_NOTE_LINE, _PER_INCH = 0.135, 15.5  # of the note: inches a line, and characters an inch
_BETWEEN = 0.62  # inches between blocks: an axis and a heading
_PLOT = (0.40, 0.665)  # left and right end of the axes, in widths of the picture
_STATEMENT, _WAY, _NUMBER, _VERDICT, _CASE = 0.01, 0.39, 0.675, 0.79, 0.875
_CHARACTERS = 64  # of a statement, per line
_REST = 0.35  # lines left free below each statement
_MARGIN = 0.06  # of a block's range, on either side
_SHADE = "#dfeee7"


class Mark(NamedTuple):
    """One number: by which `way`, with its interval, the verdict, and the words of the case that decided."""

    way: str
    number: float
    error: float
    low: float
    high: float
    verdict: str
    case: str = ""


class Statement(NamedTuple):
    """Words, the region (low, high) in which its numbers are claimed to lie, and the numbers."""

    words: str
    region: tuple[float, float]
    marks: Sequence[Mark]


def forest_figure(
    blocks: Mapping[str, Sequence[Statement]],
    styles: Mapping[str, Mapping[str, Any]],
    *,
    title: str,
    x_label: str,
    note: str,
) -> Figure:
    """Compose the picture: `blocks` of statements by heading, one axis each; `styles` of the marker of every way."""
    below = wrapped(note, int(_WIDTH * _PER_INCH))
    lines = [sum(_lines(statement) for statement in statements) for statements in blocks.values()]
    inches = _ABOVE + sum(lines) * _LINE + _BETWEEN * (len(blocks) - 1) + _BELOW + len(below) * _NOTE_LINE
    with house_style():
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
    return max(len(statement.marks), len(wrapped(statement.words, _CHARACTERS))) + _REST


def _draw_block(
    axes: Axes, statements: Sequence[Statement], styles: Mapping[str, Mapping[str, Any]], lines: float
) -> None:
    limits = _range(statements)
    axes.set(xlim=limits, ylim=(lines, 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.axvline(0.0, color="0.35", linewidth=0.8, zorder=1)
    top = 0.0
    for statement in statements:
        low, high = (min(max(end, limits[0]), limits[1]) for end in statement.region)
        shown = len(statement.marks)
        axes.add_patch(Rectangle((low, top), high - low, shown, facecolor=_SHADE, linewidth=0, zorder=0))
        _words(
            axes, _STATEMENT, top + 0.15, "\n".join(wrapped(statement.words, _CHARACTERS)), va="top", linespacing=1.25
        )
        for line, mark in enumerate(statement.marks):
            _draw_mark(axes, top + line + 0.5, mark, styles[mark.way])
        top += _lines(statement)


def _draw_mark(axes: Axes, height: float, mark: Mark, style: Mapping[str, Any]) -> None:
    _words(axes, _WAY, height, mark.way, ha="right", color="0.25")
    if math.isfinite(mark.number):
        if math.isfinite(mark.low) and math.isfinite(mark.high):
            axes.plot([mark.low, mark.high], [height, height], color=style["color"], linewidth=1.4, zorder=2)
        axes.plot(mark.number, height, linestyle="none", markersize=5, zorder=3, **style)
        error = f" ± {mark.error:.4f}" if math.isfinite(mark.error) else ""
        _words(axes, _NUMBER, height, f"{signed(mark.number, 4)}{error}")
    sign = verdict_sign(mark.verdict)
    _words(axes, _VERDICT, height, f"{sign.mark} {mark.verdict}", color=sign.ink, fontweight="bold")
    _words(axes, _CASE, height, mark.case, color="0.4")


def _words(axes: Axes, place: float, height: float, text: str, **style) -> None:
    """Text at a place across the picture, at a height of the axes' own."""
    across = blended_transform_factory(axes.figure.transFigure, axes.transData)
    axes.text(place, height, text, transform=across, **{"va": "center", "fontsize": 7.5, **style})


def _range(statements: Sequence[Statement]) -> tuple[float, float]:
    ends = [0.0]
    for statement in statements:
        ends += [end for end in statement.region if math.isfinite(end)]
        ends += [end for mark in statement.marks for end in (mark.number, mark.low, mark.high) if math.isfinite(end)]
    margin = _MARGIN * (max(ends) - min(ends) or 1.0)
    return min(ends) - margin, max(ends) + margin
