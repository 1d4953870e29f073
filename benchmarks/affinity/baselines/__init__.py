"""What a practitioner would use instead of `sharedtrunk advise`: one file a method, all read through `METHODS`.

Every score is larger where the auxiliary task B is expected to help the main task A more. Needs PyTorch and scikit-learn.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..data import PairData
from . import (
    constants,
    cosine,
    cross_validation,
    cross_validation_sklearn,
    h_score,
    knn_probe,
    leep,
    logme,
    mutual_information,
    tag,
)
from ._comparison import Comparison

Score = Callable[[PairData, int, float | None], float]


@dataclass(frozen=True)
class Reading:
    """What a method says of one directed pair: its score, and the ends of its interval where it has one (else NaN)."""

    score: float
    low: float = float("nan")
    high: float = float("nan")


def positive_score(reading: Reading) -> bool:
    """Decide `helps` where the score is above zero; no answer (NaN) decides against B."""
    return reading.score > 0


def positive_low(reading: Reading) -> bool:
    """Decide `helps` where the whole interval is above zero; no answer (NaN) decides against B."""
    return reading.low > 0


@dataclass(frozen=True)
class Method:
    """A baseline: score(data, seed, seconds), whether A←B may differ from B←A, its decision rules, its interval."""

    score: Score
    directed: bool
    rules: dict[str, Callable[[Reading], bool]] = field(default_factory=dict)
    compare: Callable[[PairData, int, float | None], Comparison] | None = None
    ranks: bool = True

    def read(self, data: PairData, seed: int, seconds: float | None = None) -> Reading:
        """Ask the method once. seconds: time that it may fill with repetitions; None for one."""
        if self.compare is None:
            return Reading(self.score(data, seed, seconds))
        found = self.compare(data, seed, seconds)
        return Reading(found.score, found.low, found.high)

    def decisions(self, reading: Reading) -> dict[str, bool]:
        """`helps` or not by each of the method's natural thresholds; empty where it only ranks."""
        return {name: rule(reading) for name, rule in self.rules.items()}


SCORE_RULE = {"score > 0": positive_score}
INTERVAL_RULES = {"score > 0": positive_score, "low > 0": positive_low}

METHODS = {
    "never": Method(constants.never, directed=False, rules=SCORE_RULE, ranks=False),
    "always": Method(constants.always, directed=False, rules=SCORE_RULE, ranks=False),
    "tag": Method(tag.score, directed=True, rules=SCORE_RULE),
    "gradient_cosine": Method(cosine.score, directed=False, rules=SCORE_RULE),
    "knn_probe": Method(knn_probe.score, directed=True, rules=SCORE_RULE),
    "leep": Method(leep.score, directed=True),
    "leep_gain": Method(leep.gain, directed=True),
    "logme": Method(logme.score, directed=True),
    "logme_gain": Method(logme.gain, directed=True, rules=SCORE_RULE),
    "h_score": Method(h_score.score, directed=True),
    "h_score_shrunk": Method(h_score.shrunk_score, directed=True),
    "mutual_information": Method(mutual_information.score, directed=True),
    "cross_validation": Method(
        cross_validation.score, directed=True, rules=INTERVAL_RULES, compare=cross_validation.compare
    ),
    "cross_validation_sklearn": Method(
        cross_validation_sklearn.score, directed=True, rules=INTERVAL_RULES, compare=cross_validation_sklearn.compare
    ),
}
