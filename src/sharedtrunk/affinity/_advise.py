"""`advise`: measure what each auxiliary task does for the main task, select a set and a weight, and explain them."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from sharedtrunk._support.words import counted
from sharedtrunk.affinity._advice import Advice
from sharedtrunk.affinity._conditions import Progress, check_conditions, conditions_of
from sharedtrunk.affinity._effects import NEGLIGIBLE, Paired, effects
from sharedtrunk.affinity._explanation import explain_pair, signals
from sharedtrunk.affinity._intervals import clustered
from sharedtrunk.affinity._label_curve import benefit_curve, shares_for
from sharedtrunk.affinity._preparation import preparation
from sharedtrunk.affinity._records import AuxiliaryAdvice, CurvePoint, Effect
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import objections, prepared_rows
from sharedtrunk.affinity._selection import ALPHAS, best_alpha, best_set, further_sets, leading
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
    negligible: float = NEGLIGIBLE,
    seed: int = 0,
    choose: bool = True,
    groups: Any = None,
    times: Any = None,
    cv: Any = None,
    progress: Progress | None = None,
) -> Advice:
    """Measure by paired trainings on resampled splits whether training with `auxiliaries` helps `main`.

    The benefit of B is MT = E[loss of A alone − loss of A beside B], in nats on held-out rows; both arms are stopped by the
    same validation rows of A. The expectation is over tables with the same number of labels. Students learn from seven
    tenths of the main labels; two tenths decide when to stop, and one tenth tests. Rows that belong together stay together if
    `groups`, `times` or `cv` say so.

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
        Benefits within ± this many nats count as "no difference".
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
    progress
        Called as `progress(done, total)` with numbers of trainings.

    Returns
    -------
    Advice
        Effects with 95 % intervals and corrected verdicts, the best set and weight, and the theory's explanations.

    Raises
    ------
    InputError
        For tasks that the table lacks, too few labels, groups or times, and settings out of range.

    References
    ----------
    Standley et al. (2020) group tasks by measured gains; equation (4) of the paper defines the relatedness in the
    explanations.
    """
    started = time.perf_counter()
    check_conditions(student, repeats, negligible, seed)
    _check_tasks(main, auxiliaries)
    table = with_related_rows(table, groups=groups, times=times)
    study = _Study(table, main, tuple(auxiliaries), student, repeats, cv, negligible, seed, choose, progress)
    singles = study.measure([((name,), 1.0) for name in auxiliaries])
    ranked = sorted(singles, key=lambda effect: -effect.benefit.mean)
    tried, alphas, curve = list(ranked), [], ()
    if choose:
        tried += study.measure([(names, 1.0) for names in further_sets([e.auxiliaries[0] for e in ranked])], tried)
        chosen = best_set(tried) or leading(tried)
        if chosen is not None:
            alphas = study.measure([(chosen.auxiliaries, alpha) for alpha in ALPHAS])
            curve = study.curve(chosen.auxiliaries)
    alone, leaking = study.outcomes[study.arm((), 1.0)], leaks(table, main)
    loss, accuracy = (clustered(part, study.splits.groups) for part in (alone.loss, 100 * alone.right))
    return Advice(
        main=main,
        loss_alone=loss,
        accuracy_alone=accuracy,
        auxiliaries=study.explained(ranked),
        sets=tuple(tried),
        best_set=best_set(tried) if choose else None,
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
            negligible=negligible,
            seed=seed,
            trainings=study.done,
            seconds=time.perf_counter() - started,
        ),
        notes=(*(leak.sentence for leak in leaking), *table.notes, *study.notes()),
        leaks=leaking,
    )


class _Study:
    """The table and splits of one main task, and the outcomes of all arms trained so far."""

    def __init__(self, table, main, auxiliaries, student, repeats, cv, negligible, seed, choose, progress):
        self.table, self.main, self.auxiliaries, self.student, self.seed = table, main, auxiliaries, student, seed
        self.negligible, self.progress = negligible, progress
        self.tasks = (main, *auxiliaries)
        self.rows = prepared_rows(table, self.tasks, [main], seed=seed)
        strata = self.rows.codes[0, : self.rows.judged]
        self.labels = strata.size
        self.splits = resampling(table, self.rows, strata, labels=self.labels, cv=cv, repeats=repeats, seed=seed)
        self.objections = objections(strata, table.classes[main], self.splits.judged_roles, main)
        self.outcomes: dict[Arm, Outcome] = {}
        self.done, self.planned = 0, len(self.splits.roles) * self._arms(len(auxiliaries), choose)

    def _arms(self, auxiliaries: int, choose: bool) -> int:
        """The number of arms to train, for the progress bar."""
        further = len(further_sets(["?"] * auxiliaries)) + len(ALPHAS) - 1 + 2 * (len(shares_for(self.labels)) - 1)
        return 1 + auxiliaries + choose * further

    def notes(self) -> list[str]:
        """What to know about splits, classes and the theory."""
        by_row = [] if self.splits.groups is None else [_THEORY_BY_ROW]
        return [*self.splits.notes, *by_row, *self._rare_classes()]

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

    def train(self, arms: Sequence[Arm]) -> None:
        """Train the arms that have no outcome yet."""
        untrained = [arm for arm in dict.fromkeys(arms) if arm not in self.outcomes]
        found = run_trials(
            self.rows,
            untrained,
            self.splits.roles,
            self.splits.ranks,
            self.student,
            seed=self.seed,
            progress=self._report,
        )
        self.outcomes |= {arm: outcome for (arm, _), outcome in found.items()}

    def _report(self, more: int) -> None:
        self.done += more
        if self.progress is not None:
            self.progress(self.done, max(self.planned, self.done))

    def measure(self, candidates: list[tuple[tuple[str, ...], float]], before: Sequence[Effect] = ()) -> list[Effect]:
        """Effects of the candidates (auxiliaries, α), corrected together with the effects measured `before`."""
        if not candidates:
            return []
        single = self.arm((), 1.0)
        family = [(effect.auxiliaries, effect.alpha) for effect in before] + candidates
        self.train([single, *(self.arm(*candidate) for candidate in family)])
        alone = self.outcomes[single]
        paired = [Paired(*case, self.outcomes[self.arm(*case)], alone, self.objections) for case in family]
        found = effects(paired, negligible=self.negligible, groups=self.splits.groups)
        return found[len(before) :]

    def curve(self, names: tuple[str, ...]) -> tuple[CurvePoint, ...]:
        """The benefit of a set by number of main labels."""
        shares = shares_for(self.labels)
        pairs = {share: (self.arm(names, 1.0, share), self.arm((), 1.0, share)) for share in shares}
        self.train([arm for pair in pairs.values() for arm in pair])
        measured = {share: (self.outcomes[joint], self.outcomes[single]) for share, (joint, single) in pairs.items()}
        return benefit_curve(measured, self.labels, self.splits.groups)

    def explained(self, ranked: Sequence[Effect]) -> tuple[AuxiliaryAdvice, ...]:
        """The effects of single auxiliary tasks with the theory's explanations."""
        table = self.table
        prepare = preparation(table.feature_names, table.categories, table.dates)
        found = signals(
            np.asarray(prepare.fit_transform(table.features)),
            {task: table.labels[task] for task in self.tasks},
            seed=self.seed,
        )
        advice = []
        for effect in ranked:
            (name,) = effect.auxiliaries
            explanation = explain_pair(found[self.main], found[name], hidden=min(self.student.hidden), seed=self.seed)
            labels = int((self.table.labels[name] >= 0).sum())
            advice.append(AuxiliaryAdvice(name, labels, effect, explanation, explanation.agreement(effect.verdict)))
        return tuple(advice)


def _check_tasks(main: str, auxiliaries: Sequence[str]) -> None:
    if not auxiliaries or main in auxiliaries:
        raise invalid(
            "Advice needs a main task and at least one other task beside it",
            received=f"main {main}, auxiliary {', '.join(map(str, auxiliaries)) or 'none'}",
            hint="Name auxiliary tasks that are not the main one.",
        )
