"""Weight decay instead of early stopping: the benefit when each arm has its best weight decay. Ours, not the paper's.

Linear students at the minimum with weight decay have an exact theory as the numbers of points and features grow together
(docs/weight-decay.md). Claim: it predicts the simulated benefits, unrelated tasks do nothing, and related ones help. Early
stopping, the paper's method, stands beside it on the same draws.

    sharedtrunk reproduce weight-decay
"""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from sharedtrunk.paper.figures._decay_claims import judge_decay, panel
from sharedtrunk.paper.figures._decay_dataset import FUNCTIONS, decay_dataset, decay_sweeps
from sharedtrunk.paper.figures._decay_settings import BASE, DECAY, GRID, QUICK_GRID, SYMBOLS
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._title_and_note import marked, over_seeds

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray
    from matplotlib.lines import Line2D

    from sharedtrunk.paper import pictures

TITLE = "Weight decay instead of early stopping: theory and simulation"

BENEFIT, MISS = "multitask benefit (nats)", "simulation − theory (nats)"
"""What panels show."""

LABELS = {
    "samples_per_feature": ("over the amount of data", "points per feature N/N_f"),
    "s_main": ("over the main task's SNR", "s_main"),
    "s_aux": ("over the auxiliary task's SNR", "s_aux"),
    "alpha_aux": ("over the auxiliary task's weight", "α_aux"),
}
"""The title of each panel of one axis, and the label of its x axis."""

_DECAY = {"linestyle": "none", "markersize": 4.5, "capsize": 1.5, "elinewidth": 0.9, "zorder": 4}
_STOPPING = {
    "linestyle": (0, (1, 1.5)), "linewidth": 0.8, "markersize": 4.0, "markerfacecolor": "white", "markeredgewidth": 0.9,
    "elinewidth": 0.7, "zorder": 3,
}  # fmt: skip
_THEORY = {"linestyle": "solid", "linewidth": 1.2, "marker": "none", "zorder": 2}
_LIMIT = {
    "linestyle": "none",
    "marker": "D",
    "markersize": 5.0,
    "markerfacecolor": "white",
    "zorder": 4,
    "clip_on": False,
}
_ALONE = {"color": "0.4", "marker": "x"}
_APART = 1.05
"""Points of both kinds of students are drawn so far apart, as a factor of x, that their error bars do not hide each other."""


def draw(dataset: "xarray.Dataset", *, ending: str) -> "matplotlib.figure.Figure":
    """Draw benefits over each thing, and how far simulation is from theory, with a row for each number of classes.

    Parameters
    ----------
    dataset
        What `decay_dataset` returned.
    ending
        The ending of variables: "" for the oracle's choice of λ and time, "_honest" for that of the validation loss.
    """
    from sharedtrunk.paper import pictures  # matplotlib, only where a picture is drawn

    chosen = "on held-out noisy labels (validation)" if ending else "by the generalization loss (oracle)"
    return pictures.curves_figure(
        {
            f"K = {classes}": list(_panels(dataset.sel(classes=classes), ending))
            for classes in dataset["classes"].values.tolist()
        },
        _legend(dataset),
        title=f"{marked(TITLE, dataset)}\nλ and stopping time chosen {chosen}; this figure is ours, not the paper's",
        note=_note(dataset, ending),
    )


def _panels(dataset: "xarray.Dataset", ending: str) -> "Iterator[pictures.Panel]":
    """The panels of one number of classes: those along one axis of the grid, then both over 1/N_f."""
    from sharedtrunk.paper import pictures

    for axis, (title, label) in LABELS.items():
        along = panel(dataset, axis)
        if along.sizes[axis] > 1:
            x = along[axis].values
            ticks = {value: "½" if value == 0.5 else f"{value:g}" for value in x.tolist()}
            curves = [
                pictures.Curve(x * shift, _values(along, f"benefit{name}", axis, r), {**_of(r), **style}, errors)
                for r in along["relatedness"].values.tolist()
                for name, shift, style, errors in (
                    ("_theory", 1.0, _THEORY, False),
                    (ending, 1 / _APART, _DECAY, True),
                    (f"_stopping{ending}", _APART, _STOPPING, True),
                )
            ]
            yield pictures.Panel(title, label, ticks, curves, BENEFIT)
    sizes = panel(dataset, "features")
    if sizes.sizes["features"] > 1:
        yield from _over_size(sizes, ending)


def _over_size(sizes: "xarray.Dataset", ending: str) -> "Iterator[pictures.Panel]":
    """Benefits over 1/N_f, with theory at 0; and how far losses at one λ are from theory."""
    from sharedtrunk.paper import pictures

    x = 1 / sizes["features"].values
    ticks = {0.0: "0", **{1 / count: f"1/{count}" for count in sizes["features"].values.tolist()[:3]}}
    levels = sizes["relatedness"].values.tolist()
    curves = [
        pictures.Curve(places, _values(part, f"benefit{name}", "features", r), {**_of(r), **style}, errors)
        for r in levels
        for places, part, name, style, errors in (
            (np.zeros(1), sizes.isel(features=[0]), "_theory", _LIMIT, False),
            (x, sizes, ending, _DECAY, True),
            (x, sizes, f"_stopping{ending}", _STOPPING, True),
        )
    ]
    yield pictures.Panel("towards many features", "1/N_f", ticks, curves, BENEFIT, logarithmic=False)
    alone = (sizes["loss_single_fixed"] - sizes["loss_single_drawn"]).mean("relatedness", skipna=False)
    line = {"linewidth": 0.8, "markersize": 4.5, "capsize": 1.5}
    misses = [pictures.Curve(x, alone.transpose("features", "seed").values, {**line, **_ALONE})]
    for r in levels:
        miss = (sizes["loss_joint_fixed"] - sizes["loss_joint_drawn"]).sel(relatedness=r)
        misses.append(pictures.Curve(x, miss.transpose("features", "seed").values, {**line, **_of(r)}))
    yield pictures.Panel(f"losses at λ = 1/{1 / DECAY:.0f}", "1/N_f", ticks, misses, MISS, logarithmic=False)


def _values(dataset: "xarray.Dataset", name: str, axis: str, relatedness: float) -> np.ndarray:
    return dataset[name].sel(relatedness=relatedness).transpose(axis, "seed").values


def _of(relatedness: float) -> dict[str, Any]:
    from sharedtrunk import plots

    return {"color": plots.relatedness_colour(relatedness), "marker": plots.relatedness_marker(relatedness)}


def _legend(dataset: "xarray.Dataset") -> "list[Line2D]":
    from matplotlib.lines import Line2D

    from sharedtrunk import plots

    levels = plots.relatedness_legend(dataset["relatedness"].values)
    for handle in levels:
        handle.set(label=f"r = {handle.get_label()}", linestyle="none")
    entries = [
        ("best decay", {**_DECAY, "marker": "o"}),
        ("early stopping", {**_STOPPING, "marker": "o"}),
        ("best decay, theory\nof many features", _THEORY),
        ("the same, at 1/N_f = 0", _LIMIT),
        ("main task alone\n(last panel)", {**_ALONE, "linewidth": 0.8}),
    ]
    known = ("linestyle", "linewidth", "marker", "markersize", "markerfacecolor", "markeredgewidth", "color")
    return levels + [
        Line2D([], [], **{"color": "0.3", **{name: style[name] for name in known if name in style}}, label=label)
        for label, style in entries
    ]


def _note(dataset: "xarray.Dataset", ending: str) -> str:
    means = over_seeds(dataset, f"benefit{ending}")
    others = [f"{SYMBOLS[axis]} = {value:g}" for axis, value in BASE.items() if axis != "features"]
    theory = "; it chooses λ by its own generalization loss" if ending else ""
    return (
        f"Points: {means}. Each panel varies one thing; the rest is {', '.join(others)}, and N_f = {BASE['features']} in "
        "simulation. Lines: the theory of N, N_f → ∞ for the same teachers' class vectors, mean over the seeds"
        f"{theory}. Where points at N_f = {BASE['features']} are off the lines, the panel over 1/N_f shows how they approach "
        "theory. Last panel: the main task's loss at one λ, simulation minus theory for the teachers as drawn, alone and "
        "beside the auxiliary task."
    )


FIGURE = Figure(
    name="weight-decay",
    title=TITLE,
    claim="with weight decay and many features theory is exact, unrelated tasks do nothing, and related ones help",
    paper="Weight decay (not in the paper)",
    minutes=15.0,
    grid=GRID,
    quick_grid=QUICK_GRID,
    sweeps=decay_sweeps,
    dataset=decay_dataset,
    draw=functools.partial(draw, ending=""),
    draw_validation=functools.partial(draw, ending="_honest"),
    judge=judge_decay,
    functions=FUNCTIONS,
)
