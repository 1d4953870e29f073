"""Stacked tasks: the estimator itself without auxiliary tasks, out-of-fold features with them, gaps, rare classes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from sharedtrunk.affinity import StackedTasks
from sharedtrunk.affinity._stacked_tasks import _Task
from sharedtrunk.errors import InputError


def _drawn(rows=200):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(rows, 4))
    main = (X[:, 0] + 0.5 * generator.normal(size=rows) > 0).astype(float)
    return X, main, generator.integers(0, 2, rows).astype(float)


def test_without_auxiliary_tasks_it_is_the_estimator_on_the_labelled_rows():
    X, main, _ = _drawn()
    main[150:] = np.nan
    alone = LogisticRegression().fit(X[:150], main[:150])
    for y in (main, main[:, None]):
        found = StackedTasks(LogisticRegression()).fit(X, y.ravel()).predict_proba(X)
        np.testing.assert_array_equal(found, alone.predict_proba(X))


def test_rows_with_an_auxiliary_label_are_predicted_out_of_fold():
    """The nearest neighbour of a row that was trained on is the row: in the fold, chance would seem to be known."""
    X, _, coin = _drawn()
    Y = np.stack([coin, coin], axis=1)  # the auxiliary task has the main task's labels, which no feature tells
    stacked = StackedTasks(KNeighborsClassifier(1)).fit(X, Y)
    task = _Task(coin.astype(int), coin >= 0, np.arange(2))
    _, odds = stacked._auxiliary(X, task, None, np.random.default_rng(0))
    assert odds is not None
    assert 0.3 < ((odds[:, 0] > 0) == coin).mean() < 0.7
    assert np.abs(odds).max() < 9.3


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, sparse.csr_matrix])
def test_inputs_of_any_form_have_the_same_predictions(form):
    X, main, coin = _drawn()
    X = form(X)
    if isinstance(X, pd.DataFrame):
        X.columns = list("abcd")
    Y = np.stack([np.where(coin > 0, main, np.nan), main], axis=1)
    found = StackedTasks(LogisticRegression()).fit(X, Y).predict_proba(X)
    expected = StackedTasks(LogisticRegression()).fit(_drawn()[0], Y).predict_proba(_drawn()[0])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_rare_auxiliary_classes_are_left_out():
    X, main, coin = _drawn()
    rare = coin.copy()
    rare[0] = 2
    once = np.where(np.arange(200) == 0, 1.0, 0.0)
    model = StackedTasks(LogisticRegression()).fit(X, np.stack([main, rare, once], axis=1))
    assert [each is None for each in model.auxiliaries_] == [False, True]
    assert model.auxiliaries_[0].classes_.tolist() == [0, 1]
    assert model.predict(X).shape == (200,)


def test_one_fold_is_refused():
    X, main, _ = _drawn()
    with pytest.raises(InputError, match="folds is a whole number, at least 2; got 1"):
        StackedTasks(LogisticRegression(), folds=1).fit(X, main)


@parametrize_with_checks([StackedTasks(LogisticRegression())])
def test_scikit_learn_checks(estimator, check):
    check(estimator)
