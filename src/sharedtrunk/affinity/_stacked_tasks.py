"""Several tasks for an estimator of one task: the auxiliary tasks' predictions are further features of the main task.

    f(x) = A(x, l_1(x), l_2(x), …),   l_b(x) = ln P_b(class k | x) − ln P_b(class 0 | x),   k = 1, 2, …   (1)

where A and P_b are clones of the estimator, and l_b(x) is the predicted number of a task whose labels are numbers. A task of
the other kind than the estimator's has an estimator of its own. P_b is trained on the rows with a label of task b, A on
those with a main label. This is stacked generalization (Wolpert 1992) with a level for the auxiliary tasks: rows that have a
label of b are given an l_b of clones that were trained without them (out of fold), since A would otherwise learn to trust
labels that P_b has seen.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_regressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing, check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, _num_samples, check_is_fitted

from sharedtrunk.affinity._label_columns import Labels
from sharedtrunk.affinity._splits import dealt
from sharedtrunk.affinity._targets import Tasks, find_tasks, task_columns
from sharedtrunk.errors import invalid

LEAST_PROBABILITY = 1e-4
"""Smaller probabilities count as this in log odds, which are then at most 9.2: one sure prediction does not outweigh all."""

LEAST_OF_A_CLASS = 2
"""Auxiliary classes with fewer labels are left out: a fold that holds the only one back would train without the class."""

LEAST_NUMBERS = 3
"""Different numbers that an auxiliary task of numbers has at least."""


class _Task(NamedTuple):
    """A task's codes or numbers (sample,), where they are known, and the names of its classes; None for numbers."""

    labels: np.ndarray
    known: np.ndarray
    classes: np.ndarray | None

    @property
    def size(self) -> int | None:
        return None if self.classes is None else len(self.classes)


def _numbers(column: Labels) -> _Task:
    try:
        present = column.present.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise invalid(
            "labels of a numeric task are numbers", received=str(error), hint="Leave it out of numeric."
        ) from error
    values = np.full(len(column.missing), np.nan)
    values[~column.missing] = present
    return _Task(values, ~column.missing, None)


def _has_probabilities(stacked: "StackedTasks") -> bool:
    return hasattr(stacked.estimator, "predict_proba")


class StackedTasks(ClassifierMixin, BaseEstimator):
    """Train an estimator of one task beside auxiliary tasks, whose predictions become features of the main task.

    `y` is (sample, task) with the main task first and NaN or None where a label is missing, or (sample,) of the main task
    alone: then this is the estimator itself, trained on the rows with a label.

    Parameters
    ----------
    estimator : classifier or regressor
        A classifier with `predict_proba`, or a regressor for a main task of numbers; every task has a clone of its own. Of a
        pipeline that chooses columns by name, the chooser has to let the further columns pass (`remainder="passthrough"`).
    folds : int
        Folds of the rows with an auxiliary label, whose features are predicted out of fold.
    random_state : int, RandomState or None
        Seed of these folds.
    numeric : sequence of int
        The columns of y whose labels are numbers. The main task is one if the estimator is a regressor.
    other : regressor or classifier, optional
        The estimator of auxiliary tasks of the other kind than `estimator`: by default `RidgeCV` or `LogisticRegression`,
        after standardization.

    Attributes
    ----------
    classes_ : (class,)
        The main task's classes; a regressor has none.
    estimator_ : classifier or regressor
        The main task's, trained.
    auxiliaries_ : list of classifier or regressor
        Those of the auxiliary tasks; None for a task without two classes of two labels (three different numbers), which is
        left out.

    References
    ----------
    Wolpert (1992), Stacked generalization.
    """

    # No types here: scikit-learn's parameters take anything until `fit` checks them.
    def __init__(self, estimator, *, folds=5, random_state=0, numeric=(), other=None):
        self.estimator = estimator
        self.folds = folds
        self.random_state = random_state
        self.numeric = numeric
        self.other = other

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        return tags

    def fit(self, X, y, sample_weight=None) -> "StackedTasks":
        """Train the auxiliary tasks' classifiers, then the main task's.

        Parameters
        ----------
        X : (sample, feature)
            Anything that the estimator takes and whose rows can be chosen: array, frame or sparse matrix.
        y : (sample,) or (sample, task)
            Labels, the main task's first.
        sample_weight : (sample,), optional
            How much the rows count; all estimators must take it.

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
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, np.zeros((rows, 1)))
        tasks = self._laid_out(y, rows)
        generator = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        stacked = [self._auxiliary(X, task, weights, generator) for task in tasks[1:]]
        self.auxiliaries_, self._sizes = [model for model, _ in stacked], [task.size for task in tasks[1:]]
        main = tasks[0]
        known = np.flatnonzero(main.known)
        labels = main.labels[known]
        if main.classes is not None:
            self.classes_ = main.classes
            labels = main.classes[labels]
        inputs = _joined(X, [features for _, features in stacked if features is not None])
        self.estimator_ = _trained(self.estimator, _chosen(inputs, known), labels, _at(weights, known))
        if not stacked and hasattr(self.estimator_, "n_features_in_"):
            self.n_features_in_ = self.estimator_.n_features_in_
        return self

    def _laid_out(self, y, rows: int) -> list[_Task]:
        """The tasks of `y`. Raises `InputError` as `fit`."""
        numeric = {0} | set(self.numeric) if is_regressor(self.estimator) else set(self.numeric) - {0}
        if not numeric:
            found: Tasks = find_tasks(y, rows)
            return [
                _Task(codes, codes >= 0, names)
                for codes, names in zip(found.codes(y, rows), found.classes, strict=True)
            ]
        tasks = []
        for place, column in enumerate(task_columns(y, rows)):
            if place in numeric:
                tasks.append(_numbers(column))
            else:
                names = column.classes()
                codes = column.codes(names)
                tasks.append(_Task(codes, codes >= 0, names))
        return tasks

    @available_if(_has_probabilities)
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
        """Predict the main task's classes, or numbers.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(self._inputs(X))

    def score(self, X, y, sample_weight=None) -> float:
        """The accuracy of a classifier of the main task, or R² of a regressor.

        Parameters
        ----------
        X : (sample, feature)
        y : (sample,)
            The main task's labels.
        sample_weight : (sample,), optional
            How much the rows count.

        Returns
        -------
        float
        """
        score = r2_score if is_regressor(self.estimator) else accuracy_score
        return float(score(y, self.predict(X), sample_weight=sample_weight))

    def _inputs(self, X) -> Any:
        models = zip(self.auxiliaries_, self._sizes, strict=True)
        return _joined(X, [_features(model, X, size) for model, size in models if model is not None])

    def _of_kind(self, numeric: bool) -> Any:
        """The estimator of tasks of this kind."""
        if numeric == is_regressor(self.estimator):
            return self.estimator
        if self.other is not None:
            return self.other
        usual = RidgeCV(np.geomspace(1e-2, 1e4, 13)) if numeric else LogisticRegression(max_iter=1000)
        return make_pipeline(StandardScaler(), usual)

    def _auxiliary(self, X, task: _Task, weights, generator: np.random.Generator) -> tuple[Any, np.ndarray | None]:
        """The estimator of an auxiliary task, and its features (sample, …), out of fold where a label is known."""
        known = np.flatnonzero(task.known)
        if task.size is None and np.unique(task.labels[known]).size < LEAST_NUMBERS:
            return None, None
        if task.size is not None:
            often = np.bincount(task.labels[known], minlength=task.size) >= LEAST_OF_A_CLASS
            known = known[often[task.labels[known]]]
            if often.sum() < 2:
                return None, None
        estimator = self._of_kind(task.size is None)
        model = _trained(estimator, _chosen(X, known), task.labels[known], _at(weights, known))
        features = _features(model, X, task.size)
        strata = np.zeros(known.size, np.int64) if task.size is None else task.labels[known]
        fold_of = dealt(strata, min(self.folds, known.size), generator)
        for fold in np.unique(fold_of):
            held, rest = known[fold_of == fold], known[fold_of != fold]
            without = _trained(estimator, _chosen(X, rest), task.labels[rest], _at(weights, rest))
            features[held] = _features(without, _chosen(X, held), task.size)
        return model, features


def _trained(estimator: Any, X: Any, y: np.ndarray, weights: np.ndarray | None) -> Any:
    unfitted: Any = clone(estimator)
    if weights is None:
        return unfitted.fit(X, y)
    last = unfitted.steps[-1][0] if isinstance(unfitted, Pipeline) else None
    return unfitted.fit(X, y, **{"sample_weight" if last is None else f"{last}__sample_weight": weights})


def _at(weights: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weights is None else weights[rows]


def _features(model: Any, X: Any, size: int | None) -> np.ndarray:
    """Log odds of classes, or the number (sample, 1)."""
    return np.asarray(model.predict(X), np.float64).reshape(-1, 1) if size is None else _log_odds(model, X, size)


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
