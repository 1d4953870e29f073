"""The advisor's answers, with methods that make frames and pictures of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sharedtrunk.affinity._export import advice_frame, matrix_frame
from sharedtrunk.affinity._records import AdviceRecord, MatrixRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Advice(AdviceRecord):
    """Everything the advisor found for one main task.

    Attributes
    ----------
    main : str
        The main task.
    loss_alone, accuracy_alone : Estimate
        Held-out loss (nats) and accuracy (points) of the single arm.
    auxiliaries : tuple of AuxiliaryAdvice
        One entry per auxiliary task, best first.
    sets : tuple of Effect
        The sets that were tried, single tasks among them.
    best_set : Effect or None
        The recommended set and weight: those of the highest expected benefit, if it is above 0; None: train alone.
        Where there are no outlooks, the smallest set with the verdict "helps" within one standard error of the best. Its
        interval is not corrected for the selection, its outlook needs no correction.
    alphas : tuple of Effect
        Effects by weight α, of the best set or, without one, of the set with the highest benefit.
    best_alpha : float
        The weight nearest to 1 within one standard error of the best.
    curve : tuple of CurvePoint
        Benefit of the same set by number of main labels.
    conditions : Conditions
        Table, student and measurement.
    notes : tuple of str
        What was noticed in the table, leaks included, and what was done to the table.
    leaks : tuple of tables.Leak
        Columns that give the main label away, or that the main label gives away; severe ones first.
    loss_of_frequencies, accuracy_of_commonest : float
        What needs no features: held-out loss (nats) of the class frequencies, and accuracy (points) of always saying the
        commonest class.
    score_alone, score_of_frequencies : Estimate or None, float
        The single arm and the class frequencies in the metric, where that is neither the loss nor the accuracy.
    unfinished : tuple of str
        What was not measured because the time was over, in sentences; empty where everything was.
    loss_of_regression, behind_regression : Estimate or None
        Held-out loss of scikit-learn's regularized regression of the main task (`LogisticRegressionCV`, `RidgeCV`), and how
        far the student alone is behind it, on the first repeat's splits. None where it was not trained.
    """

    def to_frame(self) -> pd.DataFrame:
        """One row per auxiliary task, best first: its effect with intervals and verdict, and the theory's numbers."""
        return advice_frame(self)

    def plot(self) -> "Figure":
        """The advice on one page, as a matplotlib figure."""
        from sharedtrunk.affinity._pictures import advice_picture  # matplotlib takes half a second

        return advice_picture(self)

    def _repr_html_(self) -> str:
        from sharedtrunk.affinity._html import advice_html

        return advice_html(self)


@dataclass(frozen=True)
class AffinityMatrix(MatrixRecord):
    """The directed effect of every task on every other, and a suggested grouping of the tasks.

    Attributes
    ----------
    tasks : tuple of str
        The tasks, in the given order.
    loss_alone : dict of str to Estimate
        Held-out loss (nats) of each task trained alone.
    effects : dict of (main, auxiliary) to Effect
        For every ordered pair of tasks.
    groups : tuple of tuple of str
        The suggested groups, one trunk each.
    conditions : dict of str to Conditions
        Table, student and measurement, by main task.
    notes, leaks, unfinished : tuple of str, tuple of tables.Leak, tuple of str
        As in `Advice`, for any task as the main one.
    loss_of_frequencies : dict of str to float
        Held-out loss (nats) of each task's class frequencies.
    """

    def to_frame(self) -> pd.DataFrame:
        """One row per ordered pair of tasks, with its effect and verdict."""
        return matrix_frame(self)

    def plot(self) -> "Figure":
        """The matrix as a heat map with its groups framed, as a matplotlib figure."""
        from sharedtrunk.affinity._pictures import matrix_picture

        return matrix_picture(self)

    def _repr_html_(self) -> str:
        from sharedtrunk.affinity._html import matrix_html

        return matrix_html(self)
