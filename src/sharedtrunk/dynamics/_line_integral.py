"""Softmax moments of logits along one direction, W = s û v̂ᵀ: an integral over one Gaussian number, exact to rounding.

It serves two classes, whose logits have one difference, and aligned flows of rank one. All other cases use the flow's
rule, which is inaccurate for large logits, because softmax then jumps between its nodes.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian


def mean_variance(u: Float[Array, "class"], s: Float[Array, "..."]) -> Float[Array, "..."]:
    """û·G(sûv̂ᵀ)û = E Var_P(û) for P = softmax(s û ξ), ξ ~ N(0, 1)."""
    nodes, weights = (jnp.asarray(part, u.dtype) for part in _nodes())
    P = jax.nn.softmax(s[..., None, None] * (u[:, None] * nodes[None, :]), axis=-2)
    mean = jnp.sum(u[:, None] * P, axis=-2, keepdims=True)
    return jnp.sum(weights * jnp.sum(jnp.square(u[:, None] - mean) * P, axis=-2), axis=-1)


def softmax_moment(
    white: Float[Array, "... class direction"], rule: gaussian.NodeRule
) -> Float[Array, "... class direction"]:
    """∇F for white inputs: exact for two classes, by the rule's nodes for more."""
    if white.shape[-2] > 2:
        return gaussian.softmax_moment(white, rule=rule)
    half = (white[..., 0, :] - white[..., 1, :]) / 2
    return pair_variance(white)[..., None, None] * jnp.stack([half, -half], axis=-2)


def pair_variance(white: Float[Array, "... class direction"]) -> Float[Array, "..."]:
    """tr G of two classes, which is û·G û for û = (1, −1)/√2."""
    square = jnp.sum(jnp.square(white[..., 0, :] - white[..., 1, :]), axis=-1) / 2
    # at 0 the result has a derivative, but the root has none
    differ = square > 0
    s = jnp.where(differ, jnp.sqrt(jnp.where(differ, square, 1)), 0)
    return mean_variance(jnp.asarray([np.sqrt(0.5), -np.sqrt(0.5)], white.dtype), s)


def rule_of_nodes(classes: int, rule: gaussian.NodeRule, *, rank: int | None = None) -> gaussian.NodeRule | None:
    """The rule, or None for softmax moments that use the exact integral instead of nodes."""
    return None if classes == 2 or rank == 1 else rule


@functools.cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre nodes on panels that double in length up to 1 and are ½ long beyond, with normal weights."""
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-24, 0), np.arange(1.0, 10.0, 0.5)])
    x, w = np.polynomial.legendre.leggauss(8)
    half = 0.5 * np.diff(edges)
    nodes = ((edges[1:] + edges[:-1])[:, None] / 2 + half[:, None] * x).ravel()
    weights = (half[:, None] * w).ravel() * np.exp(-0.5 * nodes**2) / np.sqrt(2 * np.pi)
    return np.concatenate([-nodes, nodes]), np.concatenate([weights, weights])
