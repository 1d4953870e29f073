"""Draw trajectories in the form of the paper's Figure 1: an order parameter against training steps, theories as lines.

The panels at the top show what decides the claim: how far each theory is from the students in every setting. Below are
the curves: large panels for one *reading* (a choice of labels and noise, which the paper leaves open), then small panels
for every reading, each with one panel per number of classes. There, colours mark starts s(0) and line styles theories.
"""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error

_THEORIES: dict[str, tuple[str, Any, str]] = {
    "equation": ("equation (3) as printed", "solid", "#b1493f"),
    "limit": ("equation (3), hard-label\nlimit (hard labels only)", (0, (6, 1.5, 1, 1.5)), "#d99a2b"),
    "population": ("population flow", (0, (4, 1.6)), "#4f7cac"),
    "closure": ("Gaussian closure", (0, (1, 1.2)), "#3c7a4b"),
}
"""Legend text, line style in the curve panels, and colour in the error panels."""
_SHORT = {"equation": "(3) as printed", "limit": "the limit", "population": "the population flow"}
_ONE_NUMBER = ("equation", "limit")  # the two versions of (3), whose s is one curve for both order parameters
_STARTS = ("v", "o", "^", "s", "D")  # markers of the starts in the error panels, from the smallest start
_SHIFTS = (-0.27, -0.09, 0.09, 0.27)  # position of each theory in its row, which has height 1
_EXCELLENT = 0.05  # relative error up to which the figure calls the paper's agreement "excellent"
_LEAST = 1e-3  # smaller relative errors are drawn here
_POINTS = 11  # number of saved steps drawn as points; with more, the error bars would touch
_SAME = 0.01  # relative distance below which two curves cannot be told apart in the picture


def draw_trajectories(axes: Axes, dataset: xr.Dataset, *, both: bool = True) -> None:
    """Draw the curves of one reading.

    Points are the students' mean ± standard error over seeds, and lines the mean over seeds of each theory. Equation (3)
    has one s, so each of its versions is one line; for the other theories the singular value is drawn.

    Parameters
    ----------
    axes
        Where to draw.
    dataset
        The curves of students and theories, dims start, seed, step.
    both
        Whether the students' projection is drawn (hollow) beside their singular value.
    """
    steps = dataset["step"].values
    drawn = np.unique(np.linspace(0, len(steps) - 1, _POINTS).round().astype(int))
    for colour, start in zip(_colours(dataset["start"].values), dataset["start"].values, strict=True):
        lane = dataset.sel(start=start)
        for theory, (_, style, _) in _THEORIES.items():
            curve, _ = _mean(_curve(lane, theory))
            if not np.isnan(curve).all():
                axes.plot(steps, curve, color=colour, linestyle=style, linewidth=1.2)
        for name, face in (("singular_value", colour), ("projection", "white"))[: 1 + both]:
            mean, error = _mean(lane[name])
            axes.errorbar(
                steps[drawn], mean[drawn], yerr=error[drawn], color=colour, marker="o", markerfacecolor=face,
                markersize=3.6, markeredgewidth=0.9, linestyle="none", elinewidth=0.9, capsize=1.5, zorder=3,
            )  # fmt: skip
    axes.set_xlim(-0.02 * steps[-1], 1.02 * steps[-1])
    axes.set_ylim(bottom=0)


def draw_errors(axes: Axes, errors: xr.DataArray) -> None:
    """Draw the relative errors of the theories in every setting.

    Each row is a reading: one kind of labels at one noise. In a row, every theory that has values gets its own line of
    marks, one per s_main and start: the mean ± standard error over seeds. The dashed line is at 5 %.

    Parameters
    ----------
    axes
        Where to draw.
    errors
        Relative errors, dims theory, labels, noise, s_main, start, seed.
    """
    rows = _readings(errors)
    for row, reading in enumerate(rows):
        axes.axhspan(row - 0.5, row + 0.5, color="0.95" if row % 2 == 0 else "white", linewidth=0, zorder=0)
        for shift, (theory, (_, _, colour)) in zip(_SHIFTS, _THEORIES.items(), strict=True):
            shown = errors.sel(reading).sel(theory=theory)
            if shown.isnull().all():
                continue
            for marker, start in zip(_STARTS, shown["start"].values, strict=False):
                mean, error, _ = mean_and_error(shown.sel(start=start).transpose("s_main", "seed").values, axis=-1)
                axes.errorbar(
                    np.maximum(mean, _LEAST), np.full(mean.size, row + shift), xerr=error, color=colour,
                    marker=marker, markersize=3.9, linestyle="none", elinewidth=0.7, alpha=0.8,
                )  # fmt: skip
    axes.axvline(_EXCELLENT, color="0.35", linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
    axes.set_xscale("log")
    axes.set_xlim(0.7 * _LEAST, 4.0)
    axes.set_yticks(range(len(rows)), [_words(reading) for reading in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")


def trajectories_figure(dataset: xr.Dataset, *, reading: Mapping[str, Any], title: str, note: str) -> Figure:
    """Draw the errors of all settings, then the curves.

    Parameters
    ----------
    dataset
        Curves with dims classes, labels, noise, s_main, start, seed, step, and their `relative_error`.
    reading
        Labels, noise and s_main of the large curve panels. The small panels use the same s_main.
    title, note
        Text above and below the panels.
    """
    with plots.house_style():
        figure = Figure(figsize=(9.6, 12.0), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        upper, middle, lower = figure.subfigures(3, 1, squeeze=False, height_ratios=[1.5, 1.15, 1.45]).flat
        _draw_error_panels(upper, dataset["relative_error"])
        _draw_large_panels(middle, dataset.sel(s_main=reading["s_main"]), reading)
        _draw_small_panels(lower, dataset.sel(s_main=reading["s_main"]))
        lower.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color="0.25")
    return figure


def _draw_error_panels(part: SubFigure, errors: xr.DataArray) -> None:
    row = part.subplots(1, errors.sizes["classes"], squeeze=False, sharex=True, sharey=True)[0]
    for axes, classes in zip(row, errors["classes"].values, strict=True):
        draw_errors(axes, errors.sel(classes=classes, order_parameter="singular_value"))
        axes.set_title(f"{classes} classes: every setting", fontweight="bold")
        axes.set_xlabel("relative error of theory")
    handles = [Line2D([], [], color=colour, linewidth=4, label=words) for words, _, colour in _THEORIES.values()] + [
        Line2D([], [], color="0.3", marker=marker, markersize=4, linestyle="none", label=f"s(0) = {start:g}")
        for marker, start in zip(_STARTS, errors["start"].values, strict=False)
    ]
    threshold = Line2D([], [], color="0.35", linewidth=0.9, linestyle=(0, (3, 2)), label="5 %: “excellent”")
    part.legend(handles=[*handles, threshold], loc="outside right center")


def _draw_large_panels(part: SubFigure, dataset: xr.Dataset, reading: Mapping[str, Any]) -> None:
    chosen = {name: reading[name] for name in ("labels", "noise")}
    row = part.subplots(1, dataset.sizes["classes"], squeeze=False)[0]
    for axes, classes in zip(row, dataset["classes"].values, strict=True):
        draw_trajectories(axes, dataset.sel(chosen).sel(classes=classes))
        axes.set_title(f"{classes} classes: {_words(chosen)}, s_main = {reading['s_main']:g}")
        axes.set_xlabel("training steps (of size 1e-3)")
    row[0].set_ylabel("student's leading singular value")
    part.legend(handles=_curve_legend(dataset.sel(chosen)), loc="outside right center")


def _draw_small_panels(part: SubFigure, dataset: xr.Dataset) -> None:
    readings = _readings(dataset["relative_error"])
    grid = part.subplots(dataset.sizes["classes"], len(readings), squeeze=False, sharex=True)
    for row, classes in zip(grid, dataset["classes"].values, strict=True):
        for axes, reading in zip(row, readings, strict=True):
            draw_trajectories(axes, dataset.sel(reading).sel(classes=classes), both=False)
            axes.set_title(f"K = {classes}: {_words(reading)}", fontsize=8)
            axes.tick_params(labelsize=7)
    for axes in grid[-1]:
        axes.set_xlabel("training steps", fontsize=8)
    for row in grid:
        row[0].set_ylabel("singular value", fontsize=8)


def _curve_legend(dataset: xr.Dataset) -> list[Line2D]:
    starts = dataset["start"].values
    colours = [
        Line2D([], [], color=colour, linewidth=3, label=f"s(0) = {start:g}")
        for colour, start in zip(_colours(starts), starts, strict=True)
    ]
    lines = [
        Line2D([], [], color="0.3", linestyle=style, linewidth=1.2, label=f"{words}{_coinciding(dataset, theory)}")
        for theory, (words, style, _) in _THEORIES.items()
    ]
    points = [
        Line2D([], [], color="0.3", marker="o", markersize=4, markerfacecolor=face, linestyle="none", label=words)
        for words, face in (("students: leading\nsingular value", "0.3"), ("students: projection\non û, v̂", "white"))
    ]
    return [*colours, *lines, *points]


def _coinciding(dataset: xr.Dataset, theory: str) -> str:
    """Legend lines naming each earlier theory whose curves coincide with this one's, and for which K; empty if none do."""
    curve, notes = _curve(dataset, theory), []
    for other in list(_THEORIES)[: list(_THEORIES).index(theory)]:
        reference = _curve(dataset, other)
        dims = [dim for dim in curve.dims if dim != "classes"]
        distance = (
            ((curve - reference) ** 2).mean(dims, skipna=False) / (reference**2).mean(dims, skipna=False)
        ) ** 0.5
        same = [f"{classes:g}" for classes in dataset["classes"].values[(distance < _SAME).values]]
        notes += [f"\n(K = {', '.join(same)}: on {_SHORT[other]})"] if same else []
    return "".join(notes)


def _curve(dataset: xr.Dataset, theory: str) -> xr.DataArray:
    return dataset[theory if theory in _ONE_NUMBER else f"singular_value_{theory}"]


def _readings(values: xr.DataArray) -> list[dict[str, Any]]:
    return [
        {"labels": labels, "noise": noise} for labels in values["labels"].values for noise in values["noise"].values
    ]


def _words(reading: Mapping[str, Any]) -> str:
    noise = "no noise" if reading["noise"] == 0 else f"noise {reading['noise']:g}"
    return f"{reading['labels']} labels, {noise}"


def _colours(starts: np.ndarray) -> list:
    """Return a colour for each start, the same in every picture: from viridis, because plasma stands for relatedness."""
    return [matplotlib.colormaps["viridis"](at) for at in np.interp(np.log10(starts), [-2, 0], [0.05, 0.75])]


def _mean(curves: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    mean, error, _ = mean_and_error(curves.transpose("step", "seed").values, axis=-1)
    return mean, error
