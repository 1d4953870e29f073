"""A study of one main task by the arguments of `advise`, and the conditions that it was made under."""

from collections.abc import Sequence

from sharedtrunk.affinity._conditions import conditions_of
from sharedtrunk.affinity._kept import Kept
from sharedtrunk.affinity._own_study import OwnStudy
from sharedtrunk.affinity._records import Conditions
from sharedtrunk.affinity._study import Study
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table


def study_of(
    table: Table, main: str, auxiliaries: Sequence[str], *, student, repeats, cv, negligible, seed, choose, progress,
    patience, keep, estimator, prepare, n_jobs, metric, class_weight,
) -> Study:  # fmt: skip
    """The study of one main task by the arguments of `advise`; groups, times and weights are the table's."""
    numeric = table.kind(main) == "numeric"
    own = None if estimator is None else OwnStudy(estimator, prepare, n_jobs, numeric=numeric)
    if own is not None and class_weight is not None:
        hint = "Give the weights to the model, such as LogisticRegression(class_weight='balanced')."
        raise invalid("class_weight is for our student", received="class_weight and estimator", hint=hint)
    return Study(
        table, main, tuple(auxiliaries), student, repeats, cv, negligible, seed, choose, progress, patience, Kept(keep),
        own, metric, class_weight,
    )  # fmt: skip


def conditions_after(study: Study, seconds: float) -> Conditions:
    """The conditions of what a study has measured in so many seconds."""
    return conditions_of(
        study.table,
        study.main,
        study.labels,
        study.student,
        roles=study.splits.judged_roles,
        folds=study.splits.folds,
        repeats=study.splits.repeats,
        splits=study.splits.words,
        negligible=study.line,
        seed=study.seed,
        trainings=study.done,
        seconds=seconds,
        model="" if study.own is None else study.own.name,
        metric=study.scoring.metric.name,
        kept=study.kept.found,
    )
