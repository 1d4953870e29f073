"""Limits of the numbers that a user gives, and the messages where a number exceeds one.

Each limit is far beyond any practical use. Without it, a larger number would fail later with a message from NumPy or JAX,
or fill the memory without any message.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

from sharedtrunk._support import words
from sharedtrunk.errors import invalid

LARGEST_SEED = 2**32 - 1
"""The largest seed: JAX's keys are made of 32 bits."""

MOST_SEEDS = 10_000
"""The largest number of seeds. With this many the standard error is a hundredth of the spread between seeds; more seeds tell
nothing new."""

MOST_PROCESSES = 1_000
"""The largest number of workers. Each is a Python interpreter with JAX and takes a few hundred megabytes."""

LARGEST_WIDTH = 10_000
"""The largest number of classes, features or hidden units: a square matrix of this size has 10⁸ numbers."""

MOST_LAYERS = 20
"""The largest number of hidden layers of a trunk: a deeper one without normalization or residual connections does not
learn."""

MOST_REPEATS = 1_000
"""The largest number of repeats of ten folds: beyond a few dozen, only the number of rows limits the error."""

MOST_SAMPLES = 10**9
"""The largest number of training points: their inputs take 4 GB in float32 even with one feature each."""

CLASS_METRICS = ("log_loss", "accuracy", "balanced_accuracy", "roc_auc", "average_precision", "brier")
"""The metrics of a main task with classes, the default first, by scikit-learn's names."""

ORDER_METRICS = ("ranked_probability_score",)
"""Further metrics of a main task with ordered classes."""

NUMBER_METRICS = ("mean_squared_error", "mean_absolute_error")
"""The metrics of a numeric main task, the default first, by scikit-learn's names."""

METRICS = (*CLASS_METRICS, *ORDER_METRICS, *NUMBER_METRICS)
"""All metrics in which a benefit on a table can be measured."""

_SHOWN = 80
"""The largest number of characters of a value in a message."""


def check_whole(name: str, value: object, *, least: int, rule: str, most: int, reason: str, hint: str) -> int:
    """Return a whole number that lies within its limits.

    Parameters
    ----------
    name
        The name of the number, for the message.
    value
        The value that the user gave.
    least, most
        The limits, both allowed.
    rule
        The rule in the message about a value below `least` or one that is not a whole number.
    reason
        The reason for `most`, in the message "{name} must be at most {most}, {reason}".
    hint
        What the user should do instead.

    Returns
    -------
    int
        The number.

    Raises
    ------
    InputError
        For anything else.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise invalid(rule, received=shown(value), hint=hint)
    if int(value) > most:
        raise invalid(f"{name} must be at most {most:,}, {reason}", received=shown(value), hint=hint)
    return int(value)


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise `InputError` unless a value is one of the allowed words, of which the first is recommended."""
    if not isinstance(value, str) or value not in allowed:
        rule = f"{name} must be {' or '.join(map(repr, allowed))}"
        raise invalid(rule, received=shown(value), hint=f"{allowed[0]!r} is usual.")


def check_number(name: str, value: Any, *, hint: str, zero: bool = False) -> None:
    """Raise `InputError` unless a value is a finite number above 0, or 0 itself where `zero` is allowed."""
    if not 0 <= value < math.inf or (value == 0 and not zero):
        limit = "at least 0" if zero else "above 0"
        raise invalid(f"{name} must be a finite number {limit}", received=shown(value), hint=hint)


def check_seed(seed: object) -> int:
    """The seed as an int. Raises `InputError` unless it is a whole number from 0 to `LARGEST_SEED`."""
    return check_whole(
        "a seed",
        seed,
        least=0,
        rule="a seed must be a whole number ≥ 0",
        most=LARGEST_SEED,
        reason="because a key is made of 32 bits",
        hint="Leave it out for 0.",
    )


def check_seeds(seeds: object, *, rule: str, hint: str) -> int:
    """The number of seeds as an int. Raises `InputError` unless it is a whole number from 1 to `MOST_SEEDS`."""
    reason = "whose standard error is a hundredth of the spread between them"
    return check_whole("seeds", seeds, least=1, rule=rule, most=MOST_SEEDS, reason=reason, hint=hint)


def check_processes(processes: object) -> int:
    """The number of worker processes as an int. Raises `InputError` unless it is from 0 to `MOST_PROCESSES`."""
    return check_whole(
        "processes",
        processes,
        least=0,
        rule="processes must be a whole number, not negative",
        most=MOST_PROCESSES,
        reason="because each takes a few hundred megabytes of memory",
        hint="Leave it out for one per core, or use 0 to compute in this process.",
    )


def check_repeats(repeats: object) -> None:
    """Raise `InputError` unless it is None or a number of repeats of ten folds from 1 to `MOST_REPEATS`."""
    if repeats is not None:
        check_whole(
            "repeats",
            repeats,
            least=1,
            rule="repeats must be a whole number, at least 1",
            most=MOST_REPEATS,
            reason="because beyond a few dozen only the number of rows limits the error",
            hint="Leave it out for a choice by the number of labels.",
        )


def check_negligible(negligible: float) -> None:
    """Raise `InputError` unless it is a finite number of nats, at least 0."""
    if not 0 <= negligible < math.inf:
        hint = "Leave it out for 5 % of what the features explain, at most 0.01 nats."
        raise invalid("negligible must be a finite number of nats, at least 0", received=shown(negligible), hint=hint)


def check_metric(metric: object) -> None:
    """Raise `InputError` unless it is the name of a metric, a scorer of scikit-learn, or None for the usual one."""
    if metric is not None and not callable(metric) and (not isinstance(metric, str) or metric not in METRICS):
        rule = f"the metric is one of {', '.join(METRICS)}"
        raise invalid(rule, received=shown(metric), hint="Leave it out for the usual one.")


def check_budget(budget: float | int | None) -> None:
    """Raise `InputError` unless it is None or a positive number of minutes."""
    if budget is not None and not 0 < budget < math.inf:
        hint = "Leave it out for as long as it takes."
        raise invalid("a budget is a positive number of minutes", received=shown(budget), hint=hint)


def check_trunk_widths(hidden: Sequence[object]) -> None:
    """Raise `InputError` unless these are the widths of 1 to `MOST_LAYERS` layers, each within its limits."""
    if not 0 < len(hidden) <= MOST_LAYERS:
        rule = f"tasks share a trunk of 1 to {MOST_LAYERS} layers"
        received, hint = f"{len(hidden)} layers in hidden", "Give at least one, such as hidden=(100,)."
        raise invalid(rule, received=received, hint=hint)
    for width in hidden:
        check_width(width)


def check_width(width: object) -> None:
    """Raise `InputError` unless it is a number of hidden units from 1 to `LARGEST_WIDTH`."""
    check_whole(
        "a width in hidden",
        width,
        least=1,
        rule="a width in hidden is a whole number ≥ 1",
        most=LARGEST_WIDTH,
        reason="beyond which the weights of a layer fill the memory",
        hint="100 is usual.",
    )


def check_different_names(what: str, names: Iterable[object]) -> None:
    """Raise `InputError` if two of `what`, such as "tasks", have the same name."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        received = f"{words.listed(twice)} more than once"
        raise invalid(f"{what} have different names", received=received, hint="Rename one of each.")


def shown(value: object) -> str:
    """`words.shown` with the limit `_SHOWN`."""
    return words.shown(value, _SHOWN)
