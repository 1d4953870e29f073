"""Tasks stacked: one array of all tasks' classes, cut into the tasks' own, and the tasks' predictions in it."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def split(stacked: Float[Array, "lane stacked _"], sizes: list[int]) -> tuple[Array, ...]:
    """Each task's part of an array of all tasks' classes."""
    ends = [sum(sizes[: task + 1]) for task in range(len(sizes))]
    return tuple(stacked[:, end - size : end] for end, size in zip(ends, sizes, strict=True))


def predictions(logits: Float[Array, "*lane class sample"], coefficients: Float[Array, "*#lane sample"]) -> Array:
    """c ∘ softmax(z) over the classes. The sum divides the coefficient, once a sample, not every class."""
    powers = jnp.exp(logits - jnp.max(logits, axis=-2, keepdims=True))
    return powers * (coefficients / jnp.sum(powers, axis=-2))[..., None, :]
