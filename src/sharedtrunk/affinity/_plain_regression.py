"""What a sensible user trains without auxiliary tasks: scikit-learn's regularized regression, on the splits of an advice."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.model_selection import StratifiedKFold

from sharedtrunk.affinity._own_trials import SMALLEST, trained_rows
from sharedtrunk.affinity._splits import TEST
from sharedtrunk.affinity._trials import Rows

PENALTIES = 10
"""Penalties that the logistic regression chooses from, from 10⁻⁴ to 10⁴ in units of one row, as scikit-learn does."""

RIDGE_PENALTIES = np.geomspace(1e-2, 1e6, 25)

FOLDS = 5

MOST_NUMBERS = 3_000_000
"""Rows times inputs of a split beyond which the regression is left out: it would take longer than the advice."""


def regression_losses(rows: Rows, roles: Int[np.ndarray, "split sample"]) -> Float[np.ndarray, "split judged"] | None:
    """Held-out losses of `LogisticRegressionCV` (of `RidgeCV` for numbers), NaN in rows that are not tested.

    None where the table is too large for it. A split whose training rows have a class fewer than twice is left out.
    """
    losses = np.full((len(roles), rows.judged), np.nan)
    for split, role in enumerate(roles):
        learnt = trained_rows(role)
        inputs = rows.inputs.prepared(learnt)
        if inputs.size > MOST_NUMBERS:
            return None
        train = np.flatnonzero(learnt[: rows.judged] & (rows.codes[0, : rows.judged] >= 0))
        test = np.flatnonzero(role[: rows.judged] == TEST)
        if rows.targets is not None and rows.numeric(0):
            targets = rows.targets.of(role)[0]
            model: Any = RidgeCV(RIDGE_PENALTIES).fit(inputs[train], targets[train])
            losses[split, test] = (model.predict(inputs[test]) - targets[test]) ** 2
        else:
            losses[split, test] = _class_losses(inputs, rows.codes[0], train, test, rows.classes[0])
    return losses


def _class_losses(inputs: np.ndarray, codes: np.ndarray, train: np.ndarray, test: np.ndarray, classes: int):
    """Losses of the tested rows; NaN where a class of the training rows is too rare for the folds."""
    counts = np.bincount(codes[train], minlength=classes)
    if counts[counts > 0].min() < 2 or (counts > 0).sum() < 2:
        return np.nan
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        # A class rarer than the folds, and steps that end early at hardly any penalty, are no news to the user.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        model: Any = LogisticRegressionCV(Cs=PENALTIES, cv=folds, scoring="neg_log_loss", max_iter=300)
        try:
            model.fit(inputs[train], codes[train])
        except ValueError:  # a fold without one of two classes
            return np.nan
        found = np.zeros((len(test), classes))
        found[:, model.classes_] = model.predict_proba(inputs[test])
    return -np.log(np.maximum(found[np.arange(len(test)), codes[test]], SMALLEST))
