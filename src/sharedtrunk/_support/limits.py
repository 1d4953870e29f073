"""Numbers that a user gives: how large they may be, and what is said where they are not.

Each limit is far beyond use. It is there because what follows would otherwise fail in words of NumPy or JAX, or fill the
memory before anything is said.
"""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from sharedtrunk.errors import invalid

LARGEST_SEED = 2**32 - 1
"""JAX's keys are made of 32 bits."""

MOST_SEEDS = 10_000
"""The standard error over so many seeds is a hundredth of the spread between them."""

MOST_PROCESSES = 1_000
"""Each worker is a Python interpreter with JAX, a few hundred megabytes."""

LARGEST_WIDTH = 10_000
"""Classes, features or hidden units: a matrix of this many by as many has 10⁸ numbers."""

MOST_LAYERS = 20
"""Hidden layers of a trunk: a deeper one without normalization or residual connections does not learn."""

MOST_REPEATS = 1_000
"""Repeats of ten folds; far fewer leave only the number of rows to limit the error."""

MOST_SAMPLES = 10**9
"""Training points, of which memory holds fewer even with one feature."""

_SHOWN = 80
"""Characters of a value in a message."""


def check_whole(name: str, value: object, *, least: int, rule: str, most: int, reason: str, hint: str) -> int:
    """A whole number within its limits.

    Parameters
    ----------
    name
        What the number is called, for the message.
    value
        What was given.
    least, most
        The limits, both allowed.
    rule
        What is said of a value that is not a whole number, or below `least`.
    reason
        Why there is a `most`: "{name} must be at most {most}, {reason}".
    hint
        What to do instead.

    Returns
    -------
    int
        The number as Python's.

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
    if value not in allowed:
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
        reason="for a key is made of 32 bits",
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
        reason="for each takes some hundred megabytes of memory",
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
            reason="for beyond some dozens of them only the number of rows limits the error",
            hint="Leave it out for a choice by the number of labels.",
        )


def check_negligible(negligible: float) -> None:
    """Raise `InputError` unless it is a finite number of nats, at least 0."""
    if not 0 <= negligible < math.inf:
        hint = "Leave it out for 0.01 nats."
        raise invalid("negligible must be a finite number of nats, at least 0", received=shown(negligible), hint=hint)


def check_trunk_widths(hidden: Sequence[object]) -> None:
    """Raise `InputError` unless these are the hidden units of 1 to `MOST_LAYERS` layers, each of a width in its limits."""
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


def shown(value: object) -> str:
    """The value as Python writes it, on one line of no great length."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python does not write integers of more than 4,300 digits
        text = "a number of thousands of digits"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
