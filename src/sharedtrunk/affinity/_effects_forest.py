"""Forest of effects: one line each with its interval, on one axis through 0; verdicts stand as sign, word and colour.

The band around 0 holds what makes no difference to the user. Beside the axis stand the numbers in columns, as wide as
their words. Heights are in inches, because the number of lines decides how tall the picture is.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from sharedtrunk.plots._names import name_lines
from sharedtrunk.plots._verdicts import effect_sign

NAMES, AXIS = 2.35, 3.6  # inches: of the names, and of the axis
BAND = "#efefef"
BENEFIT = "benefit (nats)"
_LINE, _SINGLE = 0.15, 0.25  # inches: a further line of a name, and a bar with one line
_HEADING = 0.32  # inches: of a block's heading
_CHARACTERS, _MOST_LINES = 30, 4  # of a name
_LETTER, _BETWEEN = 0.064, 0.2  # inches: of a letter at this size, and between columns
_SIZE = 7.5
_MARGIN = 0.06  # of the range, on either side
_MARKERS = {"helps": "^", "hurts": "v", "no difference": "s", "cannot tell yet": "o"}


class Bar(NamedTuple):
    """One effect: its name, mean and interval in nats, verdict, further `words`, and whether it is the best."""

    name: str
    mean: float
    low: float
    high: float
    verdict: str
    words: Sequence[str] = ()
    best: bool = False


Blocks = Mapping[str, Sequence[Bar]]
"""Heading → the bars under it."""


def forest_height(blocks: Blocks) -> float:
    """Inches that the blocks need below each other."""
    return sum(_HEADING + sum(_height(bar) for bar in bars) for bars in blocks.values())


def column_places(blocks: Blocks, columns: Sequence[str]) -> list[float]:
    """Inches from the names' left edge to each column (benefit, verdict, then `columns`), and at last to the right edge."""
    bars = [bar for bars in blocks.values() for bar in bars]
    texts = [[BENEFIT, *(interval_words(bar) for bar in bars)], ["verdict", *(_verdict(bar) for bar in bars)]]
    for place, heading in enumerate(columns):
        texts.append([heading, *(bar.words[place] for bar in bars if place < len(bar.words))])
    places = [NAMES + AXIS + _BETWEEN]
    for column in texts:
        letters = max(len(line) for text in column for line in text.split("\n"))
        places.append(places[-1] + _LETTER * letters + _BETWEEN)
    return places


def draw_effects(
    axes: Axes, blocks: Blocks, columns: Sequence[str], places: Sequence[float], negligible: float
) -> None:
    """Draw the blocks into axes that are `AXIS` wide and `forest_height` tall; columns at `places`."""
    axes.set(xlim=_range(blocks, negligible), ylim=(forest_height(blocks), 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.axvspan(-negligible, negligible, color=BAND, linewidth=0, zorder=0)
    axes.axvline(0.0, color="0.35", linewidth=0.8, zorder=1)
    for place, heading in zip(places[:-1], (BENEFIT, "verdict", *columns), strict=True):
        _words(axes, place, -0.06, heading, va="bottom", color="0.25")
    top = 0.0
    for heading, bars in blocks.items():
        _words(axes, 0.0, top + _HEADING / 2, heading, fontweight="bold", fontsize=9)
        top += _HEADING
        for bar in bars:
            _draw_bar(axes, top + _height(bar) / 2, bar, places)
            top += _height(bar)


def interval_words(bar: Bar) -> str:
    """`+0.123 [+0.081, +0.165]`, without the interval where there is none, – where there is no number."""
    if not math.isfinite(bar.mean):
        return "–"
    if not (math.isfinite(bar.low) and math.isfinite(bar.high)):
        return nats(bar.mean)
    return f"{nats(bar.mean)} [{nats(bar.low)}, {nats(bar.high)}]"


def nats(value: float) -> str:
    """Three digits with a sign; what rounds to nothing is +0.000."""
    return f"{value:+z.3f}".replace("-", "−")


def _draw_bar(axes: Axes, height: float, bar: Bar, places: Sequence[float]) -> None:
    sign = effect_sign(bar.verdict)
    star = "★ " if bar.best else ""
    name = "\n".join(name_lines(f"{star}{bar.name}", _CHARACTERS, most=_MOST_LINES))
    _words(axes, 0.0, height, name, fontsize=8, fontweight="bold" if bar.best else "normal", linespacing=1.15)
    if math.isfinite(bar.mean):
        if math.isfinite(bar.low) and math.isfinite(bar.high):
            axes.plot([bar.low, bar.high], [height, height], color=sign.ink, linewidth=1.5, zorder=2)
        filled = "white" if bar.verdict == "cannot tell yet" else sign.ink
        marker = _MARKERS[bar.verdict]
        axes.plot(bar.mean, height, marker, color=sign.ink, markerfacecolor=filled, markersize=5.5, zorder=3)
    _words(axes, places[0], height, interval_words(bar))
    _words(axes, places[1], height, _verdict(bar), color=sign.ink, fontweight="bold")
    for place, text in zip(places[2:-1], bar.words, strict=False):
        _words(axes, place, height, text)


def _verdict(bar: Bar) -> str:
    return f"{effect_sign(bar.verdict).mark} {bar.verdict}"


def _words(axes: Axes, inches: float, height: float, text: str, **style) -> None:
    """Text that many inches from the names' left edge, at a height of the axes' own; a dollar sign stays one."""
    moved = ScaledTranslation(inches - NAMES, 0, axes.figure.dpi_scale_trans)
    style = {"va": "center", "fontsize": _SIZE, **style}
    axes.text(0, height, text, transform=axes.get_yaxis_transform() + moved, parse_math=False, **style)


def _height(bar: Bar) -> float:
    star = 2 * bar.best
    lines = len(name_lines("x" * star + bar.name, _CHARACTERS, most=_MOST_LINES))
    return _SINGLE + _LINE * (lines - 1)


def _range(blocks: Blocks, negligible: float) -> tuple[float, float]:
    ends = [-1.5 * negligible, 1.5 * negligible]
    ends += [
        end for bars in blocks.values() for bar in bars for end in (bar.mean, bar.low, bar.high) if math.isfinite(end)
    ]
    margin = _MARGIN * (max(ends) - min(ends) or 1.0)
    return min(ends) - margin, max(ends) + margin
