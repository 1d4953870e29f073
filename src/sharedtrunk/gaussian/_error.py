"""From independent scrambles to a value with an error bar."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import finite
from sharedtrunk._support.statistics import scramble_factor
from sharedtrunk.errors import invalid


def length(x: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Euclidean norm over some axes (all of them by default), of NumPy or JAX arrays.

    The entries are first divided by the largest: squares of entries beyond 1e±154 (1e±19 in float32) overflow or underflow.
    """
    xp = jnp if isinstance(x, jax.Array) else np
    top = xp.max(xp.abs(x), axis=axis, keepdims=True, initial=0)
    top = xp.where(top > 0, top, xp.ones_like(top))
    return xp.squeeze(top, axis=axis) * xp.sqrt(xp.sum(xp.square(x / top), axis=axis))


def rounding_error(length, dtype):
    """How much a value of this Euclidean norm may change when it is stored as `dtype`, by rounding and by underflow."""
    return 8 * float(jnp.finfo(dtype).eps) * length + float(jnp.finfo(dtype).tiny)


def norm_half_width(values: Any, mean: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Euclidean norm over `axis` (all by default) of the half-widths of a mean's entries over scrambles (axis 0).

    This is the norm of `_support.statistics.half_width`, computed safely for entries whose squares would overflow or
    underflow.
    """
    count = values.shape[0]
    return scramble_factor(count) * (length(values - mean[None], axis) / ((count - 1) * count) ** 0.5)


def mean_and_error(values: Float[Array, "scramble *entry"]) -> tuple[Float[Array, "*entry"], Float[Array, ""]]:
    """Mean over independent scrambles, and the half-width of its 99 % interval.

    Parameters
    ----------
    values
        One value per scramble, (scramble, …), at least 2 of them.

    Returns
    -------
    mean, error
        The mean (…), and its error in the Frobenius norm: Student's t times the standard error, plus rounding.

    Raises
    ------
    InputError
        For fewer than 2 scrambles, and for values that are not finite.
    """
    values = finite(values, "Values of scrambles")
    count = values.shape[0] if values.ndim else 0
    if count < 2:
        raise invalid("An error needs at least 2 scrambles", received=f"{count}", hint="Use 8 scrambles.")
    mean = jnp.mean(values, axis=0)
    # where all scrambles agree, rounding is the whole error
    return mean, norm_half_width(values, mean) + rounding_error(length(mean), values.dtype)
