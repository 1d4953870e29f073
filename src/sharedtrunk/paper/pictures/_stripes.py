"""Stripes: the form of the paper's summary figures (2 and 3).

The x axis is cut into stripes, alternately grey and white, one for each value of the dataset's axis `stripe`. In a stripe
every relatedness has one line: its left end is the mean benefit of low-SNR auxiliary tasks, its right end that of
high-SNR ones, each with the standard error over seeds. Above the zero line the auxiliary task helps. A black tick is the
closure's prediction, and a pale bar reaches from the lower to the upper bound.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error

_ENDS = {"low": -0.23, "high": 0.23}  # position of the middle of an SNR group in its stripe, which has width 1
_SPREAD = 0.34  # width of an SNR group: five relatednesses side by side fill it without touching
_NAME_WIDTH = 8  # characters in a line of a stripe's name
_MARGIN = 0.08  # share of the data's range that stays free above and below
_LARGE, _SMALL = 4.0, 2.6  # points: a marker of the large panel and of the small ones
_TICK: dict[str, Any] = {
    "linestyle": "none", "marker": "_", "markeredgewidth": 1.1, "color": "black", "zorder": 4
}  # fmt: skip
_CUT: dict[str, Any] = {"linestyle": "none", "markersize": 3.5, "alpha": 0.75, "clip_on": False, "zorder": 5}


class Stripes(NamedTuple):
    """What one panel shows, each array with dims stripe, relatedness, aux_snr, seed, in nats.

    `benefit` is simulated, `predicted` is the closure's, `bounds` are the lower and the upper one.

    Parameters
    ----------
    benefit, predicted
        Arrays with the dims stripe, relatedness, aux_snr and seed.
    bounds
        The lower and the upper array.
    """

    benefit: xr.DataArray
    predicted: xr.DataArray | None = None
    bounds: tuple[xr.DataArray, xr.DataArray] | None = None


def draw_stripes(
    axes: Axes, shown: Stripes, *, stripe: str, limits: tuple[float, float] | None = None, marker_size: float = _LARGE
) -> None:
    """Draw the means over seeds of one panel, the benefit with its standard error.

    A mean without any seed is not drawn, and one seed has no error bar.

    Parameters
    ----------
    axes
        Where to draw.
    shown
        The benefit, and what theory predicts.
    stripe
        The dim that has one stripe per value.
    limits
        Limits of the y axis (nats). A small triangle marks a bound beyond them. Without limits everything is shown.
    marker_size
        Size of a marker in points.
    """
    mean, error = _over_seeds(shown.benefit, stripe)
    predicted = None if shown.predicted is None else _over_seeds(shown.predicted, stripe)[0]
    bounds = None if shown.bounds is None else [_over_seeds(side, stripe)[0] for side in shown.bounds]
    levels = shown.benefit["relatedness"].values
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(levels)) if len(levels) > 1 else np.zeros(1)
    ends = np.array([_ENDS[str(snr)] for snr in shown.benefit["aux_snr"].values])
    for position in range(shown.benefit.sizes[stripe]):
        for level, relatedness in enumerate(levels):
            colour = plots.relatedness_colour(relatedness)
            x = position + ends + offsets[level]
            if bounds is not None:
                ends_of_bars = [side[position, level] for side in bounds]
                axes.vlines(x, *ends_of_bars, **_bar(colour))
                _mark_cut(axes, x, ends_of_bars, limits, colour)
            if predicted is not None:
                axes.plot(x, predicted[position, level], markersize=1.7 * marker_size, **_TICK)
            axes.errorbar(
                x,
                mean[position, level],
                yerr=error[position, level],
                color=colour,
                marker=plots.relatedness_marker(relatedness),
                markersize=marker_size,
                linewidth=0.9,
                elinewidth=0.9,
                capsize=0.4 * marker_size,
            )
    _mark_stripes(axes, shown.benefit[stripe].values)
    if limits is not None:
        axes.set_ylim(limits)


def stripes_figure(
    panels: Mapping[str, Stripes], *, stripe: str, title: str, x_label: str, y_label: str, note: str
) -> Figure:
    """Draw the first panel large and the others small beside it, on one y axis.

    Benefits and the closure set the scale. The bounds can be many times as wide, so they are cut at the edge.

    Parameters
    ----------
    panels
        What to show, by the title of its panel.
    stripe
        The dim that has one stripe per value.
    title, x_label, y_label, note
        Text above the picture, at its axes, and below it.
    """
    limits = _limits(panels.values(), stripe)
    with plots.house_style():
        figure = Figure(figsize=(11.6, 4.8), layout="constrained")
        widths = [1.9] + [1.0] * (len(panels) - 1)
        row = figure.subplots(1, len(panels), sharey=True, squeeze=False, gridspec_kw={"width_ratios": widths})[0]
        for axes, (panel, shown) in zip(row, panels.items(), strict=True):
            size = _LARGE if axes is row[0] else _SMALL
            draw_stripes(axes, shown, stripe=stripe, limits=limits, marker_size=size)
            axes.set_title(panel)
            axes.set_xlabel(x_label)
        row[0].set_ylabel(y_label)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        first = next(iter(panels.values()))
        handles = plots.relatedness_legend(first.benefit["relatedness"].values)
        handles += _theory_legend(first, stripe, limits)
        figure.legend(handles=handles, loc="outside right center", title="relatedness r", title_fontsize=8)
        figure.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color="0.25")
    return figure


def _over_seeds(values: xr.DataArray, stripe: str) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error over seeds: stripe × relatedness × auxiliary SNR."""
    return mean_and_error(values.transpose(stripe, "relatedness", "aux_snr", "seed").values, axis=-1)[:2]


def _limits(panels: Iterable[Stripes], stripe: str) -> tuple[float, float]:
    """Return the limits that show all benefits with their errors, the closure and 0."""
    ends = [np.zeros(1)]
    for shown in panels:
        mean, error = _over_seeds(shown.benefit, stripe)
        ends += [mean - np.nan_to_num(error), mean + np.nan_to_num(error)]
        ends += [] if shown.predicted is None else [_over_seeds(shown.predicted, stripe)[0]]
    known = np.concatenate([np.ravel(end) for end in ends])
    known = known[np.isfinite(known)]
    margin = _MARGIN * (known.max() - known.min() or 1.0)
    return known.min() - margin, known.max() + margin


def _beyond(bars: Sequence[np.ndarray], limits: tuple[float, float]) -> list[np.ndarray]:
    """Return where the lower end of a bar is below the limits, and where the upper end is above them."""
    return [bars[0] < limits[0], bars[1] > limits[1]]


def _mark_cut(
    axes: Axes, x: np.ndarray, bars: Sequence[np.ndarray], limits: tuple[float, float] | None, colour: Any
) -> None:
    for beyond, edge, marker in zip(_beyond(bars, limits), limits, "v^", strict=True) if limits is not None else ():
        if beyond.any():  # the layout would make room for an empty line at the picture's corner
            axes.plot(x[beyond], np.full(beyond.sum(), edge), marker, color=colour, **_CUT)


def _mark_stripes(axes: Axes, values: np.ndarray) -> None:
    for position in range(0, len(values), 2):
        axes.axvspan(position - 0.5, position + 0.5, color="0.93", linewidth=0, zorder=0)
    axes.axhline(0.0, color="0.35", linewidth=0.8, zorder=1)
    axes.set_xlim(-0.5, len(values) - 0.5)
    names = [textwrap.fill(value, _NAME_WIDTH) if isinstance(value, str) else f"{value:g}" for value in values]
    axes.set_xticks(range(len(values)), names)
    axes.tick_params(axis="x", length=0)


def _theory_legend(shown: Stripes, stripe: str, limits: tuple[float, float]) -> list[Line2D]:
    handles = []
    if shown.predicted is not None:
        handles.append(Line2D([], [], markersize=7, label="theory: closure", **_TICK))
    if shown.bounds is not None:
        handles.append(Line2D([], [], label="bounds (22)–(23)", **_bar("0.4")))
        if np.any(_beyond([_over_seeds(side, stripe)[0] for side in shown.bounds], limits)):
            handles.append(Line2D([], [], marker="^", color="0.4", label="bound beyond\nthe axis", **_CUT))
    return handles


def _bar(colour: Any) -> dict[str, Any]:
    return {"color": colour, "alpha": 0.28, "linewidth": 3.0, "zorder": 1.5}
