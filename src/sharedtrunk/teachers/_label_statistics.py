"""Statistics of a teacher's labels: their moment, the frequency of each class, and how often noise flips a label."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.concrete import concrete
from sharedtrunk._support.statistics import half_width
from sharedtrunk.teachers._teacher import Teacher, check_teacher

SCRAMBLES, POINTS = 8, 4096
"""Quasi-random points for the classes' frequencies: the error is below 10⁻³ after a few milliseconds."""


def clean_label_moment(teacher: Teacher) -> tuple[Float[Array, "class feature"], Float[Array, ""]]:
    """Label moment of a teacher's clean weights, M(W̄) = E[onehot(argmax W̄x) xᵀ] for x ~ N(0, I).

    A teacher of rank K with equal singular values has independent logits of one variance, and its moment is exact
    (`gaussian.orthonormal_label_moment`). Every teacher of the standard problem is of this kind; others go to
    `gaussian.label_moment_with_error`.

    Parameters
    ----------
    teacher
        The teacher, known before tracing.

    Returns
    -------
    moment, error
        M (class, feature), and its error in Frobenius norm (the half-width of a 99 % interval).

    Raises
    ------
    InputError
        For anything but a `Teacher` of finite numbers, and where `gaussian.label_moment` raises it.
    """
    check_teacher(teacher)
    values = concrete(teacher.singular_values)
    classes, dtype = teacher.left.shape[0], teacher.left.dtype
    if values is None or values.size < classes or values[0] == 0 or not np.all(values == values[0]):
        return gaussian.label_moment_with_error(teacher.weights)
    left, right = (np.asarray(frame, np.float64) for frame in (teacher.left, teacher.right))
    moment = gaussian.orthonormal_label_moment(left @ right.T)
    rounding = np.finfo(dtype).eps * np.sqrt(moment.size)
    return jnp.asarray(moment, dtype), jnp.asarray(rounding * np.max(np.abs(moment)), dtype)


def flip_probability(teacher: Teacher) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Probability that noise flips a label, P(argmax Σ̂x ≠ argmax W̄x) for x ~ N(0, I).

    Parameters
    ----------
    teacher
        The teacher.

    Returns
    -------
    probability, error
        The probability, and an error bar as `gaussian.accuracy_with_error` gives it.

    Raises
    ------
    InputError
        For anything but a `Teacher` of finite numbers.

    References
    ----------
    The paper, section 2.1, which requires this probability to be above zero.
    """
    check_teacher(teacher)
    agreement, error = gaussian.accuracy_with_error(teacher.noisy_weights, teacher.weights)
    return 1 - agreement, error


def class_probabilities(teacher: Teacher) -> tuple[Float[Array, "class"], Float[Array, "class"]]:
    """Frequency of every label, P(argmax Σ̂x = c) for x ~ N(0, I), from quasi-random logits of covariance Σ̂Σ̂ᵀ.

    Parameters
    ----------
    teacher
        The teacher, known before tracing.

    Returns
    -------
    probabilities, errors
        One number per class, and the half-width of its 99 % interval over independent scrambles.

    Raises
    ------
    InputError
        For anything but a `Teacher` of finite numbers.
    """
    from scipy.stats import qmc  # imported here: it takes half a second, and training does without it

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
    error = half_width(np.stack(shares), axis=0)
    return jnp.asarray(np.mean(shares, axis=0), dtype), jnp.asarray(error, dtype)
