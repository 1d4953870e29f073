"""Random weights with prescribed singular values of J W, for the tests of this room."""

import jax.numpy as jnp
import numpy as np


def centred_frame(rng, classes, rank):
    """Orthonormal columns that sum to zero, (class, rank), rank < classes."""
    J = np.eye(classes) - 1 / classes
    return np.linalg.qr(J @ rng.standard_normal((classes, rank)))[0]


def weights(seed, singular_values, classes=10, features=20):
    """W with the given singular values of J W, and a common shift of the rows that softmax must not see."""
    rng = np.random.default_rng(seed)
    s = np.asarray(singular_values, float)
    V = np.linalg.qr(rng.standard_normal((features, len(s))))[0]
    W = centred_frame(rng, classes, len(s)) * s @ V.T
    return jnp.asarray(W + s.max() * rng.standard_normal(features) / np.sqrt(features))


def rank_k_weights(seed, s, classes=10, features=20):
    """W = s U Vᵀ with K orthonormal left and right vectors: independent logits of variance s²."""
    rng = np.random.default_rng(seed)
    U = np.linalg.qr(rng.standard_normal((classes, classes)))[0]
    V = np.linalg.qr(rng.standard_normal((features, classes)))[0]
    return jnp.asarray(s * U @ V.T)


def random_problem(seed):
    """A random rank 1 … 10 (of W; 9 of J W) and singular values log-uniform within 1e-3 … 1e3."""
    rng = np.random.default_rng([7, seed])
    rank = int(rng.integers(1, 11))
    low, high = np.sort(rng.uniform(-3, 3, 2))
    s = 10 ** rng.uniform(low, high, rank)
    U = np.linalg.qr(rng.standard_normal((10, rank)))[0]
    V = np.linalg.qr(rng.standard_normal((20, rank)))[0]
    return jnp.asarray(U * s @ V.T)
