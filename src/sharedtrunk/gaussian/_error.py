"""From independent scrambles to a value with an error bar."""

import jax.numpy as jnp
from jaxtyping import Array, Float
from scipy.special import stdtrit


def t_factor(scrambles: int) -> float:
    """Two-sided 99 % quantile of Student's t: wide enough that 95 in 100 also holds for skewed spreads."""
    return float(stdtrit(scrambles - 1, 0.995))


def mean_and_error(values: Float[Array, "scramble *entry"]) -> tuple[Float[Array, "*entry"], Float[Array, ""]]:
    """Mean over scrambles, and the half-width of its interval (Frobenius norm where the value is a matrix)."""
    count = values.shape[0]
    mean = jnp.mean(values, axis=0)
    square = jnp.sum(jnp.square(values - mean[None])) / ((count - 1) * count)
    # where all scrambles agree, rounding is what is left
    rounding = 8 * jnp.finfo(values.dtype).eps * jnp.sqrt(jnp.sum(jnp.square(mean)))
    return mean, jnp.asarray(t_factor(count), values.dtype) * jnp.sqrt(square) + rounding.astype(values.dtype)
