"""The classifier's parameters, checked when `fit` is called, as a recipe for the training."""

import itertools
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from sharedtrunk._support.limits import check_width, shown
from sharedtrunk.affinity._fit import Recipe
from sharedtrunk.errors import invalid
from sharedtrunk.tables._limits import MOST_BYTES

MOST = 10**9
"""Steps, rows and units at most: steps are counted in 32 bits."""

RATES = (1e-30, 1e30)
"""Outside of these, steps of Adam are zero or infinite in float32."""


def recipe_of(parameters: Mapping[str, Any], tasks: Sequence[Hashable]) -> Recipe:
    """The recipe that a classifier's parameters (`get_params()`) ask for. Raises `InputError` where one is out of range."""
    _check_choices(parameters)
    _check_numbers(parameters)
    hidden = parameters["hidden"]
    weights = _weights(parameters["task_weights"], tasks)
    return Recipe(
        standardize=bool(parameters["standardize"]),
        hidden=(int(hidden),) if isinstance(hidden, Integral) else tuple(int(width) for width in hidden),
        activation=parameters["activation"],
        task_weights=weights,
        stop_weights=_stop_weights(parameters["stop_on"], weights, tasks),
        learning_rate=float(parameters["learning_rate_init"]),
        max_iter=int(parameters["max_iter"]),
        patience=int(parameters["n_iter_no_change"]),
        tol=float(parameters["tol"]),
        batch_size=None if parameters["batch_size"] == "auto" else int(parameters["batch_size"]),
        dtype=parameters["dtype"],
    )


def check_network(hidden: Sequence[int], features: int, classes: Sequence[int]) -> None:
    """Raise `InputError` for a network of more weights than `tables`' limit of memory would hold at eight bytes each."""
    widths = [features, *hidden]
    weights = sum(below * above for below, above in itertools.pairwise(widths)) + widths[-1] * sum(classes)
    if 8 * weights > MOST_BYTES:
        rule = f"a network has at most {MOST_BYTES // 8:,} weights"
        received = f"{weights:,}, of {features:,} features and hidden={shown(tuple(hidden))}"
        raise invalid(rule, received=received, hint="Give narrower or fewer layers, or fewer features.")


def _check_choices(parameters: Mapping[str, Any]) -> None:
    for name, choices in {
        "activation": ("relu", "linear"),
        "dtype": ("float32", "float64"),
        "standardize": (True, False),
        "early_stopping": (True, False),
    }.items():
        value = parameters[name]
        # An array is compared element by element, so only what can be a choice is.
        if not isinstance(value, str | int | np.bool_) or value not in choices:
            rule = f"{name} is {choices[0]!r} or {choices[1]!r}"
            raise invalid(rule, received=shown(value), hint=f"{choices[0]!r} is usual.")


def _check_numbers(parameters: Mapping[str, Any]) -> None:
    for name in ("max_iter", "n_iter_no_change"):
        _check_count(name, parameters[name])
    if not isinstance(parameters["batch_size"], str) or parameters["batch_size"] != "auto":
        _check_count("batch_size", parameters["batch_size"])
    hidden = parameters["hidden"]
    for width in [hidden] if not isinstance(hidden, Sequence) or isinstance(hidden, str) else hidden:
        check_width(width)
    for name, least, below, usual in (
        ("learning_rate_init", *RATES, "0.003"),
        ("validation_fraction", 0.0, 1.0, "0.2"),
    ):
        value = parameters[name]
        if not (isinstance(value, Real) and least < float(value) < below):
            raise invalid(
                f"{name} lies between {least:g} and {below:g}", received=shown(value), hint=f"{usual} is usual."
            )
    if not (isinstance(parameters["tol"], Real) and 0 <= float(parameters["tol"]) < math.inf):
        raise invalid("tol is finite and ≥ 0 (nats)", received=shown(parameters["tol"]), hint="0.003 is usual.")


def _check_count(name: str, value: object) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise invalid(f"{name} is a whole number ≥ 1", received=shown(value), hint="See the class's defaults.")
    if int(value) > MOST:
        raise invalid(f"{name} is at most {MOST:,}", received=shown(value), hint="See the class's defaults.")


def _weights(given: Any, tasks: Sequence[Hashable]) -> tuple[float, ...]:
    """α of every task: 1 where none is given; a dict's keys are names or places of tasks."""
    if given is None:
        return (1.0,) * len(tasks)
    if isinstance(given, Mapping):
        by_place = dict(zip(_places("task_weights", list(given), tasks), given.values(), strict=True))
        values = [_float(by_place.get(index, 1.0)) for index in range(len(tasks))]
    else:
        values = [_float(value) for value in _listed(given)]
    fit = len(values) == len(tasks) and all(0 <= value < math.inf for value in values)
    if not fit or not any(values):
        rule = f"task_weights are {len(tasks)} finite numbers ≥ 0, one a task, not all 0"
        raise invalid(rule, received=shown(given), hint="Leave task_weights=None to weigh all tasks alike.")
    return tuple(values)


def _listed(given: Any) -> list:
    """The elements of a sequence or array; none of what is no such thing, text among it."""
    if isinstance(given, str | bytes):
        return []
    try:
        return list(given)
    except TypeError:
        return []


def _float(value: Any) -> float:
    """The number, NaN where it is none."""
    if isinstance(value, str | bytes):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _stop_weights(given: Any, weights: tuple[float, ...], tasks: Sequence[Hashable]) -> tuple[float, ...]:
    """α of the tasks that decide when to stop, 0 of the others; None: all decide, else a task or several of them."""
    if given is None:
        return weights
    # A name may itself be a tuple (pandas' columns of several levels), so names are looked for first.
    one = isinstance(given, str) or not isinstance(given, Iterable) or (isinstance(given, Hashable) and given in tasks)
    places = _places("stop_on", [given] if one else list(given), tasks)
    if not places or not all(weights[place] for place in places):
        hint = "Name tasks that are trained, or leave stop_on=None for all of them."
        raise invalid("stop_on names tasks, each with a weight above 0", received=shown(given), hint=hint)
    return tuple(weight if place in places else 0.0 for place, weight in enumerate(weights))


def _places(parameter: str, keys: list, tasks: Sequence[Hashable]) -> list[int]:
    """The tasks' places in `y`; a key is a task's name, or its place where no task is named so."""
    place = {**{index: index for index in range(len(tasks))}, **{name: index for index, name in enumerate(tasks)}}
    for key in keys:
        if not isinstance(key, Hashable) or key not in place:
            hint = f"The tasks are {', '.join(map(repr, tasks))}."
            raise invalid(f"{parameter} names tasks", received=shown(key), hint=hint)
    found = [place[key] for key in keys]
    if len(set(found)) < len(found):
        hint = "A task's name and its place in y are the same task."
        raise invalid(f"{parameter} names each task once", received=shown(keys), hint=hint)
    return found
