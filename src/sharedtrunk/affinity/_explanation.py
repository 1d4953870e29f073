"""Why an auxiliary task should help or hurt: the theory's prediction from both tasks' label moments, without any training.

`signals` computes one `TaskSignal` per task, and `explain_pair` needs two of them; `explain` does both for one pair. The
prediction's error combines the error of the draws with the error of the relatedness. The latter is half the difference of the
benefits at both ends of the interval of r, divided by 1.96. An auxiliary task without a visible signal counts as noise; the
second part of the error is then the change of the benefit if the task were fully related and had the strongest signal that
could have been missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk.affinity._regression_twin import (
    NEGLIGIBLE_SHARE,
    Overlap,
    PredictedBenefit,
    predicted_benefit,
    twin_task,
)
from sharedtrunk.affinity._relatedness import NORMAL, Relatedness, relatedness
from sharedtrunk.affinity._signal import TaskSignal, task_signal
from sharedtrunk.affinity._verdicts import CANNOT_TELL, HELPS, HURTS, NO_DIFFERENCE, Verdict
from sharedtrunk.affinity._whitening import whiten
from sharedtrunk.errors import invalid

_NEAR = 45.0
"""Principal angles below this many degrees count as near: more than half of the variance is shared."""


@dataclass(frozen=True)
class Explanation:
    """The theory's numbers for an ordered pair of tasks, and the benefit that the theory predicts.

    Attributes
    ----------
    main, auxiliary : str
        The tasks.
    relatedness, relatedness_error, low, high : float
        Relatedness r (4), its standard error, and the ends of its 95 % interval.
    angles : (angle,)
        Principal angles between the tasks' directions, in degrees.
    snr_main, snr_auxiliary, rank_main, rank_auxiliary : float, int
        Signal-to-noise ratio s̄/σ of each task, and number of its directions above the noise.
    labels_main, labels_auxiliary : int
        Numbers of labels.
    labels_per_parameter : float
        n_main/(R(F + K − 1 − R)): main labels per free parameter of the main task's moment, of rank R ≥ 1.
    trunk_share : float
        Hidden units per direction, the directions of both tasks together.
    predicted, predicted_error : float
        The predicted benefit and its error, as a share of the main task's linearly explainable variance and not in nats;
        NaN where the main task has no visible signal.
    predicted_verdict : str
        "helps", "hurts", "no difference" or "cannot tell yet".

    References
    ----------
    Equation (4) of the paper defines r; the prediction is that of the linear networks in its reference [16].
    """

    main: str
    auxiliary: str
    relatedness: float
    relatedness_error: float
    low: float
    high: float
    angles: Float[np.ndarray, "angle"]
    snr_main: float
    snr_auxiliary: float
    rank_main: int
    rank_auxiliary: int
    labels_main: int
    labels_auxiliary: int
    labels_per_parameter: float
    trunk_share: float
    predicted: float
    predicted_error: float
    predicted_verdict: Verdict

    @property
    def sentence(self) -> str:
        """The numbers in words: both tasks, and what theory expects."""
        if not self.rank_main:
            return f"{self.about_main}. {self.about_auxiliary}"
        return f"{self._relation()}; {self.about_main}; {self._trunk()}. {self._expectation()}"

    @property
    def about_main(self) -> str:
        """The main task's labels per parameter and its signal. The text does not depend on the auxiliary task."""
        if not self.rank_main:
            return f"The signal of {self.main} is not distinguishable from noise with {self.labels_main} labels"
        labels = f"{self.main} has {_short(self.labels_per_parameter)} labels per parameter"
        return f"{labels} and a signal {self.snr_main:.1f} times its noise"

    @property
    def about_auxiliary(self) -> str:
        """How related the auxiliary task is, its signal, the trunk's size for both, and what theory expects."""
        if not self.rank_main:
            return f"Theory cannot tell yet what {self.auxiliary} does to {self.main}."
        return f"{self._relation()}; {self._trunk()}. {self._expectation()}"

    def _trunk(self) -> str:
        return f"the trunk has {_short(self.trunk_share)} hidden units per direction"

    def agreement(self, measured_verdict: str) -> str:
        """Whether the measured verdict is the predicted one: "agrees", "disagrees" or "cannot be compared"."""
        if CANNOT_TELL in (measured_verdict, self.predicted_verdict):
            return "cannot be compared"
        return "agrees" if measured_verdict == self.predicted_verdict else "disagrees"

    def _relation(self) -> str:
        if not self.rank_auxiliary:
            return f"{self.auxiliary} has no signal distinguishable from noise with {self.labels_auxiliary} labels"
        kind = "closely related" if self.low > 0.5 else "related" if self.low > 0 else "not measurably related"
        near = f"{int(np.sum(self.angles < _NEAR))} of {self.angles.size} angles below {_NEAR:.0f}°"
        interval = f"r = {self.relatedness:.2f}, 95 % interval {self.low:.2f} … {self.high:.2f}, {near}"
        strength = f"has a signal {self.snr_auxiliary:.1f} times its noise"
        return f"{self.auxiliary} is {kind} to {self.main} ({interval}) and {strength}"

    def _expectation(self) -> str:
        words = {HELPS: "help", HURTS: "harm", NO_DIFFERENCE: f"no difference beyond ± {NEGLIGIBLE_SHARE:g}"}
        number = f"{self.predicted:+.3f} ± {self.predicted_error:.3f} of the explainable variance"
        if self.predicted_verdict == CANNOT_TELL:
            return f"Theory cannot tell yet ({number})."
        return f"Theory expects {words[self.predicted_verdict]} ({number})."


def signals(
    features: Float[np.ndarray, "sample feature"],
    labels: Mapping[str, Int[np.ndarray, "sample"]],
    *,
    scores: Mapping[str, Float[np.ndarray, "sample"]] | None = None,
    seed: int = 0,
) -> dict[str, TaskSignal]:
    """`task_signal` of every task in `labels` (codes, −1 where missing), in one table's whitened inputs.

    Tasks whose labels are numbers have `scores`. Raises `InputError` where `whiten` or `task_signal` does.
    """
    whitening = whiten(features, seed=seed)
    numbers = scores or {}
    return {
        task: task_signal(whitening, codes, task=task, seed=seed, scores=numbers.get(task))
        for task, codes in labels.items()
    }


def explain(
    features: Float[np.ndarray, "sample feature"],
    labels: Mapping[str, Int[np.ndarray, "sample"]],
    main: str,
    auxiliary: str,
    *,
    hidden: int,
    alpha: float = 1.0,
    seed: int = 0,
) -> Explanation:
    """`explain_pair` for two tasks of a table with standardized features (sample, feature).

    Raises `InputError` for a task that is not in `labels`, and where `signals` does.
    """
    for task in (main, auxiliary):
        if task not in labels:
            raise invalid(
                "The tasks to explain must be in the table", received=task, hint=f"It has {', '.join(labels)}."
            )
    found = signals(features, {task: labels[task] for task in (main, auxiliary)}, seed=seed)
    return explain_pair(found[main], found[auxiliary], hidden=hidden, alpha=alpha, seed=seed)


def explain_pair(
    main: TaskSignal, auxiliary: TaskSignal, *, hidden: int, alpha: float = 1.0, seed: int = 0
) -> Explanation:
    """What theory expects of training `auxiliary`, weighted `alpha`, beside `main` on a trunk of `hidden` units.

    The hypotheses and the unit are those of `predicted_benefit` and `relatedness`. Raises `InputError` where they do.
    """
    related = relatedness(main, auxiliary)
    rank, contrasts, F = max(main.rank, 1), main.classes - 1, main.moments.shape[2]
    predicted, error = np.nan, np.nan
    if main.rank:
        predicted, error = _predicted(main, auxiliary, related, hidden=hidden, alpha=alpha, seed=seed)
    return Explanation(
        main=main.task,
        auxiliary=auxiliary.task,
        relatedness=related.value,
        relatedness_error=related.standard_error,
        low=related.low,
        high=related.high,
        angles=related.angles,
        snr_main=main.snr,
        snr_auxiliary=auxiliary.snr,
        rank_main=main.rank,
        rank_auxiliary=auxiliary.rank,
        labels_main=main.labels,
        labels_auxiliary=auxiliary.labels,
        labels_per_parameter=main.labels / (rank * max(F + contrasts - rank, 1)),
        trunk_share=hidden / max(main.rank + auxiliary.rank, 1),
        predicted=predicted,
        predicted_error=error,
        predicted_verdict=verdict(predicted, error),
    )


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def verdict(benefit: float, error: float) -> Verdict:
    """The verdict: "no difference" if benefit ± two errors is within ± `NEGLIGIBLE_SHARE`, else "helps" or "hurts" if the
    benefit's size exceeds two errors, else "cannot tell yet"."""
    if abs(benefit) + 2 * error <= NEGLIGIBLE_SHARE:
        return NO_DIFFERENCE
    if abs(benefit) > 2 * error:
        return HELPS if benefit > 0 else HURTS
    return CANNOT_TELL


def label_overlap(main: TaskSignal, auxiliary: TaskSignal) -> Overlap | None:
    """The rows that both tasks label, and how far their whitened labels agree there; None without such rows."""
    both = (main.codes >= 0) & (auxiliary.codes >= 0)
    n = int(both.sum())
    if not n:
        return None
    return Overlap(n, auxiliary.contrast[auxiliary.codes[both]].T @ main.contrast[main.codes[both]] / n)


def _predicted(main, auxiliary, related: Relatedness, *, hidden: int, alpha: float, seed: int) -> tuple[float, float]:
    """The benefit and its error."""
    overlap = label_overlap(main, auxiliary)

    def benefit(values, left, R) -> PredictedBenefit:
        return predicted_benefit(
            _twin(main, main.values, main.left),
            _twin(auxiliary, values, left),
            R,
            features=main.moments.shape[2],
            hidden=hidden,
            alpha=alpha,
            overlap=overlap,
            seed=seed,
        )

    if auxiliary.rank:
        found = benefit(auxiliary.values, auxiliary.left, related.cosines)
        ends = [benefit(auxiliary.values, auxiliary.left, R) for R in _ends(related)]
        second_error = (ends[1].benefit - ends[0].benefit) / (2 * NORMAL)
    else:
        found = benefit(np.zeros(0), np.zeros((auxiliary.classes - 1, 0)), np.zeros((0, main.rank)))
        missed = np.sqrt(np.clip(auxiliary.threshold**2 - auxiliary.noise**2, 0, 1))
        strongest = benefit(np.array([missed]), np.eye(auxiliary.classes - 1, 1), np.eye(1, main.rank))
        second_error = strongest.benefit - found.benefit
    return found.benefit, float(np.hypot(found.standard_error, second_error))


def _twin(task: TaskSignal, values: np.ndarray, left: np.ndarray):
    return twin_task(values, classes=task.classes, labels=task.labels, left=left)


def _ends(related: Relatedness) -> list[np.ndarray]:
    """The cosines rescaled to either end of the interval of r, or end · I where r or the cosines are 0."""
    R = related.cosines
    size = np.linalg.norm(R, 2)
    if not (size > 0 and related.value > 0):
        return [end * np.eye(*R.shape) for end in (related.low, related.high)]
    return [R * min(end / related.value, 1 / size) for end in (related.low, related.high)]
