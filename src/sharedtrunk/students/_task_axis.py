"""Arrays with the classes of all tasks on one axis: cutting them into tasks, and the predictions of one task."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def split(stacked: Float[Array, "lane stacked _"], sizes: list[int]) -> tuple[Array, ...]:
    """One array per task."""
    ends = [sum(sizes[: task + 1]) for task in range(len(sizes))]
    return tuple(stacked[:, end - size : end] for end, size in zip(ends, sizes, strict=True))


def predictions(logits: Float[Array, "*lane class sample"], coefficients: Float[Array, "*#lane sample"]) -> Array:
    """c ∘ softmax(z) over the classes. The normalizing sum divides the coefficient, once per sample instead of per class."""
    powers = jnp.exp(logits - jnp.max(logits, axis=-2, keepdims=True))
    return powers * (coefficients / jnp.sum(powers, axis=-2))[..., None, :]
