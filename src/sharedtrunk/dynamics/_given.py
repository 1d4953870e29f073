"""What a caller gave, as lists that the room can work with, or one line that says what was wanted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array

from sharedtrunk._support.arguments import described as described
from sharedtrunk._support.arguments import floating as floating
from sharedtrunk._support.arguments import is_number as is_number
from sharedtrunk.errors import invalid


def per_task(values: Any, name: str) -> list:
    """A list with one entry per task, the entries as they came; raises for one matrix or anything else in its place."""
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    if not listed and getattr(values, "ndim", 0) < 3:
        raise invalid(
            f"{name} must be a list with one entry per task",
            received=described(values),
            hint="Put a single task in a list: [task]",
        )
    return list(values)


def matrices(values: Any, name: str) -> list[Array]:
    """One floating matrix per task; raises for teachers in their place."""
    parts = [values] if hasattr(values, "noisy_weights") else per_task(values, name)
    if any(hasattr(part, "noisy_weights") for part in parts):
        raise invalid(
            f"{name} must be matrices (…, class, feature), not Teacher objects",
            received=f"{len(parts)} entries, a Teacher among them",
            hint="Pass [teacher.noisy_weights]",
        )
    return [floating(part, name) for part in parts]


def whole_numbers(values: Any, name: str, hint: str) -> list[int]:
    """A list of whole numbers; raises for one number in its place."""
    flat = isinstance(values, Sequence | np.ndarray) and np.ndim(np.asarray(values, object)) == 1
    parts = list(values) if flat else [None]
    if not all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in parts):
        raise invalid(f"{name} must be a list of whole numbers", received=described(values), hint=hint)
    return [int(part) for part in parts]  # pyright: ignore[reportArgumentType]


def span(values: np.ndarray) -> str:
    """The range of an array's values, on one line however many there are."""
    return f"values from {values.min() + 0.0:g} to {values.max() + 0.0:g}" if values.size else "no values"
