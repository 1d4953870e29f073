"""The equal-variance case as a control variate.

For logits s L₀ u, L₀ L₀ᵀ = J, every expectation is a known one-dimensional integral (`_random_energy`, `_curvature`), so the
error of a set of nodes is known there, and so are the errors of the first and second derivative. Weights near
that case (the students of an equal-variance teacher) make nearly the same error, which is subtracted: at A = s L₀ + change

    F ← F − b₁ [e(s) + ⟨D(s), change⟩] − b₂ ⟨δ, E(s) δ⟩,   e = F̂(s L₀) − F(s),   D = Ê[P uᵀ] − E[P uᵀ] at s L₀,

where E is half the error of the second derivative and δ is defined below. From the moments, b₁ D and b₁ times the error of G
are subtracted. Every term has mean zero over scrambles whatever s, b₁ and b₂ are, so the estimate stays unbiased. e, D and E
are tabulated once per rule and interpolated in ln s.

F depends on A Aᵀ only, so A may be rotated. `rotated` makes A = L₀ (s + δ) with δ symmetric: no other rotation brings A
closer to s L₀, and the second order needs only the K(K − 1)/2 entries of δ. It is used under two conditions. The rule has
several scrambles: the singular value decomposition takes longer than a thousand nodes, too long for the single scramble that
follows the loss along a training. And the variances are nearly equal: far from that a triangular A, whose first directions
matter most, has the smaller error. Otherwise only the first order is subtracted.

The damping factors b were fitted to regression coefficients: of random spectra (K = 10, s = 0.3 … 100, singular values
spread by 10 to 100 %) and of 280 students of the standard problem. On the students 7 % of the spread over scrambles remains;
with the regression's own b it would be 6.8 %.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk.gaussian._control_variate_tables import COUNT, LOWEST, STEP, simplex_factor, tables
from sharedtrunk.gaussian._curvature import upper_entries
from sharedtrunk.gaussian._rules import Sobol

MOST_CLASSES = 32  # with more classes the tables cost more time than they save
_FARTHEST = 0.65  # relative spread of A's singular values up to which rotating lowers the error (K = 10, s = 0.5 … 300)


class Control(NamedTuple):
    """Errors of a rule near s L₀, one per scramble, to be subtracted; they are already multiplied by b."""

    free_energy: Float[Array, " scramble"]
    moment: Float[Array, "scramble class direction"]
    covariance: Float[Array, "scramble class class"]


def rotated(A: Float[Array, "class direction"], rule: Sobol) -> tuple[Array, Array | None, Array]:
    """A R, the rotation R, and whether L₀ᵀ A R is symmetric; R is None for rules that do not rotate (`_rotates`)."""
    if not _rotates(rule, A.shape[0]):
        return A, None, jnp.asarray(False)
    L = jnp.asarray(simplex_factor(A.shape[0]), A.dtype)
    # Every rotation gives the same F, so derivatives hold R fixed; the decomposition itself may have no derivative.
    U, sizes, V = jnp.linalg.svd(jax.lax.stop_gradient(jnp.matmul(L.T, A, precision="highest")))
    near = jnp.std(sizes) < jnp.asarray(_FARTHEST, A.dtype) * jnp.mean(sizes)
    R = jnp.where(near, jnp.matmul(V.T, U.T, precision="highest"), jnp.eye(len(sizes), dtype=A.dtype))
    return jnp.matmul(A, R, precision="highest"), R, near


def _rotates(rule: Sobol, classes: int) -> bool:
    return rule.scrambles > 1 and classes <= MOST_CLASSES


def _interpolation(position: Float[Array, ""]) -> tuple[Array, Array]:
    """First of four neighbouring table rows, and their cubic Lagrange weights."""
    first = jnp.clip(jnp.floor(position) - 1, 0, COUNT - 4)
    x = position - first
    nodes = range(4)
    weights = [
        math.prod([1 / (i - j) for j in nodes if j != i]) * jnp.prod(jnp.stack([x - j for j in nodes if j != i]))
        for i in nodes
    ]
    return first.astype(int), jnp.stack(weights)


def _damping(s: Array, distance: Array, symmetric: Array) -> tuple[Array, Array]:
    """The damping factors b₁ and b₂ at scale s, for A at `distance` from s L₀, relative to s."""
    first = jnp.where(symmetric, (distance * jnp.sqrt(s) / 2) ** 2.25, (distance / 0.45) ** 3)
    second = jnp.where(symmetric, 1 / (1 + (distance * s / 1.64) ** 1.5), jnp.zeros_like(s))
    return 1 / (1 + first), second


def control(A: Float[Array, "class direction"], rule: Sobol, symmetric: Array | bool = False) -> Control | None:
    """What to subtract from the estimates at A; None beyond `MOST_CLASSES` classes. `symmetric`: whether L₀ᵀ A is."""
    K, dtype = A.shape[0], A.dtype
    if K > MOST_CLASSES:
        return None
    L = jnp.asarray(simplex_factor(K), dtype)
    s = jnp.sum(A * L) / (K - 1)
    in_range = (s > math.exp(LOWEST)) & (s < math.exp(LOWEST + STEP * (COUNT - 1)))
    s = jnp.where(in_range, s, jnp.ones_like(s))
    # beyond the table nothing is subtracted, and a very large change could overflow, so it is set to zero
    change = jnp.where(in_range, A - s * L, jnp.zeros_like(A))
    distance = jnp.sqrt(jnp.sum(change * change) / (K - 1)) / s
    position = (jnp.log(s) - LOWEST) / STEP
    # the correction fades to zero over the last two steps at each end of the table
    edge = jnp.where(in_range, jnp.clip(jnp.minimum(position, COUNT - 1 - position) / 2, 0, 1), jnp.zeros_like(s))
    b, b_second = (edge * factor for factor in _damping(s, distance, jnp.asarray(symmetric)))
    first, weights = _interpolation(position)

    def at(table: np.ndarray) -> Array:
        return jax.lax.dynamic_slice_in_dim(jnp.asarray(table, dtype), first, 4)

    known = tables(rule, K, second_order=_rotates(rule, K))
    e, D, G = (b * jnp.tensordot(weights, at(table), axes=1, precision="highest") for table in known[:3])
    F = e + jnp.sum(D * change[None], axis=(1, 2))
    if known.second is not None:
        i, j, _ = upper_entries(K - 1)
        x = jnp.matmul(L.T, change, precision="highest")[i, j]
        m, n, _ = upper_entries(len(i))
        second = jnp.matmul(at(known.second), x[m] * x[n], precision="highest")
        F = F + b_second * jnp.matmul(weights, second, precision="highest")
    return Control(F, D, G)
