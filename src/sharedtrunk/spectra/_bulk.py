"""The Marchenko–Pastur bulk: where the singular values of pure noise lie.

The noise ξ is class × feature (K × N_f) with independent entries of mean 0 and variance σ²/N_f, as in a noisy
teacher. For K, N_f → ∞ at a fixed *aspect* c = K/N_f its min(K, N_f) singular values fill the interval between two
*edges*, σ|1 − √c| and σ(1 + √c), with a density that does not depend on the entries' distribution (four moments
suffice). Special cases:

- c → 0 (few classes, many features): all singular values lie at σ, since the rows are orthogonal and of length σ;
- c = 1: the quarter circle √(4σ² − x²)/(πσ²), which reaches zero;
- c > 1: the transposed matrix, whose aspect is 1/c and whose noise scale is σ√c. Its K − N_f surplus zeros are
  directions, not singular values, and are not counted.

At finite size the largest value scatters around the edge by about N_f^(−2/3) (Tracy–Widom).
Source: Marchenko and Pastur (1967); the paper's reference [25] for the singular-value form.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import broadcast, check_result, check_values
from sharedtrunk._support.axes import Value


class Edges(NamedTuple):
    """Smallest and largest singular value of pure noise in the limit of large matrices.

    Parameters
    ----------
    lower, upper
        σ(1 − √c) and σ(1 + √c) for K ≤ N_f.
    """

    lower: Float[Array, "*lane"]
    upper: Float[Array, "*lane"]


def bulk_edges(aspect: ArrayLike, noise: ArrayLike) -> Edges:
    """The edges of the noise's singular values: lower σ|1 − √c|, upper σ(1 + √c).

    Exact for K, N_f → ∞ at fixed K/N_f and independent entries of mean 0. At finite size the largest value scatters
    around its edge by about N_f^(−2/3).

    Parameters
    ----------
    aspect
        c = K/N_f, any shape that broadcasts with `noise`.
    noise
        σ, where the entries have variance σ²/N_f.

    Returns
    -------
    Edges
        `lower` and `upper`, each with the broadcast shape, in the units of `noise`.

    Raises
    ------
    InputError
        For an aspect that is not positive or a noise below 0.

    References
    ----------
    Marchenko and Pastur (1967); the paper's reference [25] for singular values.
    """
    aspect, noise = broadcast(aspect=aspect, noise=noise)
    check_noise_matrix(aspect, noise)
    edges = _edges(aspect, noise)
    check_result(edges.upper, "The bulk's edges")
    return edges


def bulk_density(values: ArrayLike, aspect: ArrayLike, noise: ArrayLike) -> Value:
    """Density of the noise's singular values, normalized to 1 over the min(K, N_f) of them.

    ρ(x) = √((x₊² − x²)(x² − x₋²)) / (π min(c, 1) σ² x) between the edges x₋ and x₊ of `bulk_edges`, 0 outside;
    its second moment is σ² max(c, 1). Hypotheses as in `bulk_edges`.

    Parameters
    ----------
    values
        x ≥ 0, at which the density is evaluated.
    aspect, noise
        c = K/N_f and σ > 0 as in `bulk_edges`; the three arguments broadcast.

    Returns
    -------
    Array
        ρ(x) in units of 1/x, of the broadcast shape. NaN where σ = 0 is traced.

    Raises
    ------
    InputError
        For values below 0, and for an aspect or a noise that is not positive: without noise all singular values are 0
        and there is no density.

    References
    ----------
    See `bulk_edges`.
    """
    values, aspect, noise = broadcast(values=values, aspect=aspect, noise=noise)
    check_singular_values(values, "Singular values")
    check_noise_matrix(aspect, noise)
    hint = "Without noise every singular value of the bulk is 0"
    check_values(noise, lambda σ: σ > 0, "A density needs noise above 0", hint)
    density = _density(values, aspect, noise)
    check_result(density, "The density")
    return density


def check_singular_values(values: jax.Array, name: str) -> None:
    """Raise where a concrete singular value is negative, NaN or infinite."""
    check_values(
        values, lambda x: np.isfinite(x) & (x >= 0), f"{name} must be finite and ≥ 0", "Drop diverged lanes first"
    )


def check_noise_matrix(aspect: jax.Array, noise: jax.Array) -> None:
    """Raise where a concrete aspect is not positive and finite, or a concrete noise not ≥ 0 and finite."""
    check_values(
        aspect,
        lambda c: np.isfinite(c) & (c > 0),
        "The aspect K/N_f must be finite and above 0",
        "Pass classes / features, such as aspect=10 / 100",
    )
    check_values(
        noise,
        lambda σ: np.isfinite(σ) & (σ >= 0),
        "The noise scale must be a finite number ≥ 0",
        "Pass noise=1.0 for the standard problem",
    )


def _edges(aspect: jax.Array, noise: jax.Array) -> Edges:
    root = jnp.sqrt(aspect)
    return Edges(lower=noise * jnp.abs(1 - root), upper=noise * (1 + root))


def _density(x: jax.Array, c: jax.Array, σ: jax.Array) -> jax.Array:
    lower, upper = _edges(c, jnp.ones_like(c))
    z = x / σ  # in units of the noise, so that no power of a very large or small σ is formed
    # x₋/x rather than a division by x at the end: at c = 1 the density is finite at x = 0.
    ratio = lower / jnp.where(z > 0, z, 1)
    inside = (lower <= z) & (z <= upper)
    # The inner `where` keeps the derivative outside the bulk at 0, not 0 · NaN.
    square = jnp.where(inside, (upper - z) * (upper + z) * (1 - ratio) * (1 + ratio), 1)
    return jnp.where(inside, jnp.sqrt(square), 0) / (jnp.pi * jnp.minimum(c, 1) * σ)
