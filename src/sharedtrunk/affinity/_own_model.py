"""One's own model in place of the student: any classifier of scikit-learn, or two functions.

A model is trained on inputs and labels by task, the main task first, and gives the probabilities of the main task's classes.
`OwnModel` is two functions that do so; `EstimatorModel` does it with an estimator whose `fit` takes several columns of labels
with gaps. An estimator of one task becomes one of several tasks by `StackedTasks`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import has_fit_parameter

from sharedtrunk._support.limits import shown
from sharedtrunk.affinity._classifier import SharedTrunkClassifier
from sharedtrunk.affinity._stacked_tasks import StackedTasks
from sharedtrunk.errors import invalid

MOST_OFF = 1e-3
"""The probabilities of a row may miss the sum 1 by this much: rounding in half precision does."""

_PROBE_ROWS = 90
"""Rows of the training that finds out whether an estimator takes several tasks with gaps: folds of them have all classes."""


@dataclass(frozen=True)
class OwnModel:
    """A model as two functions, for `advise(estimator=...)`: a PyTorch module in a loop of one's own, or anything else.

    Parameters
    ----------
    fit
        Called as `fit(inputs, labels)`; returns a trained model. `labels` is a dict from task to class codes (sample,), the
        main task first: whole numbers from 0 in the order of `Table.classes`, −1 where the label is missing. Without
        auxiliary tasks it has the main task only. A numeric task has floats instead, standardized by the rows learnt from,
        NaN where missing. With weights of rows it is called as `fit(inputs, labels, sample_weight)`. Every call has to start
        from a new model.
    predict
        Called as `predict(model, inputs)`; returns the probabilities (sample, class) of the main task's classes, or the means
        (sample,) of a numeric one.
    name
        What the advice calls the model.
    """

    fit: Callable[..., Any]
    predict: Callable[[Any, Any], Any]
    name: str = "own model"

    weighs: ClassVar[bool] = False

    def probabilities(
        self,
        inputs: Any,
        labels: Mapping[str, np.ndarray],
        weights: Mapping[str, float],
        tested: Any,
        classes: int,
        sample_weight: np.ndarray | None = None,
    ) -> np.ndarray:
        """Train a new model and predict; `weights` are not used.

        Parameters
        ----------
        inputs, labels, weights
            Training rows, their codes (floats of a numeric task) by task, and the tasks' weights.
        tested
            The rows to predict.
        classes
            Number of classes of the main task; 1 if it is numeric, whose mean is predicted.
        sample_weight
            How much the training rows count; None: all alike.

        Returns
        -------
        (sample, class)

        Raises
        ------
        InputError
            For what are not probabilities of these classes, or means.
        """
        own = () if sample_weight is None else (sample_weight,)
        found = _real(self.predict(self.fit(inputs, dict(labels), *own), tested), self.name)
        if classes == 1:
            return _means(found, self.name)
        return _checked(found, (len(found) if found.ndim else 0, classes), self.name)


class EstimatorModel:
    """An estimator, cloned before every training.

    Its `fit` takes codes (sample, task) with NaN for gaps, or (sample,) of the main task alone.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        inner = estimator.estimator if isinstance(estimator, StackedTasks) else None
        self.name = type(estimator).__name__ + (f"({type(inner).__name__})" if inner is not None else "")
        self.weighs = "task_weights" in (own := estimator.get_params(deep=False)) and own["task_weights"] is None

    def probabilities(
        self,
        inputs: Any,
        labels: Mapping[str, np.ndarray],
        weights: Mapping[str, float],
        tested: Any,
        classes: int,
        sample_weight: np.ndarray | None = None,
    ) -> np.ndarray:
        """As `OwnModel.probabilities`, with a clone of the estimator. Raises `InputError` if it takes no weights of rows."""
        model: Any = clone(self.estimator)
        numbers = tuple(place for place, each in enumerate(labels.values()) if each.dtype.kind == "f")
        if isinstance(model, StackedTasks):
            model.set_params(numeric=numbers)
        alphas = [weights[task] for task in labels]
        if self.weighs and set(alphas) != {1.0}:
            model.set_params(task_weights=alphas)
        fitted = model.fit(inputs, _with_gaps(labels), **weights_for(model, sample_weight))
        if classes == 1:
            return _means(_real(fitted.predict(tested), self.name), self.name)
        found = predicted(fitted, tested)
        order = _order(model, classes, self.name)
        # The main task's classes come first in an array of all tasks' probabilities.
        main = found[:, : len(order)] if found.ndim == 2 else found
        main = _checked(main, (len(main) if main.ndim else 0, classes), self.name)
        return main[:, np.argsort(order)]


Model: TypeAlias = OwnModel | EstimatorModel
"""What is trained on every split. `weighs` says whether the tasks' weights α matter to it."""


def predicted(model: Any, inputs: Any) -> np.ndarray:
    """What `predict_proba` gives for the main task: the first of several arrays, or an array."""
    found = model.predict_proba(inputs)
    return _real(found[0] if isinstance(found, list | tuple) else found, type(model).__name__)


class Resolved(NamedTuple):
    """The model that `estimator=` means, and a sentence for the user about what was made of it, or none."""

    model: Model
    note: str


def resolved(estimator: Any, inputs: Any, *, numeric: bool = False) -> Resolved:
    """The model of an estimator or of two functions. `inputs` are some rows as the model will get them.

    Whether an estimator takes several tasks with gaps is found by trying it on a few rows with made-up labels. Raises
    `InputError` for what is no classifier with probabilities, or of a `numeric` main task no regressor.
    """
    if isinstance(estimator, OwnModel):
        return Resolved(estimator, "")
    check_estimator(estimator, numeric=numeric)
    if isinstance(estimator, SharedTrunkClassifier | StackedTasks) or _takes_gaps(estimator, inputs, numeric):
        return Resolved(EstimatorModel(estimator), "")
    name = type(estimator).__name__
    note = (
        f"{name} learns one task, so auxiliary tasks are stacked: the main task is given their predictions, of classes "
        "as log odds (StackedTasks)."
    )
    return Resolved(EstimatorModel(StackedTasks(estimator)), note)


def check_estimator(estimator: Any, *, numeric: bool = False) -> None:
    """Raise `InputError` unless it is an `OwnModel`, or an unfitted classifier with `fit` and `predict_proba`.

    Of a `numeric` main task it is a regressor.
    """
    if isinstance(estimator, OwnModel):
        return
    if isinstance(estimator, type) or not all(hasattr(estimator, name) for name in ("fit", "get_params")):
        hint = "Give for example LogisticRegression(), or OwnModel(fit=..., predict=...)."
        raise invalid("estimator is a classifier of scikit-learn or an OwnModel", received=shown(estimator), hint=hint)
    if numeric:
        if is_classifier(estimator) or not hasattr(estimator, "predict"):
            hint = "Give for example Ridge(), or say that the task has classes (--kind, kinds=)."
            received = f"{type(estimator).__name__}, which is none"
            raise invalid("one's own model of a numeric main task is a regressor", received=received, hint=hint)
        return
    if not hasattr(estimator, "predict_proba"):
        hint = "Give a classifier with probabilities, such as SVC in a CalibratedClassifierCV."
        received = f"{type(estimator).__name__} without it"
        raise invalid("one's own model needs predict_proba", received=received, hint=hint)


def weights_for(estimator: Any, sample_weight: np.ndarray | None) -> dict[str, np.ndarray]:
    """The weights of rows as arguments of `fit`, of a pipeline of its last step. Raises `InputError` if it takes none."""
    if sample_weight is None:
        return {}
    last = estimator.steps[-1] if isinstance(estimator, Pipeline) else ("", estimator)
    if not has_fit_parameter(last[1], "sample_weight"):
        rule = "weights of rows need a model that takes sample_weight in fit"
        hint = "Leave the weights out, or give another model."
        raise invalid(rule, received=f"{type(last[1]).__name__}, which does not", hint=hint)
    return {f"{last[0]}__sample_weight" if last[0] else "sample_weight": sample_weight}


def known(labels: np.ndarray) -> np.ndarray:
    """Where a label is known (sample,): a code of at least 0, or a number."""
    return ~np.isnan(labels) if labels.dtype.kind == "f" else labels >= 0


def _means(found: np.ndarray, name: str) -> np.ndarray:
    """Means of a numeric main task (sample, 1); the first column of several tasks."""
    main = found[:, 0] if found.ndim == 2 and found.shape[1] else found
    if main.ndim != 1:
        rule = f"{name} gives one number for every row"
        raise invalid(rule, received=f"shape {found.shape}", hint="Give an array (sample,) of the main task alone.")
    return main[:, None]


def _takes_gaps(estimator: Any, inputs: Any, numeric: bool) -> bool:
    """Whether `fit` takes two columns of labels with gaps, and gives the first task's two probabilities, or mean, first."""
    rows = np.arange(min(_PROBE_ROWS, inputs.shape[0]))
    labels = {"main": rows % 2, "auxiliary": rows // 2 % 2}
    labels = {task: np.where(rows % 3 == place, -1, codes) for place, (task, codes) in enumerate(labels.items())}
    if numeric:
        labels = {task: np.where(codes < 0, np.nan, codes) for task, codes in labels.items()}
    some = _safe_indexing(inputs, rows)
    try:
        found = EstimatorModel(estimator).probabilities(some, labels, dict.fromkeys(labels, 1.0), some, 2 - numeric)
    except Exception:  # whatever an estimator raises, it does not take such labels
        return False
    return found.shape == (rows.size, 2 - numeric)


def _with_gaps(labels: Mapping[str, np.ndarray]) -> np.ndarray:
    """Codes (sample, task) with NaN for gaps; of one task (sample,), which has none."""
    columns = [each if each.dtype.kind == "f" else np.where(each < 0, np.nan, each) for each in labels.values()]
    return next(iter(labels.values())) if len(columns) == 1 else np.stack(columns, axis=1)


def _order(model: Any, classes: int, name: str) -> np.ndarray:
    """The main task's codes in the order of the model's columns."""
    known = getattr(model, "classes_", None)
    if known is None:
        return np.arange(classes)
    first = known[0] if isinstance(known, list | tuple) else known
    try:
        order = np.asarray(first, np.float64)
    except (TypeError, ValueError):
        order = np.array([])
    if not np.array_equal(np.sort(order.reshape(-1)), np.arange(classes)):
        rule = f"{name} has the main task's {classes} classes in classes_, in a list by task if there are several"
        raise invalid(rule, received=shown(known), hint="Wrap it in StackedTasks(), or give an OwnModel.")
    return order.reshape(-1).astype(np.int64)


def _real(found: Any, name: str) -> np.ndarray:
    """The array in double precision; a PyTorch tensor that still has its gradient is refused as NumPy words it."""
    try:
        return np.asarray(found, np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        rule = f"the probabilities of {name} are an array of numbers"
        raise invalid(
            rule, received=str(error), hint="Return for example logits.softmax(1).detach().numpy()."
        ) from error


def _checked(found: np.ndarray, shape: tuple[int, int], name: str) -> np.ndarray:
    """The probabilities, of this shape. A row of NaN stays: its training has failed. Raises `InputError`."""
    if found.shape != shape:
        rule = f"{name} gives one probability for each of the main task's {shape[1]} classes"
        raise invalid(
            rule, received=f"shape {found.shape}", hint="Give an array (sample, class) of the main task alone."
        )
    known = found[~np.isnan(found).any(axis=1)]
    off = np.abs(known.sum(axis=1) - 1).max(initial=0.0)
    if known.min(initial=0.0) < 0 or not off <= MOST_OFF:
        worst = known[np.argmax(np.abs(known.sum(axis=1) - 1) + np.maximum(-known.min(axis=1), 0))]
        rule = f"the probabilities of {name} are at least 0 and sum to 1 in every row"
        received = f"a row {np.array2string(worst, precision=3, threshold=6, max_line_width=200)}"
        raise invalid(rule, received=received, hint="Return probabilities, not logits.")
    return found
