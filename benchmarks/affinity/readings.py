"""The methods that are compared, by name: each has a score for every trial, decisions to use B, and core seconds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .metrics import answered, crossed_decisions

Trials = dict[str, np.ndarray]


@dataclass(frozen=True)
class Answer:
    """One method's score for every trial (NaN: none), its decisions by rule (True: train B beside A), and core seconds."""

    score: np.ndarray
    decisions: dict[str, np.ndarray]
    seconds: float


CROSSED = "tuned on other mains"

BASELINES = (
    "cross_validation",
    "cross_validation_sklearn",
    "tag",
    "gradient_cosine",
    "knn_probe",
    "leep",
    "leep_gain",
    "logme",
    "logme_gain",
    "h_score",
    "h_score_shrunk",
    "mutual_information",
)
POSITIVE = ("cross_validation", "cross_validation_sklearn", "tag", "gradient_cosine", "knn_probe", "logme_gain")
"""Baselines whose score has a natural threshold at 0."""


def chosen(trials: Trials, rows: np.ndarray) -> Trials:
    """The trials in `rows` (mask or indices)."""
    return {name: column[rows] for name, column in trials.items()}


def mains(trials: Trials) -> np.ndarray:
    """Table and main task of every trial: the clusters of the bootstrap."""
    return np.array(
        [f"{table} {main}" for table, main in zip(trials["table"], trials["main"], strict=True)], dtype=object
    )


def askings(trials: Trials) -> np.ndarray:
    """The group of every trial: one user's question about one family. Auxiliary tasks are ranked within groups.

    The students of a group have the same features and rows; another family of the same main task may have other features.
    """
    parts = ("table", "main", "family", "labels", "world", "user")
    return np.array(
        [" ".join(map(str, key)) for key in zip(*(trials[part] for part in parts), strict=True)], dtype=object
    )


def answers(trials: Trials) -> dict[str, Answer]:
    """All methods' answers for these trials, the advisor's first."""
    seconds = _median(trials["core_seconds"])
    advisor = {"verdict is helps": trials["verdict"] == "helps", "estimate > 0": trials["mean"] > 0}
    found = {"advisor": Answer(trials["mean"], advisor, seconds), "new labelled rows": new_rows(trials)}
    for name in BASELINES:
        if name not in trials:
            continue
        score = trials[name]
        decisions = {CROSSED: crossed_decisions(answered(score), trials["truth"], mains(trials))}
        if name in POSITIVE:
            decisions = {"score > 0": score > 0} | decisions
        if f"{name} low" in trials:
            decisions["low > 0"] = trials[f"{name} low"] > 0
        found[name] = Answer(score, decisions, _median(trials[f"{name} seconds"]))
    return found | theory_scores(trials)


def new_rows(trials: Trials) -> Answer:
    """The trivial answer: the share of B's labels that are on rows without a main label."""
    score = trials["new_share"]
    crossed = crossed_decisions(score, trials["truth"], mains(trials))
    return Answer(score, {"share > 0": score > 0, CROSSED: crossed}, 0.0)


def null_reference(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """Each trial's mean true benefit of shuffled labels (same table, labels and new rows), and its error; NaN if none."""
    keys = list(zip(trials["table"], trials["labels"], trials["new"], strict=True))
    reference, error = np.full(len(keys), np.nan), np.full(len(keys), np.nan)
    for key in set(keys):
        here = np.array([each == key for each in keys])
        null = here & (trials["kind"] == "null")
        truths = {world: (truth, bar) for world, truth, bar in _by_world(trials, null)}
        if truths:
            values, errors = np.array(list(truths.values())).T
            reference[here], error[here] = values.mean(), np.sqrt((errors**2).sum()) / errors.size
    return reference, error


def _by_world(trials: Trials, rows: np.ndarray):
    """Main task with world, truth and its error of every trial in `rows`; the users of a family share all three."""
    mine = chosen(trials, rows)
    names = [f"{main} {world}" for main, world in zip(mine["main"], mine["world"], strict=True)]
    return zip(names, mine["truth"], mine["truth_error"], strict=True)


def theory_scores(trials: Trials) -> dict[str, Answer]:
    """The theory's prediction from the labels' moments, and each of its ingredients alone."""
    verdict = {"predicted helps": trials["predicted_verdict"] == "helps", "predicted > 0": trials["predicted"] > 0}
    names: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]] = {
        "theory: predicted": (trials["predicted"], verdict),
        "theory: relatedness alone": (trials["relatedness"], {}),
        "theory: SNR of B alone": (trials["snr_auxiliary"], {}),
        "theory: label starvation alone": (-trials["labels_per_parameter"], {}),
    }
    found = {}
    for name, (score, decisions) in names.items():
        crossed = {CROSSED: crossed_decisions(answered(score), trials["truth"], mains(trials))}
        found[name] = Answer(score, decisions | crossed, float("nan"))
    return found


def on(statistic: Callable[..., float], *columns: np.ndarray) -> Callable[[np.ndarray], float]:
    """The statistic of the columns as a function of the rows, as the bootstrap calls it."""

    def at(rows: np.ndarray) -> float:
        return statistic(*(column[rows] for column in columns))

    return at


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
