"""From independent scrambles to a value with an error bar."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import finite
from sharedtrunk._support.statistics import scramble_factor as t_factor
from sharedtrunk.errors import invalid


def length(x: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Euclidean norm over some axes (all of them by default), of NumPy or JAX arrays.

    The largest entry is taken out first: squares of entries beyond 1e±154 (1e±19 in float32) are no floating numbers.
    """
    xp = jnp if isinstance(x, jax.Array) else np
    top = xp.max(xp.abs(x), axis=axis, keepdims=True, initial=0)
    top = xp.where(top > 0, top, xp.ones_like(top))
    return xp.squeeze(top, axis=axis) * xp.sqrt(xp.sum(xp.square(x / top), axis=axis))


def rounded(length, dtype):
    """What storing a value of this Euclidean norm in a precision may change: rounding, and what lies below its range."""
    return 8 * float(jnp.finfo(dtype).eps) * length + float(jnp.finfo(dtype).tiny)


def mean_and_error(values: Float[Array, "scramble *entry"]) -> tuple[Float[Array, "*entry"], Float[Array, ""]]:
    """Mean over scrambles, and the half-width of its interval (Frobenius norm where the value is a matrix)."""
    values = finite(values, "Values of scrambles")
    count = values.shape[0] if values.ndim else 0
    if count < 2:
        raise invalid("An error needs at least 2 scrambles", received=f"{count}", hint="Use 8 scrambles.")
    mean = jnp.mean(values, axis=0)
    spread = length(values - mean[None]) / jnp.asarray(((count - 1) * count) ** 0.5, values.dtype)
    # where all scrambles agree, rounding is what is left
    return mean, jnp.asarray(t_factor(count), values.dtype) * spread + rounded(length(mean), values.dtype)
