"""The student of real data as a scikit-learn estimator: one trunk for all tasks, one softmax head per task.

    h⁰ = (x − mean) / scale,   h^l = φ(W^l h^{l−1} + b^l),   P_t = softmax(V_t h^L + c_t),   L = Σ_t α_t ⟨−ln P_t(label)⟩

with φ the identity or ReLU (section 4.2 of the paper, (2)); ⟨·⟩ is the mean over the rows that have a label of task t. One
task makes an ordinary classifier, no hidden layer a softmax regression of every task, a narrow linear trunk one of reduced
rank.
"""

import warnings
from collections.abc import Hashable, Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sharedtrunk.affinity._fit import Recipe, fit_network
from sharedtrunk.affinity._forward import accuracies, likeliest, mean_losses
from sharedtrunk.affinity._holdout import held_out
from sharedtrunk.affinity._inputs import check_feature_names, check_size, dense
from sharedtrunk.affinity._label_columns import MISSING
from sharedtrunk.affinity._parameters import check_network, recipe_of
from sharedtrunk.affinity._targets import find_tasks
from sharedtrunk.errors import InputError, invalid

_SPARSE = ("csr", "csc", "coo")  # scikit-learn checks the numbers of these, and makes them of other formats


class SharedTrunkClassifier(ClassifierMixin, MultiOutputMixin, BaseEstimator):
    """Multi-output multiclass classifier whose tasks share a trunk; labels may be missing.

    `y` is (sample, task), or (sample,) for one task: class names of any type, each task its own; NaN, None or NA where a
    label is missing. A frame's columns (pandas, polars, pyarrow) name the tasks. `X` is (sample, feature): an array, a
    frame, or a sparse matrix, which is made dense. Trained by Adam; the weights kept are those of the lowest validation loss.

    Parameters
    ----------
    hidden : int or sequence of int
        Units of each trunk layer.
    activation : {"relu", "linear"}
    task_weights : sequence or dict, optional
        The α_t, in the tasks' order or by name (or place); 1 where not given.
    stop_on : task or sequence of tasks, optional
        The tasks, by name or place, whose loss, weighted by α_t, decides when to stop; all of them by default.
    standardize : bool
        Whether inputs are standardized by mean and deviation of all rows that do not validate. With or without,
        features that are constant in those rows take no part, whatever value comes later.
    learning_rate_init, max_iter : float, int
        Adam's step size and number of steps.
    early_stopping : bool
        On a `validation_fraction` of the rows with a label of a task that decides (stratified, at most 4,096), else on
        the training loss.
    n_iter_no_change, tol : int, float
        Steps without an improvement by `tol` nats after which training stops.
    batch_size : int or "auto"
        Training rows a step; "auto": all up to 1,024, else 512.
    dtype : {"float32", "float64"}
        Precision of the training, whatever JAX's own setting is.
    random_state : int, RandomState or None
        For start, validation rows and order.

    Attributes
    ----------
    classes_, n_classes_ : (class,), int
        Lists of them by task where `y` has several.
    task_names_, n_outputs_, label_counts_ : list, int, (task,)
    network_ : TrainedNetwork
        Weights and scaling as NumPy arrays; features that took no part have weights of 0.
    n_iter_, best_iter_ : int
        Steps made, and the step whose weights are kept.
    loss_ : (task,)
        Of the training rows there, in nats.
    validation_loss_, validation_score_ : (task,) or None
        With early stopping, loss in nats and accuracy of the validation rows; NaN for a task without labels there.

    For an auxiliary task's benefit to the main one, stop on the main one, as the advisor does; else the auxiliary task also
    moves the stop. All rows without a label of a task in `stop_on` are then trained on, and each such task needs a label that
    validates: `fit` raises `InputError` where it has none.

    To cross-validate with missing labels, give scikit-learn a splitter (`cv=KFold(5)`): choosing one for `cv=5` it looks into
    `y` and refuses gaps.
    """

    # No types here: scikit-learn's parameters take anything until `fit` checks them.
    def __init__(
        self,
        hidden=(100,),
        activation="relu",
        *,
        task_weights=None,
        stop_on=None,
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
        """Train.

        Parameters
        ----------
        X : (sample, feature)
            Array, frame or sparse matrix; a sparse one is made dense, of at most 1 GiB.
        y : (sample,) or (sample, task)
            Labels, NaN, None or NA where missing.

        Returns
        -------
        SharedTrunkClassifier
            This one.

        Raises
        ------
        InputError
            For parameters out of range, features or tasks of one name, labels that are no classes, a task with fewer than
            two classes or too many for its rows, where no validation row can be spared, and in a process that was forked
            after JAX was used.

        Warns
        -----
        ConvergenceWarning
            Where `max_iter` steps came before patience ended.
        """
        if y is None:
            rule = f"{type(self).__name__} requires y to be passed, but the target y is None"
            raise invalid(rule, received="no labels", hint="Say fit(X, y).")
        X = self._inputs(X, reset=True)
        tasks = find_tasks(y, len(X))
        recipe = recipe_of(self.get_params(deep=False), tasks.names)
        check_network(recipe.hidden, X.shape[1], tasks.sizes)
        codes = tasks.codes(y, len(X))
        random = check_random_state(self.random_state)
        held = self._held_out(codes, recipe, tasks.names, random)
        fitted = fit_network(X, codes, tasks.sizes, held, recipe, int(random.randint(2**31 - 1)))
        if not fitted.patient:
            told = f"max_iter={self.max_iter} steps were made before patience ended; raise max_iter."
            warnings.warn(told, ConvergenceWarning, stacklevel=2)
        self._tasks, self.network_ = tasks, fitted.network
        self.n_iter_, self.best_iter_ = fitted.steps, fitted.best_step
        self._describe(codes)
        self._judge(X, codes, held)
        return self

    def predict(self, X) -> np.ndarray:
        """The likeliest class (sample,) or (sample, task); of type object where the tasks' names are of different kinds."""
        logarithms = self._log_probabilities(X)
        return self._tasks.named(likeliest(logarithms))

    def predict_proba(self, X) -> np.ndarray | list[np.ndarray]:
        """P_t (sample, class), classes as in `classes_`; a list of them by task where `y` had several."""
        probabilities = [np.exp(each) for each in self._log_probabilities(X)]
        return probabilities[0] if self._tasks.single else probabilities

    def predict_log_proba(self, X) -> np.ndarray | list[np.ndarray]:
        """ln P_t in nats, arranged as in `predict_proba`; finite also where P_t is too small for a double."""
        logarithms = self._log_probabilities(X)
        return logarithms[0] if self._tasks.single else logarithms

    def score(self, X, y, sample_weight=None) -> float:
        """Accuracy: every task's over the rows that have a label of it, averaged over the tasks that have any.

        A label that `fit` did not see counts as wrong. `sample_weight` (sample,) weighs the rows. Raises `InputError` where
        there are no labels.
        """
        logarithms = self._log_probabilities(X)
        rows = len(logarithms[0])
        weights = np.ones(rows) if sample_weight is None else np.asarray(sample_weight, float)
        by_task = accuracies(logarithms, self._tasks.codes(y, rows), weights)
        if np.isnan(by_task).all():
            raise invalid("A score needs labels", received="none", hint="Give rows with a label of some task.")
        return float(np.nanmean(by_task))

    def log_loss(self, X, y) -> np.ndarray:
        """Cross-entropy ⟨−ln P_t(label)⟩ (task,) in nats over the rows that have a label of the task; NaN where none has.

        Raises `InputError` for a label that `fit` did not see: its loss has no finite value.
        """
        logarithms = self._log_probabilities(X)
        codes = self._tasks.codes(y, len(logarithms[0]))
        for name, size, labels in zip(self._tasks.names, self._tasks.sizes, codes, strict=True):
            if (labels == size).any():
                hint = "Leave those rows out, or fit on rows of every class."
                raise invalid("A log loss needs labels that fit saw", received=f"others in task {name!r}", hint=hint)
        return mean_losses(logarithms, codes)

    def hidden_units(self, X) -> np.ndarray:
        """h^L (sample, hidden): what the trunk makes of the rows, the features that all heads share."""
        inputs = self._inputs(X, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):  # the check says it in words
            hidden = self.network_.hidden_units(inputs)
        _check_finite([hidden], inputs)
        return hidden

    def _inputs(self, X, *, reset: bool) -> np.ndarray:
        if not reset:
            check_is_fitted(self)
        check_feature_names(X)
        inputs = dense(validate_data(self, X, accept_sparse=_SPARSE, dtype=np.float64, reset=reset))
        check_size(inputs)
        return inputs

    def _log_probabilities(self, X) -> list[np.ndarray]:
        inputs = self._inputs(X, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):  # the check says it in words
            logarithms = self.network_.log_probabilities(inputs)
        _check_finite(logarithms, inputs)
        return logarithms

    def _held_out(self, codes: np.ndarray, recipe: Recipe, names: Sequence[Hashable], random) -> np.ndarray:
        """Rows are held out for the tasks that decide; rows without labels of these are all trained on."""
        if not self.early_stopping:
            return np.zeros(codes.shape[1], bool)
        decides = np.array(recipe.stop_weights) > 0
        others = codes[~decides & (np.array(recipe.task_weights) > 0)]
        held = held_out(codes[decides], self.validation_fraction, random, others)
        silent = np.flatnonzero(decides & (codes[:, held] == MISSING).all(axis=1))
        if not held.any() or (self.stop_on is not None and len(silent)):
            raise _too_few_labels(codes[decides] if self.stop_on is None else codes[silent[:1]], names[silent[0]])
        return held

    def _describe(self, codes: np.ndarray) -> None:
        tasks = self._tasks
        self.task_names_ = list(tasks.names)
        self.n_outputs_ = len(tasks.names)
        self.classes_ = tasks.classes[0] if tasks.single else list(tasks.classes)
        self.n_classes_ = tasks.sizes[0] if tasks.single else list(tasks.sizes)
        self.label_counts_ = (codes != MISSING).sum(axis=1)

    def _judge(self, X: np.ndarray, codes: np.ndarray, held: np.ndarray) -> None:
        self.loss_ = mean_losses(self.network_.log_probabilities(X[~held]), codes[:, ~held])
        self.validation_loss_ = self.validation_score_ = None
        if held.any():
            logarithms = self.network_.log_probabilities(X[held])
            self.validation_loss_ = mean_losses(logarithms, codes[:, held])
            self.validation_score_ = accuracies(logarithms, codes[:, held], np.ones(int(held.sum())))


def _check_finite(found: Sequence[np.ndarray], inputs: np.ndarray) -> None:
    if not all(np.isfinite(each).all() for each in found):
        rule = "Inputs are of a size that the network can weigh, near those that it was trained on"
        received = f"values up to {np.abs(inputs).max():.3g}"
        raise invalid(rule, received=received, hint="Leave those rows out, or clip them.")


def _too_few_labels(codes: np.ndarray, task: Hashable) -> InputError:
    """No row of `codes` (task, sample) could be held out; `task` is the first of them."""
    labelled = int((codes != MISSING).any(axis=0).sum())
    return invalid(
        "Early stopping needs validation rows beside training rows",
        received=f"n_samples = {codes.shape[1]}, with {labelled} labelled, none of which can validate task {task!r}",
        hint="Label more rows, raise validation_fraction, stop_on other tasks, or set early_stopping=False.",
    )
