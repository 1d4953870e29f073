"""What a teacher's labels are like: how balanced its classes are, and how often its noise flips a label."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk.teachers._teacher import Teacher, check_teacher

SCRAMBLES, POINTS = 8, 4096


def flip_probability(teacher: Teacher) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """P(argmax Σ̂x ≠ argmax W̄x) for x ~ N(0, I), and its error bar (section 2.1: it should be above zero)."""
    check_teacher(teacher)
    agreement, error = gaussian.accuracy_with_error(teacher.noisy_weights, teacher.weights)
    return 1 - agreement, error


def class_probabilities(teacher: Teacher) -> tuple[Float[Array, "class"], Float[Array, "class"]]:
    """P(argmax Σ̂x = c) for x ~ N(0, I), and its error bar, from quasi-random logits of covariance Σ̂Σ̂ᵀ.

    The error is three standard errors over independent scrambles. Needs concrete weights.
    """
    from scipy.stats import qmc  # here: half a second, which training does without

    check_teacher(teacher)
    weights = np.asarray(teacher.noisy_weights, np.float64)
    classes = weights.shape[0]
    left, values, _ = np.linalg.svd(weights, full_matrices=False)
    shares = []
    for scramble in range(SCRAMBLES):
        normals = qmc.MultivariateNormalQMC(np.zeros(values.size), rng=np.random.default_rng(scramble)).random(POINTS)
        winners = np.argmax((left * values) @ normals.T, axis=0)
        shares.append(np.bincount(winners, minlength=classes) / POINTS)
    dtype = teacher.left.dtype
    error = 3 * np.std(shares, axis=0, ddof=1) / SCRAMBLES**0.5
    return jnp.asarray(np.mean(shares, axis=0), dtype), jnp.asarray(error, dtype)
