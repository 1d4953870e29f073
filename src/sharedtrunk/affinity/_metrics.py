"""The metric in which a benefit is measured: by row, or of a split's test rows as a whole.

*By row*: log loss (nats), accuracy, the Brier score, and squared and absolute errors are means over rows, so a benefit has a
number for every test row of every split, and the clustered interval of `_intervals.clustered`. *By split*: balanced
accuracy, ROC AUC and average precision are no means over rows; a benefit has one number a split, with the interval of
`_intervals.corrected`.

With more than two classes ROC AUC and average precision are means over the classes, each against the rest. With two they are
those of the second class, as scikit-learn's are. A split whose test rows lack a class has none.

A scorer of scikit-learn also gives one number per split, from predictions or probabilities.

Of a numeric task squared errors are in units of the target's variance, absolute ones in its standard deviations (both of the
rows of a split that are not tested). Of ordered classes the ranked probability score (Epstein 1969) is

    Σ_k (F_k − 1[label ≤ k])² / (K − 1),   F_k = P(class ≤ k),

which counts how far a prediction is off. All means are weighted by the rows' weights.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from sharedtrunk._support.limits import CLASS_METRICS, METRICS, NUMBER_METRICS, ORDER_METRICS, check_metric
from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._intervals import clustered, corrected, tested_clusters, two_sided_p
from sharedtrunk.affinity._trials import Outcome
from sharedtrunk.errors import invalid
from sharedtrunk.tables import TaskKind

Scorer = Callable[..., float]
"""What scikit-learn's `make_scorer` and `get_scorer` return: a function of an estimator, inputs and labels."""


class Metric(NamedTuple):
    """A metric's name, whether more is better (1) or less (−1), and its values of an outcome.

    The values are (split, judged), or (split,) of a metric of a split's test rows as a whole.
    """

    name: str
    sign: int
    values: Callable[[Outcome, Int[np.ndarray, "judged"], np.ndarray | None], np.ndarray]
    needs_probabilities: bool = True
    by_split: bool = False


class Scoring(NamedTuple):
    """How outcomes become benefits and their intervals.

    `codes` and `groups` (judged,) are the main task's labels and the groups by which intervals are clustered; `ratio` is the
    number of test rows of a split per training row, and `weights` (judged,) how much rows count.
    """

    metric: Metric
    codes: Int[np.ndarray, "judged"]
    groups: Int[np.ndarray, "judged"] | None = None
    ratio: float = 0.0
    weights: Float[np.ndarray, "judged"] | None = None

    def gains(self, joint: Outcome, single: Outcome) -> np.ndarray:
        """By how much the joint arm is better, (split, judged) or (split,); NaN where there is no number."""
        joint_values, single_values = (self._values(outcome) for outcome in (joint, single))
        return self.metric.sign * (joint_values - single_values)

    def score(self, outcome: Outcome) -> Estimate:
        """The metric's mean over rows or splits."""
        return self.estimate(self._values(outcome)[outcome.made])

    def _values(self, outcome: Outcome) -> np.ndarray:
        return self.metric.values(outcome, self.codes, self.weights)

    def by_row(self, numbers: Float[np.ndarray, "split judged"]) -> Estimate:
        """Mean and interval of numbers by row."""
        return clustered(numbers, self.groups, weights=self.weights)

    def estimate(self, numbers: np.ndarray) -> Estimate:
        """Mean and interval of numbers by row, or by split."""
        if numbers.ndim == 2:
            return self.by_row(numbers)
        return corrected(numbers, self.ratio, self._groups())

    def p_value(self, found: Estimate, gains: np.ndarray) -> float:
        """The two-sided p-value of `estimate(gains)`."""
        if gains.ndim == 2:
            return two_sided_p(found, None if self.groups is None else tested_clusters(gains, self.groups))
        return two_sided_p(found, self._groups())

    def _groups(self) -> int | None:
        return None if self.groups is None else np.unique(self.groups).size


def metric_for(metric: str | Scorer | None, kind: TaskKind, task: str) -> Metric:
    """The metric of that name, scikit-learn's scorer, or the usual metric, of a main task of this kind.

    Raises `InputError` for one of another kind.
    """
    if callable(metric):
        if kind == "numeric":
            hint = f"Choose one of {', '.join(NUMBER_METRICS)}."
            raise invalid("scorers are for classes", received=f"one for {task}, which is numeric", hint=hint)
        return _of_scorer(metric)
    usual = NUMBER_METRICS if kind == "numeric" else CLASS_METRICS
    possible = (*usual, *(ORDER_METRICS if kind == "ordered" else ()))
    check_metric(metric)
    found = _ALL[usual[0] if metric is None else metric]
    if found.name not in possible:
        words = {"numeric": "numeric", "classes": "classes without an order", "ordered": "ordered classes"}[kind]
        hint = f"Choose one of {', '.join(possible)}, or give {task} another kind (--kind)."
        raise invalid(
            "the metric suits the main task", received=f"{found.name} for {task}, which is {words}", hint=hint
        )
    return found


def _loss(outcome: Outcome, codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Nats; of a numeric task the squared error."""
    return outcome.loss


def _right(outcome: Outcome, codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    return outcome.right


def _absolute(outcome: Outcome, codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    return np.sqrt(outcome.loss)


def _ranked(outcome: Outcome, codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    classes = outcome.probabilities.shape[2]
    reached = codes[:, None] <= np.arange(classes)
    return ((outcome.probabilities.cumsum(axis=2) - reached) ** 2)[:, :, :-1].sum(axis=2) / (classes - 1)


def _brier(outcome: Outcome, codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Squared error of the probabilities, summed over the classes; with two classes half of it, as is usual."""
    classes = outcome.probabilities.shape[2]
    squares = (outcome.probabilities - np.eye(classes)[codes][None]) ** 2
    return squares.sum(axis=2) / (2 if classes == 2 else 1)


def _by_split(score: Callable[..., float]) -> Callable[[Outcome, np.ndarray, np.ndarray | None], np.ndarray]:
    """The score of every split's test rows, of (labels, probabilities, weights)."""

    def values(outcome: Outcome, codes: np.ndarray, weights: np.ndarray | None) -> Float[np.ndarray, "split"]:
        classes, found = outcome.probabilities.shape[2], []
        for probabilities in outcome.probabilities:
            tested = np.isfinite(probabilities).all(axis=1)
            whole = np.unique(codes[tested]).size == classes
            counted = None if weights is None else weights[tested]
            found.append(score(codes[tested], probabilities[tested], counted) if whole else np.nan)
        return np.array(found)

    return values


def _balanced_accuracy(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None) -> float:
    return float(balanced_accuracy_score(labels, probabilities.argmax(axis=1), sample_weight=weights))


def _against_the_rest(score: Callable) -> Callable[..., float]:
    def mean(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None) -> float:
        classes = range(1, 2) if probabilities.shape[1] == 2 else range(probabilities.shape[1])
        scores = [score(labels == each, probabilities[:, each], sample_weight=weights) for each in classes]
        return float(np.mean(scores))

    return mean


class _Told(ClassifierMixin, BaseEstimator):
    """A classifier that says the probabilities (sample, class) that it is given as its input."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.classes_ = np.arange(classes)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        return X.argmax(axis=1)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _of_scorer(scorer: Scorer) -> Metric:
    """scikit-learn's scorer as a metric, more being better; it is given the codes of the classes as labels."""

    written = str(scorer)
    made = re.match(r"make_scorer\((\w+)", written)
    name = made[1] if made else getattr(scorer, "__name__", type(scorer).__name__)
    name = f"neg_{name}" if "greater_is_better=False" in written else name
    name = f"{name} (scorer)" if name in METRICS else name

    def score(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None) -> float:
        counted = {} if weights is None else {"sample_weight": weights}
        try:
            return float(scorer(_Told(probabilities.shape[1]), probabilities, labels, **counted))
        except Exception as error:  # the user's own function may raise anything
            received = f"'{type(error).__name__}: {' '.join(str(error).split())}' from {name}"
            hint = "It is called as scorer(estimator, inputs, class_codes), with sample_weight= if rows have weights."
            raise invalid("A scorer gives a number", received=received, hint=hint) from error

    return Metric(name, 1, _by_split(score), by_split=True)


_ALL = {
    metric.name: metric
    for metric in (
        Metric("log_loss", -1, _loss, needs_probabilities=False),
        Metric("accuracy", 1, _right, needs_probabilities=False),
        Metric("balanced_accuracy", 1, _by_split(_balanced_accuracy), by_split=True),
        Metric("roc_auc", 1, _by_split(_against_the_rest(roc_auc_score)), by_split=True),
        Metric("average_precision", 1, _by_split(_against_the_rest(average_precision_score)), by_split=True),
        Metric("brier", -1, _brier),
        Metric("ranked_probability_score", -1, _ranked),
        Metric("mean_squared_error", -1, _loss, needs_probabilities=False),
        Metric("mean_absolute_error", -1, _absolute, needs_probabilities=False),
    )
}

LOG_LOSS = _ALL["log_loss"]
"""The default metric."""

SQUARED_ERROR = _ALL["mean_squared_error"]
"""The default metric of a numeric main task."""

IN_NATS = Scoring(LOG_LOSS, np.zeros(0, np.int64))
"""Benefits in nats, with intervals by row."""
