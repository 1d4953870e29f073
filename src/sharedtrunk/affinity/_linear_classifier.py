"""The linear student of `advise` as a classifier of scikit-learn: one task beside others, without a start or a stop."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sharedtrunk.affinity._linear_student import Rows
from sharedtrunk.affinity._linear_trials import Learner
from sharedtrunk.affinity._parameters import ValidatedParameters, one_of, random_state, satisfies, task_weights
from sharedtrunk.affinity._scaling import scaled, scaling_of
from sharedtrunk.affinity._splits import dealt
from sharedtrunk.affinity._targets import Tasks, find_tasks
from sharedtrunk.affinity._ways import AVERAGE, BESIDE, FEATURE
from sharedtrunk.errors import invalid
from sharedtrunk.tables import MISSING


class LinearTaskClassifier(ClassifierMixin, ValidatedParameters, BaseEstimator):
    """Logistic regression with weight decay of a main task that may use auxiliary tasks, averaged over weight decays.

        P(class | x) = Σ_i π_i P_i(class | x)                                                             (1)

    over students i, each at the minimum of a convex loss: along a path of weight decays λ, and in every way of using the
    auxiliary labels. The shares π minimize the loss of (1) on rows that the students did not see, fold by fold. The main
    task comes first in `y`.

    Parameters
    ----------
    way : {"average", "beside", "feature"}
        "beside" trains the tasks on one linear trunk with weight decay, which is a penalty on the nuclear norm of all their
        weights. "feature" gives the main task the predicted log odds of the auxiliary tasks, out of fold where their labels
        are known. "average" averages both and the main task alone.
    task_weights : sequence or dict of float, optional
        Weight α of each task's loss beside the others, the main task's first, or by a task's name or index; 1 by default. A
        task of weight 0 is not used.
    folds : int
        Folds that determine the shares.
    random_state : int, RandomState or None
        Seed of the folds.

    Attributes
    ----------
    classes_ : (class,)
        The main task's classes.
    n_features_in_ : int
        Number of columns of X.

    References
    ----------
    Wolpert (1992), Stacked generalization. Srebro, Rennie and Jaakkola (2005), on the nuclear norm as two layers' decay.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, digit = load_digits(return_X_y=True)
    >>> y = np.stack([digit, digit % 2], axis=1).astype(float)
    >>> y[100:, 0] = np.nan  # the digit is known in 100 rows, whether it is odd in all
    >>> model = LinearTaskClassifier().fit(X, y)
    >>> model.predict_proba(X).shape
    (1797, 10)
    """

    _parameter_constraints: ClassVar = {
        "way": one_of(AVERAGE, BESIDE, FEATURE),
        "folds": satisfies(
            "is a whole number, at least 2",
            lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 2,
            "5 is usual.",
        ),
        "random_state": random_state,
    }

    n_features_in_: int

    # No types here: scikit-learn's parameters take anything until `fit` checks them.
    def __init__(self, way="average", *, task_weights=None, folds=5, random_state=0):
        self.way = way
        self.task_weights = task_weights
        self.folds = folds
        self.random_state = random_state

    def fit(self, X, y) -> "LinearTaskClassifier":
        """Train every student on the rows with labels, and average them.

        Parameters
        ----------
        X : (sample, feature)
            Numbers without gaps; `TablePreprocessor` makes them of a table.
        y : (sample,) or (sample, task)
            Labels, the main task's first, NaN or None where missing.

        Returns
        -------
        LinearTaskClassifier
            The same object.

        Raises
        ------
        InputError
            For parameters out of range, labels that cannot be classes, and a task with fewer than two classes.
        """
        self._validate_params()
        if y is None:
            rule = "LinearTaskClassifier requires y to be passed, but the target y is None"
            raise invalid(rule, received="no labels", hint="Call fit(X, y).")
        inputs: Any = validate_data(self, X, dtype=np.float64)
        tasks: Tasks = find_tasks(y, len(inputs))
        weights = task_weights(self.task_weights, tasks.names)
        if weights[0] == 0:
            hint = "Leave task_weights=None to weigh all tasks alike."
            raise invalid("the main task's weight is above 0", received=str(weights), hint=hint)
        codes = tasks.codes(y, len(inputs))
        known = (codes != MISSING).any(axis=0)
        self._scaling = scaling_of(inputs[known], standardize=True)
        self.classes_ = tasks.classes[0]
        generator = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        folds = dealt(codes[0, known], min(self.folds, int(known.sum())), generator)
        rows = Rows(scaled(inputs[known], self._scaling, "float32"), codes[:, known], tasks.sizes, folds)
        self._student = Learner(rows).student(weights, self.way)
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
        check_is_fitted(self, "classes_")
        inputs: Any = validate_data(self, X, dtype=np.float64, reset=False)
        return np.exp(self._student.log_probabilities(scaled(inputs, self._scaling, "float32")))

    def predict(self, X) -> np.ndarray:
        """Predict the main task's classes.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample,)
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
