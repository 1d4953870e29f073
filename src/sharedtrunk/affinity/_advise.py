"""`advise`: measure what each auxiliary task does for the main task, select a set and a weight, and explain them."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sharedtrunk._support.limits import check_budget
from sharedtrunk.affinity._advice import Advice
from sharedtrunk.affinity._conditions import Progress, auxiliary_tasks, check_conditions
from sharedtrunk.affinity._make_study import conditions_after, study_of
from sharedtrunk.affinity._patience import Patience
from sharedtrunk.affinity._selection import best_alpha, leading, primary, recommended
from sharedtrunk.affinity._student import CANDIDATES, LinearStudent, Student
from sharedtrunk.affinity._study import case_of
from sharedtrunk.tables import Table, leaks, with_related_rows, with_weights


def advise(
    table: Table,
    main: str,
    auxiliaries: Sequence[str],
    *,
    student: Student | LinearStudent | Sequence[Student | LinearStudent] = CANDIDATES,
    repeats: int | None = None,
    negligible: float | None = None,
    seed: int = 0,
    choose: bool = True,
    groups: Any = None,
    times: Any = None,
    cv: Any = None,
    estimator: Any = None,
    prepare: bool = True,
    n_jobs: int | None = None,
    metric: str | Callable[..., float] | None = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    budget: float | int | None = None,
    keep: str | os.PathLike[str] | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> Advice:
    """Measure by paired trainings on resampled splits whether training with `auxiliaries` helps `main`.

    The benefit of B is MT = E[loss of A alone − loss of A beside B], in nats on held-out rows (or in another metric,
    positive where B helps); both arms are stopped by the same validation rows of A. The expectation is over tables with the
    same number of labels. Students learn from seven tenths of the main labels; two tenths decide when to stop, and one
    tenth tests. Rows that belong together stay together if `groups`, `times` or `cv` say so.

    Parameters
    ----------
    table
        The user's table.
    main
        Task A.
    auxiliaries
        The other tasks to try, each alone.
    student
        `LinearStudent`, regressions with weight decay, or `Student`, a network with a trunk and its optimizer. Of several
        the one with the lowest held-out loss when trained on the main task alone.
    repeats
        Repeats of ten folds; None: 3, fewer for large tables.
    negligible
        Benefits within ± this many nats (units of the metric) count as "no difference". None: 5 % of what the features
        explain, which is the loss of the class frequencies minus the loss alone; at least .001 and at most .01.
    seed
        Seed of splits, starts and the theory's draws.
    choose
        Whether sets of auxiliary tasks, weights α and the curve by number of labels are measured too.
    groups
        One value per row, of any hashable type: rows of one group (a person, a scaffold) are never on both sides of a split,
        and intervals are clustered by group. A missing one is a group of its own. None: the table's own groups, if any.
    times
        One number or date per row: test rows are later than all rows that the student knows. None: the table's own times.
    cv
        Splits instead of random folds: a splitter of scikit-learn, called as `cv.split(features, main_labels, groups)` with
        all rows of the table, or pairs of arrays (train, test) of row numbers. Two ninths of the training rows, or of their
        groups, decide when to stop.
    estimator
        One's own model instead of `student`, on the same splits, trained on the rows too that would decide when to stop. Any
        regressor of scikit-learn if the main task is numeric, else any classifier with `predict_proba`: one whose `fit`
        takes labels (sample, task) with NaN for gaps, such as `SharedTrunkClassifier`, is given them, the main task first;
        any other is put into `StackedTasks`. Or two functions (`OwnModel`), for a PyTorch module. It gets class codes as
        labels, and is cloned before every training.
    prepare
        Whether one's own model gets the features as the student does, prepared by each split's training rows. False: as the
        table has them, in a frame of numbers, dates and categories.
    n_jobs
        Splits on which one's own model is trained at the same time, in threads, as in scikit-learn.
    metric
        In which benefits are measured. Of classes: "log_loss" (None), "accuracy", "balanced_accuracy", "roc_auc",
        "average_precision" or "brier"; of ordered ones also "ranked_probability_score". Of a number: "mean_squared_error"
        (None), a share of its variance, or "mean_absolute_error". Or a scorer of scikit-learn for classes, such as
        `make_scorer(fbeta_score, beta=2)`, which gets class codes as labels. Scorers, "balanced_accuracy", "roc_auc" and
        "average_precision" are numbers of a whole split; their intervals are Nadeau and Bengio's.
    sample_weight
        How many rows a row stands for (sample,), in training and in means and intervals. None: the table's own, if any.
    class_weight
        "balanced", or a dict from the main task's classes to weights: of labels in training. "balanced" is for all tasks with
        classes. For our student only.
    budget
        Minutes after which the advice so far is returned; what is missing then stands in `Advice.unfinished`. If they do not
        suffice, auxiliary tasks that look worst on few splits are screened out. None: no limit.
    keep
        The folder in which trainings are kept as they finish: the same call goes on where an earlier one ended. None: one in
        the user's cache, unless `SHAREDTRUNK_CACHE_DIR` is empty.
    stop
        Asked several times a second; once it returns True, the advice so far is returned.
    progress
        Called as `progress(done, total)` with numbers of trainings.

    Returns
    -------
    Advice
        Effects with 95 % intervals and corrected verdicts, the best set and weight, and the theory's explanations.

    Raises
    ------
    InputError
        For tasks that the table lacks, too few labels, groups or times, settings out of range, and one's own model that
        fails or gives no probabilities.

    References
    ----------
    Nadeau and Bengio (2003) correct the variance over splits. Standley et al. (2020) group tasks by measured gains;
    equation (4) of the paper defines the relatedness in the explanations.
    """
    started = time.perf_counter()
    student = student if isinstance(student, Student | LinearStudent) else tuple(student)
    check_conditions(student, repeats, negligible, seed)
    table = with_weights(with_related_rows(table, groups=groups, times=times), sample_weight)
    auxiliaries = auxiliary_tasks(table, main, auxiliaries)
    check_budget(budget)
    patience = Patience(budget, stop)
    study = study_of(
        table, main, auxiliaries, student=student, repeats=repeats, cv=cv, negligible=negligible, seed=seed, choose=choose,
        progress=progress, patience=patience, keep=keep, estimator=estimator, prepare=prepare, n_jobs=n_jobs,
        metric=metric, class_weight=class_weight,
    )  # fmt: skip
    ranked = study.singles()
    tried, alphas, curve = list(ranked), [], ()
    going = [effect for effect in ranked if effect.auxiliaries[0] in study.going]
    if choose:
        tried += study.sets(going)
        going += tried[len(ranked) :]
        studied = recommended(going) or leading(primary(going))
        if studied is not None:
            alphas, curve = study.weights(case_of(studied)), study.curve(case_of(studied))
    chosen = recommended([*going, *alphas]) if choose else None
    regression = study.regression()
    single = study.arm()
    alone, leaking, trained = study.outcomes[single], leaks(table, main), study.trained[single]
    parts = [part[trained] for outcome in (alone, study.reference) for part in (outcome.loss, 100 * outcome.right)]
    loss, accuracy, loss_of_frequencies, accuracy_of_commonest = map(study.scoring.by_row, parts)
    metric = study.scoring.metric.name
    scored = metric not in ("log_loss", "accuracy", "mean_squared_error")
    return Advice(
        main=main,
        loss_alone=loss,
        accuracy_alone=accuracy,
        auxiliaries=study.explained(ranked),
        sets=tuple(tried),
        best_set=chosen,
        alphas=tuple(alphas),
        best_alpha=best_alpha(alphas) if chosen is None or chosen.outlook is None else chosen.alpha,
        curve=curve,
        conditions=conditions_after(study, time.perf_counter() - started),
        notes=(*(leak.sentence for leak in leaking), *table.notes, *study.notes()),
        leaks=leaking,
        loss_of_frequencies=loss_of_frequencies.mean,
        accuracy_of_commonest=accuracy_of_commonest.mean,
        score_alone=study.scoring.score(alone) if scored else None,
        score_of_frequencies=study.scoring.score(study.reference).mean if scored else np.nan,
        unfinished=tuple(study.unfinished),
        loss_of_regression=None if regression is None else regression[0],
        behind_regression=None if regression is None else regression[1],
    )
