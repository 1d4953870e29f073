"""The trainings of one advice: the table and splits of a main task, and what its arms do on them.

`Study` decides which arms are trained on which splits, screens auxiliary tasks out where the time does not suffice for all,
and makes effects of the outcomes.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from sharedtrunk._support.statistics import Estimate
from sharedtrunk._support.words import counted
from sharedtrunk.affinity._effects import Paired, effects
from sharedtrunk.affinity._explanation import explain_pair, signals
from sharedtrunk.affinity._kinds_in_words import notes_on_kinds
from sharedtrunk.affinity._label_curve import benefit_curve, shares_for
from sharedtrunk.affinity._linear_trials import run_linear_trials
from sharedtrunk.affinity._metrics import LOG_LOSS, Scoring, metric_for
from sharedtrunk.affinity._numeric_targets import task_scores
from sharedtrunk.affinity._outlook import Situation, prior
from sharedtrunk.affinity._patience import ENOUGH, rounds, survivors
from sharedtrunk.affinity._plain_regression import regression_losses
from sharedtrunk.affinity._preparation import preparation
from sharedtrunk.affinity._records import AuxiliaryAdvice, CurvePoint, Effect, Outlook
from sharedtrunk.affinity._reference import negligible_line, reference_for
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import objections, prepared_rows
from sharedtrunk.affinity._selection import ALPHAS, further_sets, likely, primary
from sharedtrunk.affinity._splits import LEFT_OUT, TEST, TRAIN
from sharedtrunk.affinity._student import STUDENT, LinearStudent, Student
from sharedtrunk.affinity._trials import Arm, Outcome, run_trials
from sharedtrunk.affinity._ways import BESIDE, WAYS, Way
from sharedtrunk.tables import MISSING

_THEORY_BY_ROW = (
    "The theory's numbers take rows for independent: their errors are too small where rows of a group are alike."
)


class Case(NamedTuple):
    """A comparison with the main task alone: the auxiliary tasks, their weight α, and the way of using them."""

    names: tuple[str, ...]
    alpha: float = 1.0
    way: Way = BESIDE


ALONE = Case(())

_RARE_TOLD = 4
"""Rare classes that a note names."""

LARGEST_CHOICE = 300_000
"""Rows times features times classes of all tasks up to which the linear student is a candidate where a network is one too."""


def case_of(effect: Effect) -> Case:
    """The case of an effect."""
    return Case(effect.auxiliaries, effect.alpha, effect.way)  # pyright: ignore[reportArgumentType]


class Study:
    """The table and splits of one main task, and the outcomes of all arms trained so far.

    `trained` says on which splits an arm is trained. `going` are the auxiliary tasks that are not screened out, and `since`
    are, for each task, the splits at which it survived a screening.
    """

    def __init__(
        self, table, main, auxiliaries, student, repeats, cv, negligible, seed, choose, progress, patience, kept, own,
        metric, class_weight,
    ):  # fmt: skip
        self.own, metric = own, metric_for(metric, table.kind(main), main)
        self.patience, self.kept, self.unfinished, self._kept_before = patience, kept, [], 0
        self.going, self.since = list(auxiliaries), {name: [0] for name in auxiliaries}
        self.table, self.main, self.auxiliaries, self.seed = table, main, auxiliaries, seed
        self.given_line, self.progress = negligible, progress
        self.tasks = (main, *auxiliaries)
        self.rows = prepared_rows(table, self.tasks, [main], seed=seed, class_weight=class_weight)
        codes, strata = (each[0, : self.rows.judged] for each in (self.rows.codes, self.rows.strata()))
        self.labels = strata.size
        self.splits = resampling(table, self.rows, strata, labels=self.labels, cv=cv, repeats=repeats, seed=seed)
        self.outcomes: dict[Arm, Outcome] = {}
        self.trained: dict[Arm, np.ndarray] = {}
        self.student: Student | LinearStudent = STUDENT
        self.chosen = ""
        if own is None:
            self.student, self.chosen = self._choose(student) if isinstance(student, tuple) else (student, "")
        linear = isinstance(self.student, LinearStudent)
        if linear and repeats is None:
            self._keep_one_repeat()
        self.objections = objections(codes, table.classes[main], self.splits.judged_roles, main)
        judged_roles = self.splits.judged_roles
        # Without a stop that validation rows decide, they are learnt from.
        learnt = (judged_roles != TEST if own or linear else judged_roles == TRAIN) & (judged_roles != LEFT_OUT)
        self.reference = reference_for(self.rows, self.splits.roles, learnt)
        ratio = float((judged_roles == TEST).sum() / max(learnt.sum(), 1))
        self.scoring = Scoring(metric, codes, self.splits.groups, ratio, self.rows.judged_weights)
        if metric.by_split:
            self.scoring.score(self.reference)  # a scorer that fails is told before anything is trained
        if own is not None:
            own.resolve(table, self.rows, self.splits.roles)
        # The average has students alone in it, so the weight matters little; every weight costs as much as a task.
        self.alphas = (1.0,) if linear or (own and not own.weighs) else ALPHAS
        self.ways: tuple[Way, ...] = WAYS if linear else (BESIDE,)
        self.done, self.planned = 0, len(self.splits.roles) * self._arms(len(auxiliaries), choose)

    def _arms(self, auxiliaries: int, choose: bool) -> int:
        """The number of arms to train, for the progress bar."""
        further = len(further_sets(["?"] * auxiliaries)) + len(self.alphas) - 1 + 2 * (len(shares_for(self.labels)) - 1)
        return 1 + auxiliaries * len(self.ways) + choose * further

    def _keep_one_repeat(self) -> None:
        """Leave out all splits but the first repeat's: repeats average over starts and stops, of which there are none."""
        words = self.splits.words.replace(counted(self.splits.repeats, "repeat"), "1 repeat")
        roles = self.splits.roles[: self.splits.folds]
        self.splits = self.splits._replace(roles=roles, repeats=1, words=words)

    def _choose(self, candidates: tuple[Student | LinearStudent, ...]) -> tuple[Student | LinearStudent, str]:
        """The candidate with the lowest loss alone on the splits of the first repeat, and a sentence about the choice."""
        size = self.rows.codes.shape[1] * self.rows.inputs.features.shape[1] * sum(self.rows.classes)
        networks = [student for student in candidates if isinstance(student, Student)]
        if networks and size > LARGEST_CHOICE:
            said = "The advice is about a network: the linear student would take minutes on a table of this size."
            return networks[0], said
        losses = [self._loss_alone(student) for student in candidates]
        best = int(np.nanargmin(losses)) if np.isfinite(losses).any() else 0
        names = ["linear" if isinstance(student, LinearStudent) else "network" for student in candidates]
        compared = ", ".join(f"{name} {loss:.3f}" for name, loss in zip(names, losses, strict=True))
        said = f"The advice is about the student that is better alone: loss on {self.splits.folds} splits: {compared}."
        return candidates[best], said

    def _loss_alone(self, student: Student | LinearStudent) -> float:
        """The mean loss of the main task alone on the splits of the first repeat; NaN where the time is over."""
        where = (self.rows, [self.arm()], self.splits.roles, self.splits.ranks)
        how: dict[str, Any] = {"seed": self.seed, "kept": self.kept, "stop": self.patience.over}
        how["splits"] = range(self.splits.folds)
        if isinstance(student, LinearStudent):
            found = run_linear_trials(*where, student, groups=self._groups, **how)
        else:
            found = run_trials(*where, student, **how)
        loss = found[self.arm(), 0].loss
        known = np.isfinite(loss)
        return float(loss[known].mean()) if known.any() else np.nan

    @property
    def _groups(self) -> np.ndarray | None:
        """The group of every row, in the order of `rows`."""
        return None if self.table.groups is None else self.table.groups[self.rows.numbers]

    def regression(self) -> tuple[Estimate, Estimate] | None:
        """The loss of a plain regularized regression, and that of the main task alone minus it, on the first repeat's splits.

        None where the table is too large for it, or the time is over.
        """
        first = self.splits.folds
        if self.patience.over() or self.rows.weights is not None:
            return None
        losses = regression_losses(self.rows, self.splits.roles[:first])
        if losses is None:
            return None
        alone = self.outcomes[self.arm()].loss[:first]
        return self.scoring.by_row(losses), self.scoring.by_row(alone - losses)

    @property
    def _hidden(self) -> int:
        """Units of the narrowest layer; those of a linear student with decay are as many as its features."""
        features = self.rows.inputs.features.shape[1]
        return features if isinstance(self.student, LinearStudent) else min(self.student.hidden)

    def notes(self, theory: bool = True) -> list[str]:
        """What to know about splits, classes and, if it is shown, the theory."""
        by_row = [_THEORY_BY_ROW] if theory and self.splits.groups is not None else []
        own = [] if self.own is None else self.own.notes(self.outcomes.values(), theory)
        own += [self.chosen] if self.chosen else []
        return [*self.splits.notes, *by_row, *own, *notes_on_kinds(self.table, self.tasks), *self._rare_classes()]

    @property
    def line(self) -> float:
        """Benefits within ± this are negligible. The single arm must have been trained."""
        if self.given_line is not None:
            return self.given_line
        return negligible_line(self.outcomes[self.arm()], self.reference, self.scoring)

    def _rare_classes(self) -> list[str]:
        """A sentence on the classes of the main task that have fewer labels than there are folds."""
        if self.rows.numeric(0):
            return []
        folds = self.splits.folds
        codes = self.rows.codes[0, : self.rows.judged]
        counts = np.bincount(codes, minlength=self.rows.classes[0])
        named = zip(self.table.classes[self.main], counts, strict=True)
        few = sorted((pair for pair in named if pair[1] < folds), key=lambda pair: pair[1])
        if not few:
            return []
        told = [f"{self.main} = {name} has {counted(int(count), 'label')}" for name, count in few[:_RARE_TOLD]]
        left = len(few) - _RARE_TOLD
        more = f" ({left} more {'class has' if left == 1 else 'classes have'} fewer than {folds})" if left > 0 else ""
        them = "it" if len(few) == 1 else "them"
        note = f"{', '.join(told)}{more}: some of the {folds} folds have no test row of {them}, "
        return [f"{note}so the intervals say little about {them}."]

    def arm(self, case: Case = ALONE, share: float = 1.0) -> Arm:
        """The arm of a case with this share of the main labels."""
        weights = (1.0, *(case.alpha * (task in case.names) for task in self.auxiliaries))
        return Arm(weights, share, way=case.way)

    def cases(self, sets: Iterable[tuple[str, ...]]) -> list[Case]:
        """Sets of auxiliary tasks in all ways."""
        return [Case(names, way=way) for names in sets for way in self.ways]

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
        elif isinstance(self.student, LinearStudent):
            found = run_linear_trials(*where, self.student, seed=self.seed, groups=self._groups, kept=self.kept, **how)
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
            self.train([self.arm(), *map(self.arm, self._singly(self.going))], splits)
            affordable = (self.patience.affordable() / max(count - splits.stop, 1) - 1) / len(self.ways)
            if (
                splits.stop < count
                and len(self.going) > 1
                and affordable < len(self.going)
                and not self.patience.over()
            ):
                found = self._effects(self._singly(self.going))
                stay = [names[0] for names in survivors(primary(found), affordable)]
                screened |= {name: splits.stop for name in self.going if name not in stay}
                self.going = stay
                for name in stay:
                    self.since[name].append(splits.stop)
        found = self._effects(self._singly(self.auxiliaries), screened)
        self._note_singles(screened)
        return sorted(found, key=lambda effect: (effect.auxiliaries[0] in screened, -likely(effect)))

    def _singly(self, names: Sequence[str]) -> list[Case]:
        """Each auxiliary task by itself, in all ways."""
        return self.cases((name,) for name in names)

    def _note_singles(self, screened: dict[str, int]) -> None:
        count = len(self.splits.roles)
        if screened:
            self.unfinished.append(
                f"The budget does not suffice for all auxiliary tasks on {count} splits, so {len(screened)} of "
                f"{len(self.auxiliaries)} were screened out after few; effects of the others rest on later splits."
            )
        fewest = min(int(self.trained[self.arm(case)].sum()) for case in self._singly(self.going))
        if fewest < count:
            self.unfinished.append(f"Auxiliary tasks are trained on {fewest} or more of {count} splits.")

    def _first(self, names: Sequence[str]) -> int:
        """The first split of those that an effect of these auxiliary tasks rests on: after the last screening."""
        enough = min(ENOUGH, len(self.splits.roles))
        firsts = []
        for name in names:
            trained = self.trained[self.arm(Case((name,), way=self.ways[0]))]
            firsts.append(next((j for j in reversed(self.since[name]) if trained[j:].sum() >= enough), 0))
        return max(firsts, default=0)

    def _effects(self, family: Sequence[Case], screened: dict[str, int] | None = None) -> list[Effect]:
        """Effects of the trained cases, corrected together, with their outlooks."""
        count, paired = len(self.splits.roles), []
        alone = self.outcomes[self.arm()]
        for case in family:
            arm, names = self.arm(case), case.names
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
            paired.append(Paired(names, case.alpha, joint._replace(made=made), alone, doubts, case.way))
        found = effects(paired, negligible=self.line, scoring=self.scoring)
        return [dataclasses.replace(effect, outlook=self._outlook(effect)) for effect in found]

    def _outlook(self, effect: Effect) -> Outlook | None:
        """What the benefit is likely to be; the prior is about log losses of classes."""
        if self.scoring.metric != LOG_LOSS or not np.isfinite(effect.benefit.standard_error):
            return None  # nothing was measured, or fewer than two splits
        main = self.rows.codes[0] != MISSING
        codes = self.rows.codes[[self.tasks.index(name) for name in effect.auxiliaries]]
        more = int(((codes != MISSING).any(axis=0) & ~main).sum())
        situation = Situation(self.labels, more, effect.way)
        return prior().posterior(effect.benefit.mean, effect.benefit.standard_error, situation).outlook(self.line)

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
        ranked = list(dict.fromkeys(effect.auxiliaries[0] for effect in singles))
        cases = [Case(names, way=self.ways[-1]) for names in further_sets(ranked)]
        if not cases or not self._all(list(map(self.arm, cases)), "sets of several auxiliary tasks"):
            return []
        return self._effects([case_of(effect) for effect in singles] + cases)[len(singles) :]

    def weights(self, case: Case) -> list[Effect]:
        """Effects of a set by weight α."""
        cases = [case._replace(alpha=alpha) for alpha in self.alphas]
        complete = self._all(list(map(self.arm, cases)), "weights α")
        return self._effects(cases) if complete else []

    def curve(self, case: Case) -> tuple[CurvePoint, ...]:
        """The benefit of a set by number of main labels."""
        shares = shares_for(self.labels)
        pairs = {share: (self.arm(case, share), self.arm(ALONE, share)) for share in shares}
        if not self._all([arm for pair in pairs.values() for arm in pair], "the benefit by number of main labels"):
            return ()
        first = self._first(case.names)
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
                scores=task_scores(table, self.tasks),
                seed=self.seed,
            )
        advice = []
        for effect in primary(ranked):
            (name,) = effect.auxiliaries
            labels, explanation = int((self.table.labels[name] >= 0).sum()), None
            if found and not self.patience.over():
                explanation = explain_pair(found[self.main], found[name], hidden=self._hidden, seed=self.seed)
            agreement = "cannot be compared" if explanation is None else explanation.agreement(effect.verdict)
            ways = tuple(each for each in ranked if each.auxiliaries == (name,))
            advice.append(AuxiliaryAdvice(name, labels, effect, explanation, agreement, ways))
        if any(each.explanation is None for each in advice):
            self.unfinished.append("Not computed: what theory says about every auxiliary task.")
        return tuple(advice)
