"""Derivatives of the free energy: the softmax moment ∇F(W) = E[P(W x) xᵀ] and the softmax covariance G(W).

By Stein's identity ∇F = G W C, and G = 2 ∂F/∂Q, Q = W C Wᵀ. (Paper: (12)–(14).)
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._axes import AnyArray
from ._checks import as_covariance, as_weights
from ._estimate import Quantity, estimate, estimate_with_error
from ._factor import covariance_root, whitened
from ._random_energy import random_energy_slope
from ._rules import FINEST, Rule
from ._sobol import covariance_lane, moment_lane

# Below the crossover Sobol points in all of space have the smaller error, above it points between pairs.
_MOMENT = Quantity(
    sobol=moment_lane,
    panels=lambda integrals, V: integrals.moment @ V,
    equal=lambda s, W: random_energy_slope(s, len(W)) / (len(W) - 1) / s * W,
    pairs=lambda G, W: G @ W,
    moderate=FINEST,
    crossover=8.0,
)
_COVARIANCE = Quantity(
    sobol=covariance_lane,
    panels=lambda integrals, V: integrals.covariance,
    equal=lambda s, W: random_energy_slope(s, len(W)) / (len(W) - 1) / s * (np.eye(len(W)) - 1 / len(W)),
    pairs=lambda G, W: G,
    moderate=FINEST,
    crossover=5.0,
)


def softmax_moment(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> Float[Array, "*lane class feature"]:
    """Gradient of the free energy: the moment of the softmax probabilities with the inputs.

    ∇F(W) = E[P(W x) xᵀ] = G(W) W C (paper, (12)–(14)). `softmax_moment(β W)` is the label moment of a
    teacher that draws its labels from softmax(β W x); `label_moment(W)` is its limit β → ∞.

    `rule=None` goes by the singular values of J W C^½ as in `free_energy`; above rank 3 it takes Sobol
    points in all of space while they are moderate and `Pairs`, about 2 s per lane at K = 10, where they are
    large. Under jit, vmap and grad it takes `FINE`.

    Returns (…, class, feature); its rows sum to zero. Raises as `free_energy`.
    """
    W = as_weights(W)
    C = as_covariance(covariance, W)
    white = estimate(whitened(W, C), _MOMENT, rule)
    return white if C is None else jnp.matmul(white, covariance_root(C).T, precision="highest")


def softmax_moment_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> tuple[Float[Array, "*lane class feature"], Float[Array, "*lane"]]:
    """`softmax_moment` and an error bar on its Frobenius norm (of the moment with whitened inputs, C^-½ x)."""
    W = as_weights(W)
    C = as_covariance(covariance, W)
    white, error = estimate_with_error(whitened(W, C), _MOMENT, rule)
    return (white if C is None else jnp.matmul(white, covariance_root(C).T, precision="highest")), error


def softmax_covariance(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> Float[Array, "*lane class class"]:
    """Mean covariance of a one-hot draw from the softmax probabilities.

    G(W) = E[diag P − P Pᵀ] = 2 ∂F/∂Q, Q = W C Wᵀ (paper, (13)); symmetric, positive semidefinite, rows
    summing to zero. Rules as in `softmax_moment`. Returns (…, class, class). Raises as `free_energy`.
    """
    W = as_weights(W)
    return estimate(whitened(W, as_covariance(covariance, W)), _COVARIANCE, rule)


def softmax_covariance_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> tuple[Float[Array, "*lane class class"], Float[Array, "*lane"]]:
    """`softmax_covariance` and an error bar on its Frobenius norm."""
    W = as_weights(W)
    return estimate_with_error(whitened(W, as_covariance(covariance, W)), _COVARIANCE, rule)
