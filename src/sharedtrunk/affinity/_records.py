"""What an advisor says: effects of auxiliary tasks on a main task, with intervals, verdicts and the theory's reasons.

Plain records of numbers and words, so that tables, pictures and files all speak of the same thing. Benefits are in nats of
the main task's held-out loss and in accuracy points (hundredths), positive where the auxiliary tasks help.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._explanation import Explanation
from sharedtrunk.tables import Leak

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

HELPS, HURTS, NO_DIFFERENCE, CANNOT_TELL = "helps", "hurts", "no difference", "cannot tell yet"
VERDICTS = (HELPS, NO_DIFFERENCE, CANNOT_TELL, HURTS)


@dataclass(frozen=True)
class Effect:
    """What training `auxiliaries` beside the main task with weight α changes, measured on paired trainings.

    `benefit` in nats and `accuracy` in points carry 95 % intervals for this effect alone; `p_adjusted` and the verdict
    account for all effects that were tried with it (Holm). `reason` says why nothing can be told, where that is so.
    """

    auxiliaries: tuple[str, ...]
    alpha: float
    benefit: Estimate
    accuracy: Estimate
    p_value: float
    p_adjusted: float
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class AuxiliaryAdvice:
    """One auxiliary task: its measured effect, its labels, the theory's explanation, and whether theory agrees."""

    name: str
    labels: int
    effect: Effect
    explanation: Explanation | None
    agreement: str


@dataclass(frozen=True)
class CurvePoint:
    """The benefit (nats) for a user with this many main labels; `measured` by trainings, or extended from those that were."""

    labels: int
    benefit: Estimate
    measured: bool


@dataclass(frozen=True)
class Conditions:
    """What the advice is about: the table, the student, and how it was measured.

    Of the `labels` main labels a student learns from `trained_on` and is stopped by `stopped_by`; the others test it.
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


@dataclass(frozen=True)
class Advice:
    """Everything the advisor found for one main task; `auxiliaries` come best first.

    `sets` are the sets that were tried, `best_set` the smallest of those that surely help within one standard error of the
    best (None: none surely helps, train alone); its interval is its own, not that of the best of several, which is lower.
    `alphas` are the effects by weight of the best set, or of the leading one, and `curve` its benefit by main labels. `leaks`
    are columns that give the main label away or are given away by it, severe ones first; `notes` tell them too.
    """

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

    def to_frame(self) -> "DataFrame":
        """One row an auxiliary task, best first: its effect with intervals and verdict, and the theory's numbers."""
        from sharedtrunk.affinity._export import advice_frame  # frames and pictures know this module

        return advice_frame(self)

    def plot(self) -> "Figure":
        """The advice on one page, as a matplotlib figure."""
        from sharedtrunk.affinity._pictures import advice_picture

        return advice_picture(self)


@dataclass(frozen=True)
class AffinityMatrix:
    """The directed effect of every task on every other: `effects[main, auxiliary]`, and a suggested grouping of the tasks."""

    tasks: tuple[str, ...]
    loss_alone: dict[str, Estimate]
    effects: dict[tuple[str, str], Effect]
    groups: tuple[tuple[str, ...], ...]
    conditions: dict[str, Conditions]
    notes: tuple[str, ...]
    leaks: tuple[Leak, ...] = ()

    def to_frame(self) -> "DataFrame":
        """One row an ordered pair of tasks, with its effect and verdict."""
        from sharedtrunk.affinity._export import matrix_frame

        return matrix_frame(self)

    def plot(self) -> "Figure":
        """The matrix as a heat map, groups framed, as a matplotlib figure."""
        from sharedtrunk.affinity._pictures import matrix_picture

        return matrix_picture(self)
