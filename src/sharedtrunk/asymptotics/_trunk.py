"""From the response of the data to the student's Gram matrix: the trunk as a ridge whose matrix all tasks share.

Given the response (Ĥ, Ê, Ĝ), the student's weights minimize ½⟨W, Ĥ W⟩ − ⟨W, noisy targets⟩ plus the penalty of the layers,
whose gradient is Λ(Q) W with Q = W Wᵀ and Λ = λ Q^{1/L − 1}. With A = Ê Êᵀ + Ĝ/a the Gram matrix solves

    Q = B A B,    B = (Λ + Ĥ)⁻¹ = P (λ + P Ĥ P)⁻¹ P,    P = Q^{(1 − 1/L)/2}.

The second form of B needs no inverse of Q. Iterating it solves L = 1 at once and follows L ≥ 3 to a nearby solution. For
L = 2 the penalty is λ times the nuclear norm: weights go to zero in the directions in which the data pull by less than λ, Q
loses rank, and near such a loss the iteration slows down without limit. So for L = 2 the convex problem is solved by
accelerated proximal gradient steps on W = M · targets, which need nothing of the targets but A and set directions to zero
exactly.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_MOST_ITERATIONS = 1000
"""Most solutions take 5 to 30 iterations; those of three and more layers, where a direction goes to zero, many more."""

_WORST_CONDITION = 1e4
"""Ratio of the largest to the smallest curvature above which the distance to the minimum is not bounded."""


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
    """The order parameters of a response, from the Gram matrix `start`, and how far Q may be off, relative to its size."""
    A = response.pull @ response.pull.T + response.scatter / samples_per_feature
    if layers == 2:
        gram, change = _convex(response.curvature, A, start, weight_decay, tolerance)
    else:
        gram, change = _iterated(response.curvature, A, start, weight_decay, layers, tolerance)
    B = _reaction(response.curvature, gram, weight_decay, layers)
    return Order(B @ response.pull, gram, B / samples_per_feature), change


def _reaction(curvature, gram, weight_decay, layers: int):
    """B, by which the weights follow the noisy targets."""
    identity = jnp.eye(curvature.shape[0], dtype=curvature.dtype)
    P = power(gram, 0.5 * (1 - 1 / layers)) if layers > 1 else identity
    return P @ jnp.linalg.solve(weight_decay * identity + P @ curvature @ P, P)


def _iterated(curvature, A, start, weight_decay, layers: int, tolerance):
    """Q by iteration of Q = B A B."""

    def step(state):
        count, gram, _ = state
        B = _reaction(curvature, gram, weight_decay, layers)
        new = B @ A @ B
        new = 0.5 * (new + new.T)
        return count + 1, new, _relative_change(new, gram)

    _, gram, change = jax.lax.while_loop(_unfinished(tolerance), step, (0, start, jnp.asarray(jnp.inf, A.dtype)))
    return gram, change


def _convex(curvature, A, start, weight_decay, tolerance):
    """Q of the nuclear norm, by proximal gradient steps on M with restarts of the momentum (O'Donoghue and Candès 2015)."""
    identity = jnp.eye(A.shape[0], dtype=A.dtype)
    curvatures = jnp.linalg.eigvalsh(curvature)
    steepest = curvatures[-1]
    threshold = weight_decay / steepest
    farther = steepest / jnp.maximum(
        curvatures[0], steepest / _WORST_CONDITION
    )  # the minimum is so many steps away at most

    def shrunk(squares):
        above = squares > threshold**2
        return jnp.where(above, 1 - threshold / jnp.sqrt(jnp.where(above, squares, 1)), 0.0)

    def step(state):
        count, gram, _, M, ahead, momentum = state
        down = ahead - (curvature @ ahead - identity) / steepest
        new = of_eigenvalues(down @ A @ down.T, shrunk) @ down
        momentum = jnp.where(jnp.sum(((ahead - new) @ A) * (new - M)) > 0, 1.0, momentum)
        following = 0.5 * (1 + jnp.sqrt(1 + 4 * momentum**2))
        ahead = new + (momentum - 1) / following * (new - M)
        there = new @ A @ new.T
        return count + 1, there, farther * _relative_change(there, gram), new, ahead, following

    one, first = jnp.ones((), A.dtype), _reaction(curvature, start, weight_decay, layers=2)
    state = (0, start, jnp.inf * one, first, first, one)
    _, gram, change, *_ = jax.lax.while_loop(_unfinished(tolerance), step, state)
    return 0.5 * (gram + gram.T), change


def _unfinished(tolerance):
    return lambda state: (state[0] < _MOST_ITERATIONS) & (state[2] > tolerance)


def _relative_change(new, old):
    return jnp.max(jnp.abs(new - old)) / jnp.maximum(jnp.max(jnp.abs(new)), jnp.finfo(new.dtype).tiny)
