"""Forest plot of effects: each effect is a line with its interval on one axis and its verdict as sign, word and colour.

The band around 0 holds effects that count as "no difference". Beside the axis are columns of numbers, as wide as
their words. Heights are in inches, because the number of lines decides how tall the picture is.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from sharedtrunk import plots

NAMES, AXIS = 2.35, 3.6  # inches: width of the names, and of the axis
BAND = "#efefef"  # background of the band in which effects make no difference
BENEFIT = "benefit (nats)"
DECIMALS = 3  # decimals of a benefit in nats: a thousandth is a tenth of the usual negligible benefit
_LINE, _SINGLE = 0.15, 0.25  # inches: a further line of a name, and a bar with one line
_HEADING = 0.32  # inches: a block's heading
_CHARACTERS, _MOST_LINES = 30, 4  # characters per line of a name, and the largest number of its lines
_LETTER, _BETWEEN = 0.064, 0.2  # inches: a letter of size `_SIZE`, and the space between columns
_SIZE = 7.5  # points: the text
_MARGIN = 0.06  # share of the range that stays free on either side
_MARKERS = {"helps": "^", "hurts": "v", "no difference": "s", "cannot tell yet": "o"}


class Bar(NamedTuple):
    """One effect: its name, mean and interval (nats), its verdict, the words of further columns, whether it is the best."""

    name: str
    mean: float
    low: float
    high: float
    verdict: str
    words: Sequence[str] = ()
    best: bool = False


Blocks = Mapping[str, Sequence[Bar]]
"""The bars under each heading."""


def forest_height(blocks: Blocks) -> float:
    """Return the height of the blocks, in inches."""
    return sum(_HEADING + sum(_height(bar) for bar in bars) for bars in blocks.values())


def column_places(blocks: Blocks, columns: Sequence[str]) -> list[float]:
    """Return where each column begins, in inches from the left edge of the names, and then where the last one ends.

    The columns are the benefit, the verdict, and `columns`.
    """
    bars = [bar for bars in blocks.values() for bar in bars]
    texts = [[BENEFIT, *(interval_words(bar) for bar in bars)], ["verdict", *(_verdict(bar) for bar in bars)]]
    for index, heading in enumerate(columns):
        texts.append([heading, *(bar.words[index] for bar in bars if index < len(bar.words))])
    places = [NAMES + AXIS + _BETWEEN]
    for column in texts:
        letters = max(len(line) for text in column for line in text.split("\n"))
        places.append(places[-1] + _LETTER * letters + _BETWEEN)
    return places


def draw_effects(
    axes: Axes, blocks: Blocks, columns: Sequence[str], places: Sequence[float], negligible: float, unit: str = "nats"
) -> None:
    """Draw the blocks into axes that are `AXIS` inches wide and `forest_height` tall, with the columns at `places`.

    `negligible` is the half-width of the band in which effects make no difference. A long `unit` stands at the axis only.
    """
    benefit = BENEFIT if unit == "nats" else "benefit"
    axes.set(xlim=_range(blocks, negligible), ylim=(forest_height(blocks), 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.axvspan(-negligible, negligible, color=BAND, linewidth=0, zorder=0)
    axes.axvline(0.0, color="0.35", linewidth=0.8, zorder=1)
    for place, heading in zip(places[:-1], (benefit, "verdict", *columns), strict=True):
        _write(axes, place, -0.06, heading, va="bottom", color="0.25")
    top = 0.0
    for heading, bars in blocks.items():
        _write(axes, 0.0, top + _HEADING / 2, heading, fontweight="bold", fontsize=9)
        top += _HEADING
        for bar in bars:
            _draw_bar(axes, top + _height(bar) / 2, bar, places)
            top += _height(bar)


def interval_words(bar: Bar) -> str:
    """Return benefit and interval of a bar, as in `+0.123 [+0.081, +0.165]`."""
    return plots.with_interval(bar.mean, bar.low, bar.high, DECIMALS)


def _draw_bar(axes: Axes, y: float, bar: Bar, places: Sequence[float]) -> None:
    sign = plots.effect_sign(bar.verdict)
    star = "★ " if bar.best else ""
    name = "\n".join(plots.name_lines(f"{star}{bar.name}", _CHARACTERS, most=_MOST_LINES))
    _write(axes, 0.0, y, name, fontsize=8, fontweight="bold" if bar.best else "normal", linespacing=1.15)
    if math.isfinite(bar.mean):
        if math.isfinite(bar.low) and math.isfinite(bar.high):
            axes.plot([bar.low, bar.high], [y, y], color=sign.ink, linewidth=1.5, zorder=2)
        face = "white" if bar.verdict == "cannot tell yet" else sign.ink
        marker = _MARKERS[bar.verdict]
        axes.plot(bar.mean, y, marker, color=sign.ink, markerfacecolor=face, markersize=5.5, zorder=3)
    _write(axes, places[0], y, interval_words(bar))
    _write(axes, places[1], y, _verdict(bar), color=sign.ink, fontweight="bold")
    for place, text in zip(places[2:-1], bar.words, strict=False):
        _write(axes, place, y, text)


def _verdict(bar: Bar) -> str:
    return f"{plots.effect_sign(bar.verdict).mark} {bar.verdict}"


def _write(axes: Axes, inches: float, y: float, text: str, **style) -> None:
    """Write plain text at a distance in inches from the left edge of the names, and at y in the axes' units."""
    shift = ScaledTranslation(inches - NAMES, 0, axes.figure.dpi_scale_trans)
    style = {"va": "center", "fontsize": _SIZE, **style}
    axes.text(0, y, text, transform=axes.get_yaxis_transform() + shift, parse_math=False, **style)


def _height(bar: Bar) -> float:
    star = 2 * bar.best
    lines = len(plots.name_lines("x" * star + bar.name, _CHARACTERS, most=_MOST_LINES))
    return _SINGLE + _LINE * (lines - 1)


def _range(blocks: Blocks, negligible: float) -> tuple[float, float]:
    ends = [-1.5 * negligible, 1.5 * negligible]
    ends += [
        end for bars in blocks.values() for bar in bars for end in (bar.mean, bar.low, bar.high) if math.isfinite(end)
    ]
    margin = _MARGIN * (max(ends) - min(ends) or 1.0)
    return min(ends) - margin, max(ends) + margin
