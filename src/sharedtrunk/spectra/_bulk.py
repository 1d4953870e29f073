"""The Marchenko–Pastur bulk: where the singular values of pure noise lie.

The noise ξ is class × feature (K × N_f) with independent entries of mean 0 and variance σ²/N_f, as in a noisy
teacher. For K, N_f → ∞ at a fixed *aspect* c = K/N_f its min(K, N_f) singular values fill the interval between two
*edges*, σ|1 − √c| and σ(1 + √c), with a density that does not depend on the entries' distribution (four moments
suffice). By name:

- c → 0 (few classes, many features): all of them at σ, since the rows are orthogonal and of length σ;
- c = 1: the quarter circle √(4σ² − x²)/(πσ²), which reaches zero;
- c > 1: the transposed matrix, whose aspect is 1/c and whose noise scale is σ√c. Its K − N_f surplus zeros are
  directions, not singular values, and are not counted.

At finite size the largest value scatters around the edge by about N_f^(−2/3) (Tracy–Widom).
Source: Marchenko and Pastur (1967); the paper's reference [25] for the singular-value form.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import check_result
from sharedtrunk._support.axes import Value
from sharedtrunk._support.concrete import concrete
from sharedtrunk.errors import invalid
from sharedtrunk.spectra._checks import as_lanes, check_noise_matrix, check_singular_values


class Edges(NamedTuple):
    """Smallest and largest singular value of pure noise in the limit of large matrices."""

    lower: Float[Array, "*lane"]
    upper: Float[Array, "*lane"]


def bulk_edges(aspect: ArrayLike, noise: ArrayLike) -> Edges:
    """The edges of the noise's singular values: lower σ|1 − √c|, upper σ(1 + √c).

    `aspect` is c = K/N_f and `noise` is σ (entries of variance σ²/N_f); they broadcast, and each edge has their
    shape. Exact for K, N_f → ∞ at fixed K/N_f, independent entries of mean 0; at finite size the largest value
    scatters by about N_f^(−2/3). Source: Marchenko and Pastur (1967); [25]. Raises `InputError` for an aspect that is
    not positive or a noise below 0.
    """
    aspect, noise = as_lanes(aspect=aspect, noise=noise)
    check_noise_matrix(aspect, noise)
    edges = _edges(aspect, noise)
    check_result(edges.upper, "The bulk's edges")
    return edges


def bulk_density(values: ArrayLike, aspect: ArrayLike, noise: ArrayLike) -> Value:
    """Density of the noise's singular values at x, normalized to 1 over the min(K, N_f) of them.

    ρ(x) = √((x₊² − x²)(x² − x₋²)) / (π min(c, 1) σ² x) between the edges x₋ and x₊ of `bulk_edges`, 0 outside;
    its second moment is σ² max(c, 1). Hypotheses and source as in `bulk_edges`. `values` x, `aspect` c and
    `noise` σ broadcast. Unit: one over that of x.
    Raises `InputError` for values below 0, an aspect that is not positive, or noise that is not positive: without
    noise all singular values are 0 and there is no density (NaN where σ = 0 is traced).
    """
    values, aspect, noise = as_lanes(values=values, aspect=aspect, noise=noise)
    check_singular_values(values, "Singular values")
    check_noise_matrix(aspect, noise)
    known = concrete(noise)
    if known is not None and not (known > 0).all():
        raise invalid(
            "A density needs noise above 0",
            received=f"noise {known.min():g}",
            hint="Without noise every singular value of the bulk is 0",
        )
    density = _density(values, aspect, noise)
    check_result(density, "The density")
    return density


def _edges(aspect: jax.Array, noise: jax.Array) -> Edges:
    root = jnp.sqrt(aspect)
    return Edges(lower=noise * jnp.abs(1 - root), upper=noise * (1 + root))


def _density(x: jax.Array, c: jax.Array, σ: jax.Array) -> jax.Array:
    lower, upper = _edges(c, jnp.ones_like(c))
    z = x / σ  # the noise's own unit, so that no power of a very large or small σ is formed
    # x₋/x rather than a division by x at the end: at c = 1 the density is finite at x = 0.
    ratio = lower / jnp.where(z > 0, z, 1)
    inside = (lower <= z) & (z <= upper)
    # The inner `where` keeps the derivative outside the bulk at 0, not 0 · NaN.
    square = jnp.where(inside, (upper - z) * (upper + z) * (1 - ratio) * (1 + ratio), 1)
    return jnp.where(inside, jnp.sqrt(square), 0) / (jnp.pi * jnp.minimum(c, 1) * σ)
