"""What a caller gave, as arrays and lists that the room can work with, or one line that says what was wanted."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

from sharedtrunk._errors import invalid


def floating(values: Any, name: str = "Weights") -> Array:
    """As a floating array; whole numbers take JAX's default precision. Raises where it is no array of real numbers."""
    dtype = _dtype(values)
    if dtype is None or not any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)):
        raise invalid(
            f"{name} must be an array of real numbers", received=described(values), way_out="Give a NumPy or JAX array"
        )
    return jnp.asarray(values, None if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float))


def per_task(values: Any, name: str) -> list:
    """A list with one entry per task, the entries as they came; raises for one matrix or anything else in its place."""
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    if not listed and getattr(values, "ndim", 0) < 3:
        raise invalid(
            f"{name} must be a list with one entry per task",
            received=described(values),
            way_out="Put a single task in a list: [task]",
        )
    return list(values)


def matrices(values: Any, name: str) -> list[Array]:
    """One floating matrix per task; raises for teachers in their place."""
    parts = [values] if hasattr(values, "noisy_weights") else per_task(values, name)
    if any(hasattr(part, "noisy_weights") for part in parts):
        raise invalid(
            f"{name} must be matrices (…, class, feature), not Teacher objects",
            received=f"{len(parts)} entries, a Teacher among them",
            way_out="Pass [teacher.noisy_weights]",
        )
    return [floating(part, name) for part in parts]


def whole_numbers(values: Any, name: str, way_out: str) -> list[int]:
    """A list of whole numbers; raises for one number in its place."""
    parts = list(values) if isinstance(values, Sequence | np.ndarray) and np.ndim(values) == 1 else [None]
    if not all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in parts):
        raise invalid(f"{name} must be a list of whole numbers", received=described(values), way_out=way_out)
    return [int(part) for part in parts]  # pyright: ignore[reportArgumentType]


def is_number(value: object) -> bool:
    """Whether it is one real number, known or traced; truth values and text are none."""
    dtype = _dtype(value)
    if dtype is None or np.ndim(value) != 0:  # pyright: ignore[reportArgumentType]
        return False
    return any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer))


def described(value: object) -> str:
    """A value in a few words on one line."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array {value.shape} of {value.dtype}"  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(value, eqx.Module):
        return f"an object {type(value).__name__}"
    text = " ".join(repr(value).split())
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '…'}"


def span(values: np.ndarray) -> str:
    """The range of an array's values, on one line however many there are."""
    return f"values from {values.min() + 0.0:g} to {values.max() + 0.0:g}" if values.size else "no values"


def _dtype(values: Any):
    """The dtype of what can be an array, or None."""
    if hasattr(values, "dtype"):
        return values.dtype
    if isinstance(values, list | tuple) and any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(values)):
        return jnp.result_type(float)
    try:
        return np.asarray(values).dtype
    except (TypeError, ValueError):
        return None
