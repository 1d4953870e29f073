"""From the response of the data to the student's Gram matrix: the trunk as a ridge whose matrix all tasks share.

Given the response (Ĥ, Ê, Ĝ), the student's weights minimize ½⟨W, Ĥ W⟩ − ⟨W, noisy targets⟩ plus the penalty of the layers,
whose gradient is Λ(Q) W with Q = W Wᵀ and Λ = λ Q^{1/L − 1}. With A = Ê Êᵀ + Ĝ/a the Gram matrix solves

    Q = B A B,    B = (Λ + Ĥ)⁻¹ = P (λ + P Ĥ P)⁻¹ P,    P = Q^{(1 − 1/L)/2}.

The second form of B needs no inverse of Q. For L = 2 the penalty is λ times the nuclear norm: weights go to zero in the
directions in which the data pull by less than λ, and Q loses rank.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_MOST_ITERATIONS = 400
"""Near the λ at which a direction goes to zero, Q converges slowly."""

_FLOOR = 1e-12
"""Size of a direction that may come back, relative to the largest Gram matrix that the data allow."""


class Response(NamedTuple):
    """Ĥ, Ê in orthonormal directions of the teachers' fields, and Ĝ = E[g gᵀ]."""

    curvature: Float[Array, "row row"]
    pull: Float[Array, "row seen"]
    scatter: Float[Array, "row row"]


class Order(NamedTuple):
    """Order parameters of the student: overlap with the directions z, Gram matrix Q = W Wᵀ, and self-influence V."""

    overlap: Float[Array, "row seen"]
    gram: Float[Array, "row row"]
    influence: Float[Array, "row row"]


def of_eigenvalues(matrix: Float[Array, "row row"], function: Callable[[Array], Array]) -> Float[Array, "row row"]:
    """A function of a symmetric matrix, by its eigenvalues."""
    values, vectors = jnp.linalg.eigh(0.5 * (matrix + matrix.T))
    return (vectors * function(values)[None, :]) @ vectors.T


def power(matrix: Float[Array, "row row"], exponent: float) -> Float[Array, "row row"]:
    """A power of a symmetric matrix on its range; eigenvalues that rounding made negative count as zero."""

    def powers(values):
        return jnp.where(values > 0, jnp.power(jnp.where(values > 0, values, 1), exponent), 0.0)

    return of_eigenvalues(matrix, powers)


def order_parameters(
    response: Response, start, samples_per_feature, weight_decay, layers: int, tolerance
) -> tuple[Order, Array]:
    """The order parameters of a response from the Gram matrix `start`, and the last change of Q relative to its size."""
    A = response.pull @ response.pull.T + response.scatter / samples_per_feature
    identity = jnp.eye(A.shape[0], dtype=A.dtype)

    def influence(gram):
        P = power(gram, 0.5 * (1 - 1 / layers)) if layers > 1 else identity
        inner = weight_decay * identity + P @ response.curvature @ P
        return P @ jnp.linalg.solve(inner, P)

    def step(state):
        count, gram, _ = state
        B = influence(gram)
        new = B @ A @ B
        new = 0.5 * (new + new.T)
        change = jnp.max(jnp.abs(new - gram)) / jnp.maximum(jnp.max(jnp.abs(new)), jnp.finfo(A.dtype).tiny)
        return count + 1, new, change

    def keep(state):
        count, _, change = state
        return (count < _MOST_ITERATIONS) & (change > tolerance)

    if layers == 2:  # the convex problem may bring back a direction that an earlier response gave up
        start = start + _FLOOR * jnp.trace(A) / weight_decay**2 * identity
    _, gram, change = jax.lax.while_loop(keep, step, (0, start, jnp.asarray(jnp.inf, A.dtype)))
    B = influence(gram)
    return Order(B @ response.pull, gram, B / samples_per_feature), change
