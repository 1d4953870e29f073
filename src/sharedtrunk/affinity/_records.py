"""Records of advice: effects of auxiliary tasks on a main task, with intervals, verdicts and the theory's reasons.

They hold numbers and words and know nothing of frames, pictures and files, which are all made from them. Benefits are in
nats of the main task's held-out loss, or in units of another metric that the user chose, accuracies in points (hundredths);
both are positive where the auxiliary tasks help.
"""

import math
from dataclasses import dataclass, field

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._explanation import Explanation
from sharedtrunk.affinity._ways import BESIDE
from sharedtrunk.tables import Leak


@dataclass(frozen=True)
class Outlook:
    """What a benefit is likely to be, given its measured estimate and the benefits on many other tables.

    Attributes
    ----------
    expected : float
        The expected benefit in nats.
    low, high : float
        The 95 % credible interval.
    helps, harms : float
        Probabilities that the benefit is above `Conditions.negligible`, and below minus that.
    """

    expected: float
    low: float
    high: float
    helps: float
    harms: float


@dataclass(frozen=True)
class Effect:
    """The measured effect of training `auxiliaries` beside the main task.

    Attributes
    ----------
    auxiliaries : tuple of str
        The set of auxiliary tasks.
    alpha : float
        Weight α of each auxiliary task's loss; the main task's is 1.
    benefit, accuracy : Estimate
        Benefit (in nats, or units of the metric) and gain of accuracy in points, with 95 % intervals for this effect alone.
    p_value, p_adjusted : float
        Two-sided p-value of the benefit, and the same corrected (Holm) for all effects of its family.
    verdict : str
        "helps", "hurts", "no difference" or "cannot tell yet". Objections and failed trainings decide first ("cannot tell
        yet"). Then an interval within ± `negligible` gives "no difference". Otherwise `p_adjusted` decides.
    reason : str
        Why the verdict is "cannot tell yet"; empty otherwise.
    nats : Estimate or None
        Of a numeric main task the benefit in nats of a Gaussian, ½ ln(MSE alone / MSE beside).
    way : str
        How the auxiliary labels are used: "beside", "feature" or "average" (`LinearTaskClassifier`).
    outlook : Outlook or None
        What the benefit is likely to be; None where the prior is not about such benefits.
    """

    auxiliaries: tuple[str, ...]
    alpha: float
    benefit: Estimate
    accuracy: Estimate
    p_value: float
    p_adjusted: float
    verdict: str
    reason: str = ""
    nats: Estimate | None = None
    way: str = BESIDE
    outlook: Outlook | None = None


@dataclass(frozen=True)
class AuxiliaryAdvice:
    """One auxiliary task: what was measured, and what the theory says.

    Attributes
    ----------
    name, labels : str, int
        The task and its number of labels.
    effect : Effect
        Its measured effect, of the average of all ways where there are several.
    explanation : Explanation or None
        The theory's numbers.
    agreement : str
        Whether theory and measurement have the same verdict: "agrees", "disagrees" or "cannot be compared".
    ways : tuple of Effect
        Its effects in all ways that were measured.
    """

    name: str
    labels: int
    effect: Effect
    explanation: Explanation | None
    agreement: str
    ways: tuple[Effect, ...] = ()


@dataclass(frozen=True)
class CurvePoint:
    """The benefit for one number of main labels.

    Attributes
    ----------
    labels : int
        Number of main labels.
    benefit : Estimate
        Benefit in nats with its 95 % interval.
    measured : bool
        Whether trainings measured it; if not, it is extrapolated.
    """

    labels: int
    benefit: Estimate
    measured: bool


@dataclass(frozen=True)
class Conditions:
    """The table, the student and the measurement behind the advice.

    Attributes
    ----------
    rows, features, classes, labels : int
        Size of the table, and the main task's numbers of classes and labels.
    trained_on, stopped_by : int
        Mean numbers of main labels that train a student and that decide its stop.
    hidden, activation : tuple of int, str
        The student's trunk.
    folds, repeats, seed : int
        The splits: `repeats` of `folds` folds, drawn from `seed`. Splits in order of time, or given by `cv`, are `folds`
        splits and 1 repeat.
    splits : str
        How the splits were made, where not by random folds of rows.
    negligible : float
        Benefits within ± this many nats, or units of another metric, count as "no difference".
    model, metric : str, str
        The user's own model, empty for the student; and the metric of the benefits.
    trainings, seconds : int, float
        Number of trainings, and how long they took.
    kept : int
        How many of the trainings were kept from before and not made anew.
    """

    rows: int
    features: int
    classes: int
    labels: int
    trained_on: int
    stopped_by: int
    hidden: tuple[int, ...]
    activation: str
    folds: int
    repeats: int
    negligible: float
    seed: int
    trainings: int
    seconds: float
    splits: str = ""
    model: str = ""
    metric: str = "log_loss"
    kept: int = 0


@dataclass(frozen=True)
class AdviceRecord:
    """The fields of an `Advice`."""

    main: str
    loss_alone: Estimate
    accuracy_alone: Estimate
    auxiliaries: tuple[AuxiliaryAdvice, ...]
    sets: tuple[Effect, ...]
    best_set: Effect | None
    alphas: tuple[Effect, ...]
    best_alpha: float
    curve: tuple[CurvePoint, ...]
    conditions: Conditions
    notes: tuple[str, ...]
    leaks: tuple[Leak, ...] = ()
    loss_of_frequencies: float = math.nan
    accuracy_of_commonest: float = math.nan
    score_alone: Estimate | None = None
    score_of_frequencies: float = math.nan
    unfinished: tuple[str, ...] = ()
    loss_of_regression: Estimate | None = None
    behind_regression: Estimate | None = None


@dataclass(frozen=True)
class MatrixRecord:
    """The fields of an `AffinityMatrix`."""

    tasks: tuple[str, ...]
    loss_alone: dict[str, Estimate]
    effects: dict[tuple[str, str], Effect]
    groups: tuple[tuple[str, ...], ...]
    conditions: dict[str, Conditions]
    notes: tuple[str, ...]
    leaks: tuple[Leak, ...] = ()
    loss_of_frequencies: dict[str, float] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()
