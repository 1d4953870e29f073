"""Convert a user's number to a float, with errors that name the user's argument."""

import math
from collections.abc import Callable
from numbers import Real

from sharedtrunk._support.limits import shown
from sharedtrunk.errors import invalid


def positive(name: str, value: object, hint: str) -> float:
    """`value` as a float above 0. Raises `InputError` for anything else."""
    return as_number(name, value, "a finite number above 0", hint, lambda x: x > 0)


def not_negative(name: str, value: object, hint: str) -> float:
    """`value` as a float of at least 0. Raises `InputError` for anything else."""
    return as_number(name, value, "a finite number, at least 0", hint, lambda x: x >= 0)


def as_number(name: str, value: object, rule: str, hint: str, holds: Callable[[float], bool]) -> float:
    """`value` as a finite float x with `holds(x)`. Raises `InputError` for anything else."""
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:  # an integer too large for a float
        number = math.inf
    if not math.isfinite(number) or not holds(number):
        raise invalid(f"{name} must be {rule}", received=shown(value), hint=hint)
    return number
