"""Constraints on the parameters of estimators, declared by name, and the training that the parameters describe.

An estimator lists its constraints in `_parameter_constraints`, as scikit-learn's do, and `fit` checks them. Errors have the
form of all errors of this library: the rule, what was received, a hint.
"""

import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, TypeAlias

import numpy as np
from sklearn.utils import check_random_state

from sharedtrunk._support.limits import check_whole, check_width, shown
from sharedtrunk.affinity._fit import Recipe
from sharedtrunk.affinity._student import Student
from sharedtrunk.errors import invalid
from sharedtrunk.tables import MOST_BYTES

Constraint: TypeAlias = Callable[[str, Any], None]
"""A check of a parameter, given its name and value. Raises `InputError`."""

MOST = 10**9
"""Largest number of steps and of rows in a batch: both are counted in 32 bits."""

RATES = (1e-30, 1e30)
"""Learning rates and weight decays outside this range make steps zero or infinite in float32."""


class ValidatedParameters:
    """Mixin of an estimator that declares the constraints of its parameters."""

    _parameter_constraints: ClassVar[Mapping[str, Constraint]]

    def _validate_params(self) -> None:
        """Raise `InputError` for the first parameter that breaks its constraint."""
        for name, constraint in self._parameter_constraints.items():
            constraint(name, getattr(self, name))


def satisfies(rule: str, holds: Callable[[Any], bool], hint: str = "See the class's defaults.") -> Constraint:
    """The value satisfies the condition `holds`; `rule` is its text, which follows the parameter's name."""

    def check(name: str, value: Any) -> None:
        if not holds(value):
            raise invalid(f"{name} {rule}", received=shown(value), hint=hint)

    return check


def one_of(usual: object, *others: object) -> Constraint:
    """The value is `usual` or one of `others`."""
    choices = (usual, *others)

    def holds(value: Any) -> bool:
        # Only scalars are compared: comparing an array would give an array.
        return isinstance(value, str | int | np.bool_) and value in choices

    return satisfies(f"is {' or '.join(map(repr, choices))}", holds, f"{usual!r} is usual.")


def between(least: float, below: float, usual: str) -> Constraint:
    """The value is a real number in an open interval."""
    rule = f"lies between {least:g} and {below:g}"
    return satisfies(rule, lambda value: isinstance(value, Real) and least < float(value) < below, f"{usual} is usual.")


def count(name: str, value: Any) -> None:
    """The value is a whole number from 1 to `MOST`."""
    rule, reason = f"{name} is a whole number ≥ 1", "because steps and rows are counted in 32 bits"
    check_whole(name, value, least=1, rule=rule, most=MOST, reason=reason, hint="See the class's defaults.")


def count_or(word: str) -> Constraint:
    """The value is `word`, or a whole number from 1 to `MOST`."""

    def check(name: str, value: Any) -> None:
        if not isinstance(value, str) or value != word:
            count(name, value)

    return check


def weight_decay(name: str, value: Any) -> None:
    """The value is None, "validation", or a weight decay."""
    named = value is None or (isinstance(value, str) and value == "validation")
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not named and not (number and RATES[0] < _float(value) < RATES[1]):
        rule = (
            f"{name} is None, 'validation', or a number between {RATES[0]:g} and {RATES[1]:g} (nats per squared weight)"
        )
        raise invalid(rule, received=shown(value), hint="'validation' chooses one.")


def widths(_: str, value: Any) -> None:
    """The value is a layer's width, or a sequence of them."""
    for width in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
        check_width(width)


def random_state(name: str, value: Any) -> None:
    """The value is a random state in scikit-learn's sense."""
    try:
        check_random_state(value)
    except ValueError as error:
        rule = f"{name} is a seed, a RandomState or None"
        raise invalid(rule, received=shown(value), hint="Give a whole number.") from error


STUDENT_CONSTRAINTS: dict[str, Constraint] = {
    "hidden": widths,
    "activation": one_of("relu", "linear"),
    "learning_rate_init": between(*RATES, "0.003"),
    "max_iter": count,
    "n_iter_no_change": count,
    "tol": satisfies(
        "is finite and ≥ 0 (nats)",
        lambda value: isinstance(value, Real) and 0 <= float(value) < math.inf,
        "0.003 is usual.",
    ),
    "random_state": random_state,
}
"""Constraints of the parameters that the classifier and the advisor share."""


def student_of(estimator: Any) -> Student:
    """The student that an estimator's valid parameters describe."""
    hidden = estimator.hidden
    return Student(
        hidden=(int(hidden),) if isinstance(hidden, Integral) else tuple(int(width) for width in hidden),
        activation=estimator.activation,
        learning_rate=float(estimator.learning_rate_init),
        max_steps=int(estimator.max_iter),
        patience=int(estimator.n_iter_no_change),
        tol=float(estimator.tol),
        dtype=getattr(estimator, "dtype", Student.dtype),
    )


def recipe_of(classifier: Any, tasks: Sequence[Hashable]) -> Recipe:
    """How a classifier with valid parameters trains these tasks.

    Raises `InputError` if `task_weights` or `stop_on` do not match the tasks.
    """
    weights, decay = task_weights(classifier.task_weights, tasks), classifier.weight_decay
    return Recipe(
        student=student_of(classifier),
        standardize=bool(classifier.standardize),
        task_weights=weights,
        stop_weights=_stop_weights(classifier.stop_on, weights, tasks),
        batch_size=None if classifier.batch_size == "auto" else int(classifier.batch_size),
        weight_decay=decay if decay is None or isinstance(decay, str) else float(decay),
    )


def check_network(hidden: Sequence[int], features: int, classes: Sequence[int]) -> None:
    """Raise `InputError` for a network with more weights than a table may have numbers."""
    units = [features, *hidden]
    weights = sum(below * above for below, above in itertools.pairwise(units)) + units[-1] * sum(classes)
    if 8 * weights > MOST_BYTES:
        rule = f"a network has at most {MOST_BYTES // 8:,} weights"
        received = f"{weights:,}, of {features:,} features and hidden={shown(tuple(hidden))}"
        raise invalid(rule, received=received, hint="Give narrower or fewer layers, or fewer features.")


def check_decayed(student: Student, features: int, classes: Sequence[int]) -> None:
    """Raise `InputError` for a student whose training loss with weight decay is not known to be convex."""
    least = min(sum(classes), features)
    linear = student.activation == "linear" or not student.hidden
    if not linear or len(student.hidden) > 1 or any(width < least for width in student.hidden):
        rule = f"weight_decay needs a linear student with no hidden layer, or with one of at least {least} units"
        reason = "the number of features or of the classes of all tasks, whichever is smaller"
        received = f"activation={student.activation!r}, hidden={shown(student.hidden)}"
        hint = f"Give activation='linear', hidden=({max(least, 100)},), or weight_decay=None."
        raise invalid(f"{rule} ({reason})", received=received, hint=hint)


def task_weights(given: Any, tasks: Sequence[Hashable]) -> tuple[float, ...]:
    """α of every task, 1 where none is given; the keys of a dict are names or indices of tasks."""
    if given is None:
        return (1.0,) * len(tasks)
    if isinstance(given, Mapping):
        by_index = dict(zip(_indices("task_weights", list(given), tasks), given.values(), strict=True))
        values = [_float(by_index.get(index, 1.0)) for index in range(len(tasks))]
    else:
        values = [_float(value) for value in _elements(given)]
    fit = len(values) == len(tasks) and all(0 <= value < math.inf for value in values)
    if not fit or not any(values):
        rule = f"task_weights are {len(tasks)} finite numbers ≥ 0, one per task, not all 0"
        raise invalid(rule, received=shown(given), hint="Leave task_weights=None to weigh all tasks alike.")
    return tuple(values)


def _elements(given: Any) -> list:
    """The elements of a sequence or array; an empty list for strings and for anything else."""
    if isinstance(given, str | bytes):
        return []
    try:
        return list(given)
    except TypeError:
        return []


def _float(value: Any) -> float:
    """The value as a number; NaN for strings and for anything that is not a number."""
    if isinstance(value, str | bytes):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _stop_weights(given: Any, weights: tuple[float, ...], tasks: Sequence[Hashable]) -> tuple[float, ...]:
    """α of the tasks that decide when to stop, 0 for the others; `given` is None (all decide), a task or several."""
    if given is None:
        return weights
    # A name may itself be a tuple (pandas' columns of several levels), so names are looked up first.
    one = isinstance(given, str) or not isinstance(given, Iterable) or (isinstance(given, Hashable) and given in tasks)
    indices = _indices("stop_on", [given] if one else list(given), tasks)
    if not indices or not all(weights[index] for index in indices):
        hint = "Name tasks that are trained, or leave stop_on=None for all of them."
        raise invalid("stop_on names tasks, each with a weight above 0", received=shown(given), hint=hint)
    return tuple(weight if index in indices else 0.0 for index, weight in enumerate(weights))


def _indices(parameter: str, keys: list, tasks: Sequence[Hashable]) -> list[int]:
    """Indices of the tasks in `y`; a key is a task's name, or its index where no task has that name."""
    known = {**{index: index for index in range(len(tasks))}, **{name: index for index, name in enumerate(tasks)}}
    for key in keys:
        if not isinstance(key, Hashable) or key not in known:
            hint = f"The tasks are {', '.join(map(repr, tasks))}."
            raise invalid(f"{parameter} names tasks", received=shown(key), hint=hint)
    found = [known[key] for key in keys]
    if len(set(found)) < len(found):
        hint = "A task's name and its index in y are the same task."
        raise invalid(f"{parameter} names each task once", received=shown(keys), hint=hint)
    return found
