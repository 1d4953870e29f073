"""Several tasks for an estimator of one task: the auxiliary tasks' predictions are further features of the main task.

    f(x) = A(x, l_1(x), l_2(x), …),   l_b(x) = ln P_b(class k | x) − ln P_b(class 0 | x),   k = 1, 2, …   (1)

where A and P_b are clones of the estimator: P_b is trained on the rows with a label of task b, A on those with a main label.
This is stacked generalization (Wolpert 1992) with a level for the auxiliary tasks: rows that have a label of b are given an
l_b of clones that were trained without them (out of fold), since A would otherwise learn to trust labels that P_b has seen.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import _safe_indexing, check_random_state, get_tags
from sklearn.utils.validation import _num_samples, check_is_fitted

from sharedtrunk.affinity._splits import dealt
from sharedtrunk.affinity._targets import Tasks, find_tasks
from sharedtrunk.errors import invalid

LEAST_PROBABILITY = 1e-4
"""Smaller probabilities count as this in log odds, which are then at most 9.2: one sure prediction does not outweigh all."""

LEAST_OF_A_CLASS = 2
"""Auxiliary classes with fewer labels are left out: a fold that holds the only one back would train without the class."""


class StackedTasks(ClassifierMixin, BaseEstimator):
    """Train a classifier of one task beside auxiliary tasks, whose predictions become features of the main task.

    `y` is (sample, task) with the main task first and NaN or None where a label is missing, or (sample,) of the main task
    alone: then this is the estimator itself, trained on the rows with a label.

    Parameters
    ----------
    estimator : classifier
        A classifier with `predict_proba`; every task has a clone of its own. Of a pipeline that chooses columns by name, the
        chooser has to let the further columns pass (`remainder="passthrough"`).
    folds : int
        Folds of the rows with an auxiliary label, whose features are predicted out of fold.
    random_state : int, RandomState or None
        Seed of these folds.

    Attributes
    ----------
    classes_ : (class,)
        The main task's classes.
    estimator_ : classifier
        The main task's, trained.
    auxiliaries_ : list of classifier
        Those of the auxiliary tasks; None for a task without two classes of two labels, which is left out.

    References
    ----------
    Wolpert (1992), Stacked generalization.
    """

    # No types here: scikit-learn's parameters take anything until `fit` checks them.
    def __init__(self, estimator, *, folds=5, random_state=0):
        self.estimator = estimator
        self.folds = folds
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags

    def fit(self, X, y) -> "StackedTasks":
        """Train the auxiliary tasks' classifiers, then the main task's.

        Parameters
        ----------
        X : (sample, feature)
            Anything that the estimator takes and whose rows can be chosen: array, frame or sparse matrix.
        y : (sample,) or (sample, task)
            Labels, the main task's first.

        Returns
        -------
        StackedTasks
            The same object.

        Raises
        ------
        InputError
            For labels that cannot be classes, a task with fewer than two classes, and fewer than two folds.
        """
        if y is None:
            rule = "StackedTasks requires y to be passed, but the target y is None"
            raise invalid(rule, received="no labels", hint="Call fit(X, y).")
        if not isinstance(self.folds, int) or self.folds < 2:
            raise invalid("folds is a whole number, at least 2", received=repr(self.folds), hint="5 is usual.")
        rows = _num_samples(X)
        self._tasks: Tasks = find_tasks(y, rows)
        codes = self._tasks.codes(y, rows)
        generator = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        stacked = [self._auxiliary(X, codes[task], generator) for task in range(1, len(codes))]
        self.auxiliaries_ = [model for model, _ in stacked]
        self.classes_ = self._tasks.classes[0]
        known = np.flatnonzero(codes[0] >= 0)
        inputs = _joined(X, [odds for _, odds in stacked if odds is not None])
        self.estimator_ = _trained(self.estimator, _chosen(inputs, known), self.classes_[codes[0, known]])
        if not stacked and hasattr(self.estimator_, "n_features_in_"):
            self.n_features_in_ = self.estimator_.n_features_in_
        return self

    def predict_proba(self, X) -> np.ndarray:
        """Predict the probabilities of the main task's classes.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample, class)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(self._inputs(X))

    def predict(self, X) -> np.ndarray:
        """Predict the main task's classes.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(self._inputs(X))

    def _inputs(self, X) -> Any:
        models = zip(self.auxiliaries_, self._tasks.sizes[1:], strict=True)
        return _joined(X, [_log_odds(model, X, size) for model, size in models if model is not None])

    def _auxiliary(self, X, codes: np.ndarray, generator: np.random.Generator) -> tuple[Any, np.ndarray | None]:
        """The classifier of an auxiliary task, and its log odds (sample, class − 1), out of fold where a label is known."""
        size = int(codes.max()) + 1
        often = np.bincount(codes[codes >= 0], minlength=size) >= LEAST_OF_A_CLASS
        known = np.flatnonzero((codes >= 0) & often[codes])
        if often.sum() < 2:
            return None, None
        model = _trained(self.estimator, _chosen(X, known), codes[known])
        odds = _log_odds(model, X, size)
        fold_of = dealt(codes[known], min(self.folds, known.size), generator)
        for fold in np.unique(fold_of):
            held, rest = known[fold_of == fold], known[fold_of != fold]
            without = _trained(self.estimator, _chosen(X, rest), codes[rest])
            odds[held] = _log_odds(without, _chosen(X, held), size)
        return model, odds


def _trained(estimator: Any, X: Any, y: np.ndarray) -> Any:
    unfitted: Any = clone(estimator)
    return unfitted.fit(X, y)


def _log_odds(model: Any, X: Any, size: int) -> np.ndarray:
    """Log odds of the classes against the first (sample, size − 1); a class that the model does not know has the least."""
    probabilities = np.zeros((_num_samples(X), size))
    probabilities[:, model.classes_] = model.predict_proba(X)
    logarithms = np.log(np.maximum(probabilities, LEAST_PROBABILITY))
    return logarithms[:, 1:] - logarithms[:, :1]


def _chosen(X: Any, rows: np.ndarray) -> Any:
    """These rows; all of them as they are, in whatever form they came."""
    return X if rows.size == _num_samples(X) else _safe_indexing(X, rows)


def _joined(X: Any, blocks: list[np.ndarray]) -> Any:
    """X with further columns, as a frame, sparse matrix or array like X."""
    if not blocks:
        return X
    further = np.concatenate(blocks, axis=1)
    if isinstance(X, pd.DataFrame):
        names = [f"log odds {place}" for place in range(further.shape[1])]
        return pd.concat([X, pd.DataFrame(further, X.index, names)], axis=1)
    if sparse.issparse(X):
        return sparse.hstack([X, further], format="csr")
    return np.concatenate([np.asarray(X), further], axis=1)
