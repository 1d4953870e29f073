"""One's own model as `advise` uses it: what it is given, how it is trained, and what the user is told about it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing

from sharedtrunk._support.words import counted
from sharedtrunk.affinity._own_model import Model, check_estimator, resolved
from sharedtrunk.affinity._own_trials import SMALLEST, run_own_trials, trained_rows
from sharedtrunk.affinity._trials import Arm, Outcome, Rows
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table

_DAY = 86_400_000_000
"""Microseconds of a day."""


class OnInputs(NamedTuple):
    """An estimator, and the rows that it gets instead of the table's, as their user gave them."""

    estimator: Any
    inputs: Any


class OwnStudy:
    """A model that is trained in place of the student. `resolve` must be called before the others."""

    def __init__(self, estimator: Any, prepare: bool, n_jobs: int | None, *, numeric: bool = False) -> None:
        """Raise `InputError` for what is no model, or none of a `numeric` main task."""
        self.numeric = numeric
        self.estimator, inputs = estimator if isinstance(estimator, OnInputs) else (estimator, None)
        self.prepare, self.n_jobs, self.inputs = prepare, n_jobs, inputs
        if not isinstance(prepare, bool):
            raise invalid("prepare is True or False", received=repr(prepare), hint="True is usual.")
        check_estimator(self.estimator, numeric=numeric)

    def resolve(self, table: Table, rows: Rows, roles: np.ndarray) -> None:
        """Find out what the model takes, and lay out its inputs in the order of `rows`."""
        self.given = None
        if not self.prepare:
            self.given = _safe_indexing(as_frame(table) if self.inputs is None else self.inputs, rows.numbers)
        some = rows.inputs.prepared(trained_rows(roles[0])) if self.given is None else self.given
        found = resolved(self.estimator, some, numeric=self.numeric)
        self.model: Model = found.model
        self.note = found.note

    @property
    def name(self) -> str:
        """The model in a few words."""
        return self.model.name

    @property
    def weighs(self) -> bool:
        """Whether weights α make a difference to the model."""
        return self.model.weighs

    def run_trials(self, rows: Rows, arms: Sequence[Arm], roles, ranks, **how: Any) -> dict[tuple[Arm, int], Outcome]:
        """`run_own_trials` of the model."""
        return run_own_trials(rows, arms, roles, ranks, self.model, given=self.given, n_jobs=self.n_jobs, **how)

    def notes(self, outcomes: Iterable[Outcome], theory: bool) -> list[str]:
        """What to know about the model: how it takes tasks and weights, the theory, and certainties that were wrong."""
        found = [self.note] if self.note else []
        if not self.weighs:
            found.append(f"{self.name} takes no weights of tasks, so α is 1.")
        if theory:
            found.append(f"The theory's numbers are about a student with a shared trunk, not about {self.name}.")
        if self.numeric:
            return found
        ceiling = -np.log(SMALLEST)
        wrong = [int((outcome.loss >= ceiling).sum()) for outcome in outcomes]
        if any(wrong):
            found.append(
                f"{self.name} gave the true class the probability 0 in {counted(sum(wrong), 'test')} (rows times trainings). "
                f"Each counts as {ceiling:.0f} nats, as in scikit-learn's log_loss, and decides the loss: calibrate it."
            )
        return found


def as_frame(table: Table) -> pd.DataFrame:
    """The table's features as they came: numbers, dates and categories, by name."""
    columns = {}
    for name, values in zip(table.feature_names, table.features.T, strict=True):
        if name in table.categories:
            codes = np.nan_to_num(values, nan=-1.0).astype(np.int64)
            columns[name] = pd.Categorical.from_codes(codes, list(table.categories[name]))
        elif name in table.dates:
            known = np.round(np.nan_to_num(values) * _DAY).astype("int64").astype("datetime64[us]")
            columns[name] = np.where(np.isnan(values), np.datetime64("NaT"), known)
        else:
            columns[name] = values
    return pd.DataFrame(columns)
