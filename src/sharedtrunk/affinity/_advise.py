"""`advise`: measure what each auxiliary task does for the main task, select a set and a weight, and explain them."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sharedtrunk._support.limits import check_budget
from sharedtrunk._support.words import counted
from sharedtrunk.affinity._advice import Advice
from sharedtrunk.affinity._conditions import Progress, check_conditions, conditions_of
from sharedtrunk.affinity._effects import Paired, effects
from sharedtrunk.affinity._explanation import explain_pair, signals
from sharedtrunk.affinity._intervals import clustered
from sharedtrunk.affinity._kept import Kept
from sharedtrunk.affinity._label_curve import benefit_curve, shares_for
from sharedtrunk.affinity._metrics import Scoring, metric_named
from sharedtrunk.affinity._own_study import OwnStudy
from sharedtrunk.affinity._patience import ENOUGH, Patience, rounds, survivors
from sharedtrunk.affinity._preparation import preparation
from sharedtrunk.affinity._records import AuxiliaryAdvice, CurvePoint, Effect
from sharedtrunk.affinity._reference import by_frequencies, negligible_line
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import objections, prepared_rows
from sharedtrunk.affinity._selection import ALPHAS, best_alpha, best_set, further_sets, leading
from sharedtrunk.affinity._splits import LEFT_OUT, TEST, TRAIN
from sharedtrunk.affinity._student import STUDENT, Student
from sharedtrunk.affinity._trials import Arm, Outcome, run_trials
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table, leaks, with_related_rows

_THEORY_BY_ROW = (
    "The theory's numbers take rows for independent: their errors are too small where rows of a group are alike."
)


def advise(
    table: Table,
    main: str,
    auxiliaries: Sequence[str],
    *,
    student: Student = STUDENT,
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
    metric: str = "log_loss",
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
        Trunk and optimizer of all trainings.
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
        classifier of scikit-learn with `predict_proba`: one whose `fit` takes labels (sample, task) with NaN for gaps, such
        as `SharedTrunkClassifier`, is given them, the main task first; any other is put into `StackedTasks`. Or two
        functions (`OwnModel`), for a PyTorch module. It gets class codes as labels, and is cloned before every training.
    prepare
        Whether one's own model gets the features as the student does, prepared by each split's training rows. False: as the
        table has them, in a frame of numbers, dates and categories.
    n_jobs
        Splits on which one's own model is trained at the same time, in threads, as in scikit-learn.
    metric
        "log_loss", "accuracy", "balanced_accuracy", "roc_auc", "average_precision" or "brier", in which benefits are
        measured. The middle three are numbers of a whole split; their intervals are Nadeau and Bengio's.
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
    check_conditions(student, repeats, negligible, seed)
    _check_tasks(main, auxiliaries)
    table = with_related_rows(table, groups=groups, times=times)
    check_budget(budget)
    patience, own = Patience(budget, stop), None if estimator is None else OwnStudy(estimator, prepare, n_jobs)
    study = _Study(
        table, main, tuple(auxiliaries), student, repeats, cv, negligible, seed, choose, progress, patience, Kept(keep),
        own, metric,
    )  # fmt: skip
    ranked = study.singles()
    tried, alphas, curve = list(ranked), [], ()
    going = [effect for effect in ranked if effect.auxiliaries[0] in study.going]
    if choose:
        tried += study.sets(going)
        going += tried[len(ranked) :]
        chosen = best_set(going) or leading(going)
        if chosen is not None:
            alphas, curve = study.weights(chosen.auxiliaries), study.curve(chosen.auxiliaries)
    single = study.arm((), 1.0)
    alone, leaking, trained = study.outcomes[single], leaks(table, main), study.trained[single]
    parts = [part[trained] for outcome in (alone, study.reference) for part in (outcome.loss, 100 * outcome.right)]
    loss, accuracy, loss_of_frequencies, accuracy_of_commonest = (
        clustered(part, study.splits.groups) for part in parts
    )
    scored = metric not in ("log_loss", "accuracy")
    return Advice(
        main=main,
        loss_alone=loss,
        accuracy_alone=accuracy,
        auxiliaries=study.explained(ranked),
        sets=tuple(tried),
        best_set=best_set(going) if choose else None,
        alphas=tuple(alphas),
        best_alpha=best_alpha(alphas),
        curve=curve,
        conditions=conditions_of(
            table,
            main,
            study.labels,
            student,
            roles=study.splits.judged_roles,
            folds=study.splits.folds,
            repeats=study.splits.repeats,
            splits=study.splits.words,
            negligible=study.line,
            seed=seed,
            trainings=study.done,
            seconds=time.perf_counter() - started,
            model="" if own is None else own.name,
            metric=metric,
            kept=study.kept.found,
        ),
        notes=(*(leak.sentence for leak in leaking), *table.notes, *study.notes()),
        leaks=leaking,
        loss_of_frequencies=loss_of_frequencies.mean,
        accuracy_of_commonest=accuracy_of_commonest.mean,
        score_alone=study.scoring.score(alone) if scored else None,
        score_of_frequencies=study.scoring.score(study.reference).mean if scored else np.nan,
        unfinished=tuple(study.unfinished),
    )


class _Study:
    """The table and splits of one main task, and the outcomes of all arms trained so far.

    `trained` says on which splits an arm is trained. `going` are the auxiliary tasks that are not screened out, and `since`
    are, for each task, the splits at which it survived a screening.
    """

    def __init__(
        self, table, main, auxiliaries, student, repeats, cv, negligible, seed, choose, progress, patience, kept, own,
        metric,
    ):  # fmt: skip
        self.own, metric = own, metric_named(metric)
        self.patience, self.kept, self.unfinished, self._kept_before = patience, kept, [], 0
        self.going, self.since = list(auxiliaries), {name: [0] for name in auxiliaries}
        self.table, self.main, self.auxiliaries, self.student, self.seed = table, main, auxiliaries, student, seed
        self.given_line, self.progress = negligible, progress
        self.tasks = (main, *auxiliaries)
        self.rows = prepared_rows(table, self.tasks, [main], seed=seed)
        strata = self.rows.codes[0, : self.rows.judged]
        self.labels = strata.size
        self.splits = resampling(table, self.rows, strata, labels=self.labels, cv=cv, repeats=repeats, seed=seed)
        self.objections = objections(strata, table.classes[main], self.splits.judged_roles, main)
        self.outcomes: dict[Arm, Outcome] = {}
        self.trained: dict[Arm, np.ndarray] = {}
        judged_roles = self.splits.judged_roles
        learnt = (judged_roles != TEST if own else judged_roles == TRAIN) & (judged_roles != LEFT_OUT)
        self.reference = by_frequencies(strata, judged_roles, learnt, self.rows.classes[0])
        ratio = float((judged_roles == TEST).sum() / max(learnt.sum(), 1))
        self.scoring = Scoring(metric, strata, self.splits.groups, ratio)
        if own is not None:
            own.resolve(table, self.rows, self.splits.roles)
        self.alphas = ALPHAS if own is None or own.weighs else (1.0,)
        self.done, self.planned = 0, len(self.splits.roles) * self._arms(len(auxiliaries), choose)

    def _arms(self, auxiliaries: int, choose: bool) -> int:
        """The number of arms to train, for the progress bar."""
        further = len(further_sets(["?"] * auxiliaries)) + len(self.alphas) - 1 + 2 * (len(shares_for(self.labels)) - 1)
        return 1 + auxiliaries + choose * further

    def notes(self) -> list[str]:
        """What to know about splits, classes and the theory."""
        by_row = [] if self.splits.groups is None else [_THEORY_BY_ROW]
        own = [] if self.own is None else self.own.notes(self.outcomes.values())
        return [*self.splits.notes, *by_row, *own, *self._rare_classes()]

    @property
    def line(self) -> float:
        """Benefits within ± this are negligible. The single arm must have been trained."""
        if self.given_line is not None:
            return self.given_line
        return negligible_line(self.outcomes[self.arm((), 1.0)], self.reference, self.scoring)

    def _rare_classes(self) -> list[str]:
        """A sentence for every class of the main task that has fewer labels than there are folds."""
        folds = self.splits.folds
        codes = self.rows.codes[0, : self.rows.judged]
        counts = np.bincount(codes, minlength=self.rows.classes[0])
        few = [pair for pair in zip(self.table.classes[self.main], counts, strict=True) if pair[1] < folds]
        return [
            f"{self.main} = {name} has {counted(int(count), 'label')}: some of the {folds} folds have no "
            "test row of it, so the intervals say little about it."
            for name, count in few
        ]

    def arm(self, names: Sequence[str], alpha: float, share: float = 1.0) -> Arm:
        return Arm((1.0, *(alpha * (task in names) for task in self.auxiliaries)), share)

    def train(self, arms: Sequence[Arm], splits: Sequence[int] | None = None) -> None:
        """Train the arms on those of the `splits` (None: all) on which they are not trained yet."""
        wanted = range(len(self.splits.roles)) if splits is None else splits
        for arm in arms:
            self.trained.setdefault(arm, np.zeros(len(self.splits.roles), bool))
        missing: dict[tuple[int, ...], list[Arm]] = {}
        for arm in dict.fromkeys(arms):
            missing.setdefault(tuple(j for j in wanted if not self.trained[arm][j]), []).append(arm)
        for where, together in missing.items():
            if where or together[0] not in self.outcomes:
                self._train(together, where)

    def _train(self, arms: list[Arm], splits: tuple[int, ...]) -> None:
        self._kept_before = self.kept.found
        where = (self.rows, arms, self.splits.roles, self.splits.ranks)
        how: dict[str, Any] = {"splits": splits, "stop": self.patience.over, "progress": self._report}
        if self.own is not None:
            found = self.own.run_trials(*where, **how)
        else:
            how |= {"kept": self.kept, "probabilities": self.scoring.metric.needs_probabilities}
            found = run_trials(*where, self.student, seed=self.seed, **how)
        for (arm, _), outcome in found.items():
            before, new = self.outcomes.get(arm), np.isin(np.arange(len(self.splits.roles)), splits) & outcome.trained
            self.outcomes[arm] = outcome if before is None else before.with_splits(outcome, new)
            self.trained[arm] |= new

    def _report(self, more: int) -> None:
        self.done += more
        if self.kept.found == self._kept_before:  # what was kept says nothing about the pace
            self.patience.count(more)
        self._kept_before = self.kept.found
        if self.progress is not None:
            self.progress(self.done, max(self.planned, self.done))

    def singles(self) -> list[Effect]:
        """Effects of the auxiliary tasks, each alone, best first; tasks that were screened out come last."""
        folds, count = self.splits.folds, len(self.splits.roles)
        screened: dict[str, int] = {}
        for splits in rounds(count, folds, self.patience.limited):
            self.train([self.arm((), 1.0), *(self.arm((name,), 1.0) for name in self.going)], splits)
            affordable = self.patience.affordable() / max(count - splits.stop, 1) - 1
            if (
                splits.stop < count
                and len(self.going) > 1
                and affordable < len(self.going)
                and not self.patience.over()
            ):
                found = self._effects([((name,), 1.0) for name in self.going])
                stay = [names[0] for names in survivors(found, affordable)]
                screened |= {name: splits.stop for name in self.going if name not in stay}
                self.going = stay
                for name in stay:
                    self.since[name].append(splits.stop)
        found = self._effects([((name,), 1.0) for name in self.auxiliaries], screened)
        self._note_singles(screened)
        return sorted(
            found, key=lambda effect: (effect.auxiliaries[0] in screened, -np.nan_to_num(effect.benefit.mean))
        )

    def _note_singles(self, screened: dict[str, int]) -> None:
        count = len(self.splits.roles)
        if screened:
            self.unfinished.append(
                f"The budget does not suffice for all auxiliary tasks on {count} splits, so {len(screened)} of "
                f"{len(self.auxiliaries)} were screened out after few; effects of the others rest on later splits."
            )
        fewest = min(int(self.trained[self.arm((name,), 1.0)].sum()) for name in self.going)
        if fewest < count:
            self.unfinished.append(f"Auxiliary tasks are trained on {fewest} or more of {count} splits.")

    def _first(self, names: Sequence[str]) -> int:
        """The first split of those that an effect of these auxiliary tasks rests on: after the last screening."""
        enough = min(ENOUGH, len(self.splits.roles))
        firsts = []
        for name in names:
            trained = self.trained[self.arm((name,), 1.0)]
            firsts.append(next((j for j in reversed(self.since[name]) if trained[j:].sum() >= enough), 0))
        return max(firsts, default=0)

    def _effects(self, family: Sequence[tuple[tuple[str, ...], float]], screened: dict[str, int] | None = None):
        """Effects of the trained cases (auxiliaries, α), corrected together."""
        count, paired = len(self.splits.roles), []
        alone = self.outcomes[self.arm((), 1.0)]
        for names, alpha in family:
            arm = self.arm(names, alpha)
            joint, first, done = self.outcomes[arm], self._first(names), int(self.trained[arm].sum())
            made = joint.made & (np.arange(count) >= first)
            doubts = list(self.objections)
            if screened and names[0] in screened:
                doubts = [f"not settled: screened out after {screened[names[0]]} of {count} splits"]
            elif done < min(ENOUGH, count):
                doubts = [f"not settled: {done} of {count} splits are trained"]
            elif first < max(self.since[name][-1] for name in names):
                # Too few later splits: the effect owes something to luck, because these splits let the task survive.
                doubts = ["not settled: most of its splits also decided who is screened out"]
            paired.append(Paired(names, alpha, joint._replace(made=made), alone, doubts))
        return effects(paired, negligible=self.line, scoring=self.scoring)

    def _all(self, cases: Sequence[Arm], what: str) -> bool:
        """Train these arms on all splits that effects rest on; without the time for it say that `what` is missing."""
        splits = range(self._first(self.going), len(self.splits.roles))
        new = sum(len(splits) - int(self.trained[arm][splits.start :].sum()) if arm in self.trained else len(splits)
                  for arm in cases)  # fmt: skip
        if new <= self.patience.affordable():
            self.train(cases, splits)
        complete = all(arm in self.trained and self.trained[arm][splits.start :].all() for arm in cases)
        if not complete:
            self.unfinished.append(f"Not measured: {what}.")
        return complete

    def sets(self, singles: Sequence[Effect]) -> list[Effect]:
        """Effects of sets of the auxiliary tasks `singles`, corrected together with theirs."""
        cases = [(names, 1.0) for names in further_sets([effect.auxiliaries[0] for effect in singles])]
        if not cases or not self._all([self.arm(*case) for case in cases], "sets of several auxiliary tasks"):
            return []
        return self._effects([(effect.auxiliaries, effect.alpha) for effect in singles] + cases)[len(singles) :]

    def weights(self, names: tuple[str, ...]) -> list[Effect]:
        """Effects of a set by weight α."""
        cases = [(names, alpha) for alpha in self.alphas]
        complete = self._all([self.arm(*case) for case in cases], "weights α")
        return self._effects(cases) if complete else []

    def curve(self, names: tuple[str, ...]) -> tuple[CurvePoint, ...]:
        """The benefit of a set by number of main labels."""
        shares = shares_for(self.labels)
        pairs = {share: (self.arm(names, 1.0, share), self.arm((), 1.0, share)) for share in shares}
        if not self._all([arm for pair in pairs.values() for arm in pair], "the benefit by number of main labels"):
            return ()
        first = self._first(names)
        measured = {
            share: (self.outcomes[joint].beginning(first), self.outcomes[single].beginning(first))
            for share, (joint, single) in pairs.items()
        }
        return benefit_curve(measured, self.labels, scoring=self.scoring)

    def explained(self, ranked: Sequence[Effect]) -> tuple[AuxiliaryAdvice, ...]:
        """The effects of single auxiliary tasks with the theory's explanations."""
        table, found = self.table, {}
        if not self.patience.over():
            prepare = preparation(table.feature_names, table.categories, table.dates)
            found = signals(
                np.asarray(prepare.fit_transform(table.features)),
                {task: table.labels[task] for task in self.tasks},
                seed=self.seed,
            )
        advice = []
        for effect in ranked:
            (name,) = effect.auxiliaries
            labels, explanation = int((self.table.labels[name] >= 0).sum()), None
            if found and not self.patience.over():
                explanation = explain_pair(
                    found[self.main], found[name], hidden=min(self.student.hidden), seed=self.seed
                )
            agreement = "cannot be compared" if explanation is None else explanation.agreement(effect.verdict)
            advice.append(AuxiliaryAdvice(name, labels, effect, explanation, agreement))
        if any(each.explanation is None for each in advice):
            self.unfinished.append("Not computed: what theory says about every auxiliary task.")
        return tuple(advice)


def _check_tasks(main: str, auxiliaries: Sequence[str]) -> None:
    if not auxiliaries or main in auxiliaries:
        raise invalid(
            "Advice needs a main task and at least one other task beside it",
            received=f"main {main}, auxiliary {', '.join(map(str, auxiliaries)) or 'none'}",
            hint="Name auxiliary tasks that are not the main one.",
        )
