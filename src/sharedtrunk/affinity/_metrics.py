"""The metric in which a benefit is measured: by row, or of a split's test rows as a whole.

*By row*: log loss (nats), accuracy and the Brier score are means over rows, so a benefit has a number for every test row of
every split, and the clustered interval of `_intervals.clustered`. *By split*: balanced accuracy, ROC AUC and average
precision are no means over rows; a benefit has one number a split, with the interval of `_intervals.corrected`.

With more than two classes ROC AUC and average precision are means over the classes, each against the rest. With two they are
those of the second class, as scikit-learn's are. A split whose test rows lack a class has none.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from sharedtrunk._support.limits import check_metric
from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._intervals import clustered, corrected, tested_clusters, two_sided_p
from sharedtrunk.affinity._trials import Outcome


class Metric(NamedTuple):
    """A metric's name, whether more is better (1) or less (−1), and its values (split, judged) or (split,) of an outcome."""

    name: str
    sign: int
    values: Callable[[Outcome, Int[np.ndarray, "judged"]], np.ndarray]
    needs_probabilities: bool = True

    @property
    def by_split(self) -> bool:
        """Whether it is a number of a split's test rows as a whole."""
        return self.name in ("balanced_accuracy", "roc_auc", "average_precision")


class Scoring(NamedTuple):
    """How outcomes become benefits and their intervals.

    `codes` and `groups` (judged,) are the main task's labels and the groups by which intervals are clustered; `ratio` is the
    number of test rows of a split per training row.
    """

    metric: Metric
    codes: Int[np.ndarray, "judged"]
    groups: Int[np.ndarray, "judged"] | None = None
    ratio: float = 0.0

    def gains(self, joint: Outcome, single: Outcome) -> np.ndarray:
        """By how much the joint arm is better, (split, judged) or (split,); NaN where there is no number."""
        joint_values, single_values = (self.metric.values(outcome, self.codes) for outcome in (joint, single))
        return self.metric.sign * (joint_values - single_values)

    def score(self, outcome: Outcome) -> Estimate:
        """The metric's mean over rows or splits."""
        return self.estimate(self.metric.values(outcome, self.codes)[outcome.made])

    def estimate(self, numbers: np.ndarray) -> Estimate:
        """Mean and interval of numbers by row, or by split."""
        if numbers.ndim == 2:
            return clustered(numbers, self.groups)
        return corrected(numbers, self.ratio, self._groups())

    def p_value(self, found: Estimate, gains: np.ndarray) -> float:
        """The two-sided p-value of `estimate(gains)`."""
        if gains.ndim == 2:
            return two_sided_p(found, None if self.groups is None else tested_clusters(gains, self.groups))
        return two_sided_p(found, self._groups())

    def _groups(self) -> int | None:
        return None if self.groups is None else np.unique(self.groups).size


def metric_named(name: str) -> Metric:
    """The metric of that name. Raises `InputError`."""
    check_metric(name)
    return _ALL[name]


def _brier(outcome: Outcome, codes: np.ndarray) -> np.ndarray:
    """Squared error of the probabilities, summed over the classes; with two classes half of it, as is usual."""
    classes = outcome.probabilities.shape[2]
    squares = (outcome.probabilities - np.eye(classes)[codes][None]) ** 2
    return squares.sum(axis=2) / (2 if classes == 2 else 1)


def _by_split(score: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[Outcome, np.ndarray], np.ndarray]:
    """The score of every split's test rows, of (labels, probabilities)."""

    def values(outcome: Outcome, codes: np.ndarray) -> Float[np.ndarray, "split"]:
        classes, found = outcome.probabilities.shape[2], []
        for probabilities in outcome.probabilities:
            tested = np.isfinite(probabilities).all(axis=1)
            whole = np.unique(codes[tested]).size == classes
            found.append(score(codes[tested], probabilities[tested]) if whole else np.nan)
        return np.array(found)

    return values


def _balanced_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    return float(balanced_accuracy_score(labels, probabilities.argmax(axis=1)))


def _against_the_rest(score: Callable) -> Callable[[np.ndarray, np.ndarray], float]:
    def mean(labels: np.ndarray, probabilities: np.ndarray) -> float:
        classes = range(1, 2) if probabilities.shape[1] == 2 else range(probabilities.shape[1])
        return float(np.mean([score(labels == each, probabilities[:, each]) for each in classes]))

    return mean


_ALL = {
    metric.name: metric
    for metric in (
        Metric("log_loss", -1, lambda outcome, codes: outcome.loss, needs_probabilities=False),
        Metric("accuracy", 1, lambda outcome, codes: outcome.right, needs_probabilities=False),
        Metric("balanced_accuracy", 1, _by_split(_balanced_accuracy)),
        Metric("roc_auc", 1, _by_split(_against_the_rest(roc_auc_score))),
        Metric("average_precision", 1, _by_split(_against_the_rest(average_precision_score))),
        Metric("brier", -1, _brier),
    )
}

LOG_LOSS = _ALL["log_loss"]
"""The default metric."""

IN_NATS = Scoring(LOG_LOSS, np.zeros(0, np.int64))
"""Benefits in nats, with intervals by row."""
