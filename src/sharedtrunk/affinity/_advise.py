"""The verb: measure what each auxiliary task does for the main task, choose, and explain."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from sharedtrunk._support.limits import check_negligible, check_repeats, check_seed, check_trunk_widths
from sharedtrunk.affinity._advice import Advice
from sharedtrunk.affinity._effects import NEGLIGIBLE, Paired, effects
from sharedtrunk.affinity._explanation import explain_pair, signals
from sharedtrunk.affinity._intervals import clustered
from sharedtrunk.affinity._label_curve import benefit_curve, shares_for
from sharedtrunk.affinity._records import AuxiliaryAdvice, Conditions, Effect
from sharedtrunk.affinity._rows import doubts, prepared_rows
from sharedtrunk.affinity._selection import ALPHAS, best_alpha, best_set, further_sets, leading
from sharedtrunk.affinity._splits import FOLDS, VALIDATION_FOLDS, nested_ranks, split_roles
from sharedtrunk.affinity._trials import STUDENT, Arm, Outcome, Student, run_trials
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table, leaks, standardized

Progress = Callable[[int, int], None]

REPEATS = 3
"""Of ten folds. More of them lower the share of the trainings in the error, not that of the rows."""


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
    progress: Progress | None = None,
) -> Advice:
    """Will training with `auxiliaries` help `main`? Paired trainings on resampled splits, with intervals and verdicts.

    Benefit of B: MT = E[loss of A alone − loss of A beside B], in nats of held-out rows, both stopped by the same
    validation rows of A; the expectation is over tables with as many labels. Of the main labels seven tenths are learnt
    from, two decide when to stop, one tests. With `choose` sets, weights α and the curve are measured too. `repeats` of
    ten folds are 3 unless said, fewer for large tables. `progress(done, total)` counts trainings. Raises `InputError` for
    tasks that the table lacks, too few labels, and settings out of range.
    """
    begun = time.perf_counter()
    check_settings(repeats, negligible, seed)
    _check_tasks(main, auxiliaries)
    check_trunk(student)
    study = _Study(table, main, tuple(auxiliaries), student, repeats, negligible, seed, choose, progress)
    singles = study.measure([((name,), 1.0) for name in auxiliaries])
    ranked = sorted(singles, key=lambda effect: -effect.benefit.mean)
    tried, alphas, curve = list(ranked), [], ()
    if choose:
        tried += study.measure([(names, 1.0) for names in further_sets([e.auxiliaries[0] for e in ranked])], tried)
        chosen = best_set(tried) or leading(tried)
        if chosen is not None:
            alphas = study.measure([(chosen.auxiliaries, alpha) for alpha in ALPHAS])
            curve = study.curve(chosen.auxiliaries)
    alone, found = study.outcomes[study.arm((), 1.0)], leaks(table, main)
    loss, accuracy = (clustered(part) for part in (alone.loss, 100 * alone.right))
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
        conditions=study.conditions(time.perf_counter() - begun),
        notes=(*(leak.sentence for leak in found), *table.notes, *study.rare()),
        leaks=found,
    )


class _Study:
    """One main task's table, splits and the outcomes so far."""

    def __init__(self, table, main, auxiliaries, student, repeats, negligible, seed, choose, progress):
        self.table, self.main, self.auxiliaries, self.student, self.seed = table, main, auxiliaries, student, seed
        self.negligible, self.report = negligible, progress
        self.tasks = (main, *auxiliaries)
        self.rows = prepared_rows(table, self.tasks, [main], seed=seed)
        strata = self.rows.codes[0, : self.rows.judged]
        self.repeats = repeats_for(strata.size) if repeats is None else repeats
        self.roles = split_roles(strata, folds=FOLDS, repeats=self.repeats, seed=seed)
        self.ranks = nested_ranks(strata, seed=seed)
        self.doubts = doubts(strata, table.classes[main], self.roles, main)
        self.labels = strata.size
        self.outcomes: dict[Arm, Outcome] = {}
        self.done, self.planned = 0, len(self.roles) * self._arms(len(auxiliaries), choose)

    def _arms(self, auxiliaries: int, choose: bool) -> int:
        """How many arms there will be, for the progress."""
        further = len(further_sets(["?"] * auxiliaries)) + len(ALPHAS) - 1 + 2 * (len(shares_for(self.labels)) - 1)
        return 1 + auxiliaries + choose * further

    def rare(self) -> list[str]:
        """A sentence on every class of the main task that some folds are tested without."""
        codes = self.rows.codes[0, : self.rows.judged]
        counts = np.bincount(codes, minlength=self.rows.classes[0])
        few = [pair for pair in zip(self.table.classes[self.main], counts, strict=True) if pair[1] < FOLDS]
        return [
            f"{self.main} = {name} has {count} label{'' if count == 1 else 's'}: some of the {FOLDS} folds are tested "
            "without it, so that the intervals say little about it."
            for name, count in few
        ]

    def arm(self, names: Sequence[str], alpha: float, share: float = 1.0) -> Arm:
        return Arm((1.0, *(alpha * (task in names) for task in self.auxiliaries)), share)

    def run(self, arms: Sequence[Arm]) -> None:
        """Train the arms that have no outcome yet."""
        missing = [arm for arm in dict.fromkeys(arms) if arm not in self.outcomes]
        found = run_trials(
            self.rows, missing, self.roles, self.ranks, self.student, seed=self.seed, progress=self._progress
        )
        self.outcomes |= {arm: outcome for (arm, _), outcome in found.items()}

    def _progress(self, more: int) -> None:
        self.done += more
        if self.report is not None:
            self.report(self.done, max(self.planned, self.done))

    def measure(self, candidates: list[tuple[tuple[str, ...], float]], before: Sequence[Effect] = ()) -> list[Effect]:
        """Effects of the candidates, corrected together with those `before`, of which only the new are returned."""
        if not candidates:
            return []
        single = self.arm((), 1.0)
        family = [(effect.auxiliaries, effect.alpha) for effect in before] + candidates
        self.run([single, *(self.arm(*candidate) for candidate in family)])
        alone = self.outcomes[single]
        paired = [Paired(*each, self.outcomes[self.arm(*each)], alone, self.doubts) for each in family]
        found = effects(paired, negligible=self.negligible)
        return found[len(before) :]

    def curve(self, names: tuple[str, ...]):
        shares = shares_for(self.labels)
        pairs = {share: (self.arm(names, 1.0, share), self.arm((), 1.0, share)) for share in shares}
        self.run([arm for pair in pairs.values() for arm in pair])
        measured = {share: (self.outcomes[joint], self.outcomes[single]) for share, (joint, single) in pairs.items()}
        return benefit_curve(measured, self.labels)

    def explained(self, ranked: Sequence[Effect]) -> tuple[AuxiliaryAdvice, ...]:
        """The effects of single auxiliaries with the theory's reasons."""
        features, _, _ = standardized(self.table.features)
        found = signals(features, {task: self.table.labels[task] for task in self.tasks}, seed=self.seed)
        advices = []
        for effect in ranked:
            (name,) = effect.auxiliaries
            why = explain_pair(found[self.main], found[name], hidden=min(self.student.hidden), seed=self.seed)
            labels = int((self.table.labels[name] >= 0).sum())
            advices.append(AuxiliaryAdvice(name, labels, effect, why, why.agreement(effect.verdict)))
        return tuple(advices)

    def conditions(self, seconds: float) -> Conditions:
        return Conditions(
            rows=len(self.table.features),
            features=self.table.features.shape[1],
            classes=len(self.table.classes[self.main]),
            labels=self.rows.judged,
            trained_on=round(self.labels * (1 - (1 + VALIDATION_FOLDS) / FOLDS)),
            stopped_by=round(self.labels * VALIDATION_FOLDS / FOLDS),
            hidden=self.student.hidden,
            activation=self.student.activation,
            folds=FOLDS,
            repeats=self.repeats,
            negligible=self.negligible,
            seed=self.seed,
            trainings=self.done,
            seconds=seconds,
        )


def repeats_for(labels: int) -> int:
    """Three repeats, fewer where the many test rows of one already make a narrow interval."""
    return int(np.clip(round(1500 / labels), 1, REPEATS))


def check_settings(repeats: int | None, negligible: float, seed: int) -> None:
    """Raise `InputError` for settings out of range."""
    check_repeats(repeats)
    check_negligible(negligible)
    check_seed(seed)


def check_trunk(student: Student) -> None:
    """Raise `InputError` for a student without a trunk, whose tasks share nothing, and for one that memory does not hold."""
    check_trunk_widths(student.hidden)


def _check_tasks(main: str, auxiliaries: Sequence[str]) -> None:
    if not auxiliaries or main in auxiliaries:
        raise invalid(
            "Advice needs a main task and at least one other task beside it",
            received=f"main {main}, auxiliary {', '.join(map(str, auxiliaries)) or 'none'}",
            hint="Name auxiliary tasks that are not the main one",
        )
