"""The evaluation in two pictures: estimates and scores against the truth; the theory's prediction against the truth."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharedtrunk._support.files import make_folder, write_atomically
from sharedtrunk.plots import house_style, render

from .metrics import HELPS, HURTS, answered, auc, by_clusters, pairs_within, regret, share_of, true_class
from .readings import Trials, answers, askings, chosen, mains, on

COLOURS = {
    "different": "#0072b2",
    "part": "#e69f00",
    "same": "#009e73",
    "rotated": "#cc79a7",
    "noisy": "#56b4e9",
    "null": "#999999",
}


def write(trials: Trials, folder: Path) -> None:
    """Write both pictures. Raises `InputError` where they cannot be written."""
    make_folder(folder)
    with house_style():
        for name, draw in (("affinity-evaluation", evaluation), ("affinity-theory", theory)):
            figure = Figure(figsize=(9.6, 4.4), layout="constrained")
            draw(figure, trials)
            write_atomically(folder / f"{name}.png", render(figure, "png"))


def evaluation(figure: Figure, trials: Trials) -> None:
    """Estimate against truth with 95 % intervals; AUC for "helps", within families and pooled, and regret of every method."""
    scatter, areas, regrets = figure.subplots(1, 3, width_ratios=(1.3, 1, 1))
    _cloud(scatter, trials, "mean", "said by the advisor, nats", errors=True)
    compared = _compared(trials)
    if not compared["truth"].size:
        return
    helps = true_class(compared["truth"], compared["truth_error"]) == HELPS
    clusters, found = mains(compared), answers(compared)
    bars, pooled = {}, []
    for name, each in found.items():
        score = answered(each.score)
        won, pairs, first = pairs_within(score, helps, askings(compared))
        bars[name] = by_clusters(on(share_of, won, pairs), clusters[first])
        pooled.append(auc(score, helps))
    _bars(areas, bars, "AUC for “helps” within families (○ pooled)", 0.5)
    areas.plot(pooled, range(len(pooled)), "o", ms=3, mfc="none", mec="black", mew=0.6)
    rules = {"never": np.zeros(helps.size, bool), "always": np.ones(helps.size, bool)}
    rules |= {f"{name}: {rule}": use for name, each in found.items() for rule, use in list(each.decisions.items())[:1]}
    _bars(
        regrets,
        {name: by_clusters(on(regret, use, compared["truth"]), clusters) for name, use in rules.items()},
        "regret, nats a trial",
        None,
    )


def theory(figure: Figure, trials: Trials) -> None:
    """Predicted benefit against the truth; AUC of the prediction and of single scores for the sign of the truth."""
    scatter, areas = figure.subplots(1, 2, width_ratios=(1.3, 1))
    _cloud(scatter, trials, "predicted", "predicted, share of explainable variance", errors=False)
    compared = _compared(trials)
    classes = true_class(compared["truth"], compared["truth_error"])
    clear = chosen(compared, (classes == HELPS) | (classes == HURTS))
    if not clear["truth"].size:
        return
    # these measure the benefit; this picture compares predictions
    left_out = ("advisor", "cross_validation", "cross_validation_sklearn")
    scores = {name: each.score for name, each in answers(clear).items() if name not in left_out}
    positive, clusters = clear["truth"] > 0, mains(clear)
    bars = {name: by_clusters(on(auc, answered(score), positive), clusters) for name, score in scores.items()}
    _bars(areas, bars, f"AUC for the sign of the truth\n({positive.sum()} help, {(~positive).sum()} hurt)", 0.5)


def _compared(trials: Trials) -> Trials:
    """Trials that the baselines answered too."""
    return chosen(trials, trials["compared"] > 0)


def _cloud(axes: Axes, trials: Trials, column: str, label: str, *, errors: bool) -> None:
    for kind, colour in COLOURS.items():
        mine = chosen(trials, trials["kind"] == kind)
        if not mine["truth"].size:
            continue
        if errors:
            arms = np.stack([mine["mean"] - mine["low"], mine["high"] - mine["mean"]])
            axes.errorbar(mine["truth"], mine[column], arms, fmt="none", ecolor=colour, elinewidth=0.4, alpha=0.35)
        axes.plot(mine["truth"], mine[column], "o", ms=2.5, color=colour, mec="none", alpha=0.8, label=kind)
    axes.axhline(0, color="0.7", lw=0.7, zorder=0)
    axes.axvline(0, color="0.7", lw=0.7, zorder=0)
    if errors:
        ends = np.array([np.nanmin(trials["truth"]), np.nanmax(trials["truth"])])
        axes.plot(ends, ends, color="0.3", lw=0.8, ls="--")
        span = np.array([np.nanmin(trials["mean"]), np.nanmax(trials["mean"])])
        axes.set_ylim(*(span + 0.2 * np.ptp(span) * np.array([-1, 1])))  # long intervals run out of the picture
    axes.set(xlabel="true benefit, nats", ylabel=label)
    axes.legend(markerscale=2, loc="best")


def _bars(axes: Axes, values: dict[str, tuple[float, float, float]], label: str, chance: float | None) -> None:
    """Values with intervals, in the order given, ours in colour."""
    for place, (name, (value, low, high)) in enumerate(values.items()):
        own = name.startswith(("advisor", "theory: predicted"))
        axes.barh(place, value, color="#0072b2" if own else "0.75", height=0.7)
        axes.plot([low, high], [place, place], color="black", lw=0.8)
    axes.set_yticks(range(len(values)), [name.replace("_", " ") for name in values], fontsize=6.5)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    if chance is not None:
        axes.axvline(chance, color="black", lw=0.7, ls=":")
