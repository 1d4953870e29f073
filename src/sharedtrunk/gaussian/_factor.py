"""The factor of the logits: J W C^½ = A Vᵀ with A lower triangular and V orthonormal.

Softmax sees the logits z = W x only through J z = A u, u = Vᵀ C^{-½} x ~ N(0, I) in at most K − 1 dimensions. A is the
Cholesky factor of J W C Wᵀ J, computed without squaring the singular values; V maps E[P uᵀ] back to the features.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def centred(W: Float[Array, "*lane class feature"]) -> Float[Array, "*lane class feature"]:
    """J W: remove the common shift of the rows, which softmax does not see."""
    return W - jnp.mean(W, axis=-2, keepdims=True)


def to_unit_scale(W: Any) -> Any:
    """Every lane divided by the power of two that makes its largest entry about 1. It changes no digits."""
    xp = jnp if isinstance(W, jax.Array) else np
    _, power = xp.frexp(xp.max(xp.abs(W), axis=(-2, -1), keepdims=True, initial=0))
    return xp.ldexp(W, xp.broadcast_to(-power, W.shape))


def covariance_root(covariance: Float[Array, "feature feature"]) -> Float[Array, "feature feature"]:
    """A root R of C = R Rᵀ, by eigenvectors so that a singular C is allowed.

    Eigenvalues that are negative by rounding count as zero; indefinite matrices are refused by `as_covariance`.
    """
    values, vectors = jnp.linalg.eigh(covariance)
    return vectors * jnp.sqrt(jnp.maximum(values, jnp.zeros((), values.dtype)))[None, :]


def host_root(covariance: np.ndarray) -> np.ndarray:
    """`covariance_root` on the host, in float64."""
    values, vectors = np.linalg.eigh(np.asarray(covariance, float))
    return vectors * np.sqrt(np.maximum(values, 0.0))


def whitened(
    W: Float[Array, "*lane class feature"], covariance: Float[Array, "feature feature"] | None
) -> Float[Array, "*lane class feature"]:
    """J W C^½: everything softmax sees of W when x ~ N(0, C)."""
    W = centred(W)
    return W if covariance is None else jnp.matmul(W, covariance_root(covariance), precision="highest")


def factor(
    W: Float[Array, "class feature"], directions: int | None = None
) -> tuple[Float[Array, "class direction"], Float[Array, "direction feature"]]:
    """Factor centred weights of one lane, W = A V with orthonormal rows of V, by Gram–Schmidt done twice.

    A row that depends linearly on those before it (to rounding) adds no direction: its column of A and its
    row of V are zero. The last row of centred weights is minus the sum of the others, so K − 1 `directions`
    are enough, the default.
    """
    K = W.shape[0]
    count = K - 1 if directions is None else directions
    eps = jnp.asarray(K * jnp.finfo(W.dtype).eps, W.dtype)
    zero, one = jnp.zeros((), W.dtype), jnp.ones((), W.dtype)
    # with a largest entry of one, squares of entries of 1e±30 stay inside float32
    scale = jnp.max(jnp.abs(W))
    scale = jnp.where(scale > zero, scale, one)
    rows = W / scale
    sizes = jnp.sum(rows * rows, axis=-1)

    def step(j, V):
        v = rows[j]
        # rows of V not yet found are zero; a second pass restores orthogonality where rows are nearly dependent
        for _ in range(2):
            v = v - jnp.matmul(jnp.matmul(V, v, precision="highest"), V, precision="highest")
        square = jnp.sum(v * v)
        new = square > eps * eps * sizes[j]
        inverse = jnp.where(new, jax.lax.rsqrt(jnp.where(new, square, one)), zero)
        return V.at[j].set(v * inverse)

    V = jax.lax.fori_loop(0, count, step, jnp.zeros((count, W.shape[1]), W.dtype))
    A = jnp.matmul(rows, V.T, precision="highest") * scale
    # the entries above the diagonal are zero in exact arithmetic
    return jnp.tril(A), V


def triangle(W: Float[Array, "class feature"]) -> Float[Array, "class direction"]:
    """The first part A of `factor` alone, by Cholesky's elimination on W Wᵀ, at a third of its cost.

    A Aᵀ is W Wᵀ to rounding, which is all that F needs. A row adds no direction if its part outside the rows before it is
    smaller than √(K ε) times the row, that is K ε of its square.
    """
    K = W.shape[0]
    zero, one = jnp.zeros((), W.dtype), jnp.ones((), W.dtype)
    scale = jnp.max(jnp.abs(W))
    scale = jnp.where(scale > zero, scale, one)
    rows = W / scale
    Q = jnp.matmul(rows, rows.T, precision="highest")
    least = jnp.asarray(K * jnp.finfo(W.dtype).eps, W.dtype) * jnp.diagonal(Q)
    columns = []
    for j in range(K - 1):
        new = Q[j, j] > least[j]
        column = jnp.where(new, Q[:, j] * jax.lax.rsqrt(jnp.where(new, Q[j, j], one)), zero)
        Q = Q - column[:, None] * column[None, :]
        columns.append(column)
    # the entries above the diagonal are zero in exact arithmetic
    return jnp.tril(jnp.stack(columns, axis=1)) * scale
