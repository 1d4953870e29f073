"""The student of real data as a scikit-learn estimator: one trunk for all tasks, one softmax head per task.

    h⁰ = (x − mean) / scale,   h^l = φ(W^l h^{l−1} + b^l),   P_t = softmax(V_t h^L + c_t),   L = Σ_t α_t ⟨−ln P_t(label)⟩

with φ the identity or ReLU (section 4.2 of the paper, (2)); ⟨·⟩ is the mean over the rows that have a label of task t. With
one task the student is an ordinary classifier, without a hidden layer it is a softmax regression of every task, and with a
narrow linear trunk it is a softmax regression of reduced rank. Training is by Adam, stopped early; or linear layers decay,

    L + (λ/2) Σ_layers ‖W‖²_F,

and the student is at the minimum. Without a hidden layer that is scikit-learn's logistic regression, C = 1/(λ n). With one,
the decay penalizes the singular values of all tasks' weights together, so that tasks share directions (docs/weight-decay.md).
"""

import warnings
from collections.abc import Hashable, Sequence
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sharedtrunk.affinity._decayed import fit_decayed
from sharedtrunk.affinity._fit import Fitted, Recipe, fit_network
from sharedtrunk.affinity._forward import accuracies, likeliest, mean_losses
from sharedtrunk.affinity._holdout import held_out
from sharedtrunk.affinity._inputs import check_feature_names, check_size
from sharedtrunk.affinity._parameters import (
    STUDENT_CONSTRAINTS,
    ValidatedParameters,
    between,
    check_decayed,
    check_network,
    count_or,
    one_of,
    recipe_of,
    weight_decay,
)
from sharedtrunk.affinity._targets import find_tasks
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import MISSING, dense

_SPARSE = ("csr", "csc", "coo")  # scikit-learn checks the numbers of these formats, and converts others to them


class SharedTrunkClassifier(ValidatedParameters, ClassifierMixin, MultiOutputMixin, BaseEstimator):
    """Multi-output multiclass classifier whose tasks share a trunk; labels may be missing.

    `y` is (sample, task), or (sample,) for one task, with class names of any type and NaN, None or NA where a label is
    missing. The columns of a frame (pandas, polars, pyarrow) name the tasks. `X` is (sample, feature): an array, a frame, or
    a sparse matrix, which is made dense. Training is by Adam, and the weights are those of the lowest validation loss; with
    `weight_decay` they are those of the lowest training loss plus the decay, which is convex.

    Parameters
    ----------
    hidden : int or sequence of int
        Units of each trunk layer.
    activation : {"relu", "linear"}
        φ of the trunk.
    task_weights : sequence or dict, optional
        The α_t in the order of the tasks, or by name or index; 1 where not given.
    stop_on : task or sequence of tasks, optional
        The tasks, by name or index, whose losses, weighted by α_t, decide when to stop; all of them by default.
    weight_decay : float, "validation" or None
        λ in nats per squared weight, of trunk and heads; intercepts do not decay. None: Adam. A number: the minimum on all
        rows. "validation": λ is chosen from 20 values over three decades by the validation loss of the tasks in `stop_on`,
        weighted by α_t; then the student is fitted to all rows at this λ. It needs `activation="linear"` and at most one
        hidden layer, at least as wide as there are features or classes of all tasks.
    standardize : bool
        Whether inputs are standardized by mean and deviation of all rows outside validation (with weight decay, in the end
        of all rows). Features that are constant in those rows are always ignored, whatever their later values.
    learning_rate_init, max_iter : float, int
        Adam's step size, and the largest number of steps. With weight decay, the largest number of the solver's steps for one
        λ, rounded up to tens.
    early_stopping : bool
        Whether validation rows decide when training stops; otherwise the training loss decides. Not used with weight decay,
        nor are the step size, `n_iter_no_change` and `batch_size`.
    validation_fraction : float
        Share of the rows that are held out for validation (stratified, at most 4,096 rows), among the rows with a label of a
        task that decides when to stop.
    n_iter_no_change, tol : int, float
        Training stops after this many steps without an improvement by `tol` nats. With weight decay the objective is at most
        `tol` nats above its minimum, and at most 1e-5 (1e-4 with a trunk).
    batch_size : int or "auto"
        Training rows per step; "auto" takes all rows if there are at most 1,024, otherwise 512.
    dtype : {"float32", "float64"}
        Precision of the training, whatever JAX's own setting is.
    random_state : int, RandomState or None
        Seed of the start, the validation rows and the order of the rows.

    Attributes
    ----------
    classes_, n_classes_ : (class,), int
        Class names in the order of the codes, and their number; lists by task where `y` has several.
    task_names_, n_outputs_, label_counts_ : list, int, (task,)
        Names of the tasks, their number, and the number of labels of each.
    network_ : TrainedNetwork
        Weights and scaling as NumPy arrays; features that were ignored have weights 0.
    n_iter_, best_iter_ : int
        Number of steps made, and the step whose weights the network has.
    loss_ : (task,)
        Loss of the training rows at that step, in nats, without the decay.
    validation_loss_, validation_score_ : (task,) or None
        With early stopping, loss in nats and accuracy of the validation rows; NaN for a task without labels there. With
        `weight_decay="validation"`, those of the student at λ before it was fitted to the validation rows too.
    weight_decay_, gap_ : float or None
        With weight decay, λ and the duality gap: the objective is at most this many nats above its minimum.

    Notes
    -----
    To let an auxiliary task help the main one, stop on the main one, as the advisor does; otherwise the auxiliary task moves
    the stop too. Rows without a label of any task in `stop_on` are then all trained on, and every task in `stop_on` needs a
    validation label; otherwise `fit` raises `InputError`.

    That validation rows are trained on in the end, at the λ that they chose, is what scikit-learn's `LogisticRegressionCV`,
    `RidgeCV` and `LassoCV` do. λ is per row, as `LassoCV`'s: the loss is a mean, so more rows do not change its meaning.

    To cross-validate with missing labels, give scikit-learn a splitter (`cv=KFold(5)`): for `cv=5` scikit-learn
    reads `y` to choose a splitter, and refuses missing labels.

    References
    ----------
    Section 4.2 and equation (2) of the paper; the biases are an addition.
    """

    _parameter_constraints: ClassVar = {
        **STUDENT_CONSTRAINTS,
        "weight_decay": weight_decay,
        "standardize": one_of(True, False),
        "early_stopping": one_of(True, False),
        "validation_fraction": between(0.0, 1.0, "0.2"),
        "batch_size": count_or("auto"),
        "dtype": one_of("float32", "float64"),
    }

    # No types here: scikit-learn's parameters take anything until `fit` checks them.
    def __init__(
        self,
        hidden=(100,),
        activation="relu",
        *,
        task_weights=None,
        stop_on=None,
        weight_decay=None,
        standardize=True,
        learning_rate_init=0.003,
        max_iter=1000,
        early_stopping=True,
        validation_fraction=0.2,
        n_iter_no_change=30,
        tol=0.003,
        batch_size="auto",
        dtype="float32",
        random_state=None,
    ):
        self.hidden = hidden
        self.activation = activation
        self.task_weights = task_weights
        self.stop_on = stop_on
        self.weight_decay = weight_decay
        self.standardize = standardize
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.batch_size = batch_size
        self.dtype = dtype
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags

    def fit(self, X, y):
        """Train on the labelled rows.

        Parameters
        ----------
        X : (sample, feature)
            Array, frame or sparse matrix; a sparse one is made dense, and may then take at most 1 GiB.
        y : (sample,) or (sample, task)
            Labels, NaN, None or NA where missing.

        Returns
        -------
        SharedTrunkClassifier
            The same object.

        Raises
        ------
        InputError
            For parameters out of range, weight decay of a student that is not linear, too narrow or too deep, features or
            tasks with equal names, labels that cannot be classes, a task with fewer than two classes or too many for its
            rows, too few rows to spare any for validation, and in a process that was forked after JAX was used.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` steps were made while the loss still improved (see `n_iter_no_change`) or while the duality gap was
            still too large.
        """
        if y is None:
            rule = f"{type(self).__name__} requires y to be passed, but the target y is None"
            raise invalid(rule, received="no labels", hint="Call fit(X, y).")
        self._validate_params()
        X = self._inputs(X, reset=True)
        tasks = find_tasks(y, len(X))
        recipe = recipe_of(self, tasks.names)
        check_network(recipe.student.hidden, X.shape[1], tasks.sizes)
        codes = tasks.codes(y, len(X))
        random = check_random_state(self.random_state)
        held = self._held_out(codes, recipe, tasks.names, random)
        if recipe.weight_decay is None:
            fitted = fit_network(X, codes, tasks.sizes, held, recipe, int(random.randint(2**31 - 1)))
        else:
            check_decayed(recipe.student, X.shape[1], tasks.sizes)
            fitted = fit_decayed(X, codes, tasks.sizes, held, recipe)
        if not fitted.converged:
            warnings.warn(self._unfinished(fitted), ConvergenceWarning, stacklevel=2)
        self._tasks, self.network_ = tasks, fitted.network
        self.n_iter_, self.best_iter_ = fitted.steps, fitted.best_step
        self.weight_decay_, self.gap_ = fitted.weight_decay, fitted.gap
        self._describe(codes)
        self._evaluate(X, codes, held, fitted)
        return self

    def predict(self, X) -> np.ndarray:
        """Predict the likeliest class of every task.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample,) or (sample, task)
            Class names, of dtype object where tasks have names of different types.
        """
        logarithms = self._log_probabilities(X)
        return self._tasks.named(likeliest(logarithms))

    def predict_proba(self, X) -> np.ndarray | list[np.ndarray]:
        """Predict the probabilities P_t of the classes.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample, class) or list of (sample, class)
            In the order of `classes_`; a list by task where `y` had several.
        """
        probabilities = [np.exp(each) for each in self._log_probabilities(X)]
        return probabilities[0] if self._tasks.single else probabilities

    def predict_log_proba(self, X) -> np.ndarray | list[np.ndarray]:
        """Predict ln P_t in nats, which is finite even where P_t is too small for a double.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample, class) or list of (sample, class)
            As in `predict_proba`.
        """
        logarithms = self._log_probabilities(X)
        return logarithms[0] if self._tasks.single else logarithms

    def score(self, X, y, sample_weight=None) -> float:
        """Accuracy of every task over the rows with a label for it, averaged over the tasks with labels.

        Parameters
        ----------
        X : (sample, feature)
        y : (sample,) or (sample, task)
            Labels; one that `fit` did not see counts as wrong.
        sample_weight : (sample,), optional
            Weights of the rows.

        Returns
        -------
        float

        Raises
        ------
        InputError
            Where there are no labels.
        """
        logarithms = self._log_probabilities(X)
        rows = len(logarithms[0])
        weights = np.ones(rows) if sample_weight is None else np.asarray(sample_weight, float)
        by_task = accuracies(logarithms, self._tasks.codes(y, rows), weights)
        if np.isnan(by_task).all():
            raise invalid("a score needs labels", received="none", hint="Give rows with a label of some task.")
        return float(np.nanmean(by_task))

    def log_loss(self, X, y) -> np.ndarray:
        """Cross-entropy ⟨−ln P_t(label)⟩ of every task over the rows with a label for it.

        Parameters
        ----------
        X : (sample, feature)
        y : (sample,) or (sample, task)

        Returns
        -------
        (task,)
            In nats; NaN for a task without labels.

        Raises
        ------
        InputError
            For a label that `fit` did not see: its loss has no finite value.
        """
        logarithms = self._log_probabilities(X)
        codes = self._tasks.codes(y, len(logarithms[0]))
        for name, size, labels in zip(self._tasks.names, self._tasks.sizes, codes, strict=True):
            if (labels == size).any():
                hint = "Leave those rows out, or fit on rows of every class."
                raise invalid(
                    "a log loss needs labels that fit saw", received=f"unseen labels in task {name!r}", hint=hint
                )
        return mean_losses(logarithms, codes)

    def hidden_units(self, X) -> np.ndarray:
        """The trunk's output h^L, which all heads share.

        Parameters
        ----------
        X : (sample, feature)

        Returns
        -------
        (sample, hidden)
        """
        inputs = self._inputs(X, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):  # the check below reports it
            hidden = self.network_.hidden_units(inputs)
        _check_finite([hidden], inputs)
        return hidden

    def _inputs(self, X, *, reset: bool) -> np.ndarray:
        if not reset:
            check_is_fitted(self)
        check_feature_names(X)
        inputs = dense(validate_data(self, X, accept_sparse=_SPARSE, dtype=np.float64, reset=reset))
        # scikit-learn leaves boolean frames as they are, and the last digits of a result would depend on the memory order
        inputs = np.ascontiguousarray(inputs, np.float64)
        check_size(inputs)
        return inputs

    def _log_probabilities(self, X) -> list[np.ndarray]:
        inputs = self._inputs(X, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):  # the check below reports it
            logarithms = self.network_.log_probabilities(inputs)
        _check_finite(logarithms, inputs)
        return logarithms

    def _held_out(self, codes: np.ndarray, recipe: Recipe, names: Sequence[Hashable], random) -> np.ndarray:
        """The validation rows as a mask (sample,): rows with labels of the tasks that decide when to stop."""
        if not (self.early_stopping if recipe.weight_decay is None else recipe.weight_decay == "validation"):
            return np.zeros(codes.shape[1], bool)
        decides = np.array(recipe.stop_weights) > 0
        others = codes[~decides & (np.array(recipe.task_weights) > 0)]
        held = held_out(codes[decides], self.validation_fraction, random, others)
        unlabelled = np.flatnonzero(decides & (codes[:, held] == MISSING).all(axis=1))
        if not held.any() or (self.stop_on is not None and len(unlabelled)):
            judging = codes[decides] if self.stop_on is None else codes[unlabelled[:1]]
            raise _too_few_labels(judging, names[unlabelled[0]], decays=recipe.weight_decay is not None)
        return held

    def _describe(self, codes: np.ndarray) -> None:
        tasks = self._tasks
        self.task_names_ = list(tasks.names)
        self.n_outputs_ = len(tasks.names)
        self.classes_ = tasks.classes[0] if tasks.single else list(tasks.classes)
        self.n_classes_ = tasks.sizes[0] if tasks.single else list(tasks.sizes)
        self.label_counts_ = (codes != MISSING).sum(axis=1)

    def _unfinished(self, fitted: Fitted) -> str:
        if fitted.gap is None:
            return f"max_iter={self.max_iter} steps were made while the loss still improved; raise max_iter."
        return (
            f"max_iter={self.max_iter} steps were made before the duality gap was small enough (it is {fitted.gap:.1e} nats);"
            " raise max_iter, standardize the features, or set dtype='float64'."
        )

    def _evaluate(self, X: np.ndarray, codes: np.ndarray, held: np.ndarray, fitted: Fitted) -> None:
        trained = ~held if fitted.weight_decay is None else np.ones(len(X), bool)
        self.loss_ = mean_losses(fitted.network.log_probabilities(X[trained]), codes[:, trained])
        self.validation_loss_ = self.validation_score_ = None
        if held.any():
            logarithms = (fitted.validated or fitted.network).log_probabilities(X[held])
            self.validation_loss_ = mean_losses(logarithms, codes[:, held])
            self.validation_score_ = accuracies(logarithms, codes[:, held], np.ones(int(held.sum())))


def _check_finite(found: Sequence[np.ndarray], inputs: np.ndarray) -> None:
    if not all(np.isfinite(each).all() for each in found):
        rule = "inputs must be small enough for the network to compute with, near those that it was trained on"
        received = f"values up to {np.abs(inputs).max():.3g}"
        raise invalid(rule, received=received, hint="Leave those rows out, or clip them.")


def _too_few_labels(codes: np.ndarray, task: Hashable, *, decays: bool) -> InputError:
    """The error when no row of `codes` (task, sample) could be held out; `task` is the first task without a
    validation label."""
    labelled = int((codes != MISSING).any(axis=0).sum())
    what, instead = ("weight_decay='validation'", "a number") if decays else ("early stopping", "early_stopping=False")
    return invalid(
        f"{what} needs validation rows beside training rows",
        received=f"n_samples = {codes.shape[1]}, with {labelled} labelled, none of which can validate task {task!r}",
        hint=f"Label more rows, raise validation_fraction, stop_on other tasks, or set {instead}.",
    )
