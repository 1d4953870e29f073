"""Labelled samples: inputs x ~ N(0, C) and the labels that a teacher gives to the inputs.

Hard labels are argmax Σ̂x (β → ∞); soft labels softmax(βΣ̂x) are the finite-β teacher of appendix A.2.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sharedtrunk._support.arguments import check_inverse_temperature, check_result, finite, whole_number
from sharedtrunk._support.axes import Covariance, Inputs, PRNGKey, Weights
from sharedtrunk._support.randomness import normal_rows, stream
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian.checks import as_covariance
from sharedtrunk.teachers._teacher import Teacher, check_teacher


class Sample(NamedTuple):
    """Inputs with the labels of the noisy teacher, for training, and of the clean teacher, for evaluation.

    Parameters
    ----------
    inputs
        x (sample, feature).
    labels
        Class of each input by the noisy teacher.
    clean_labels
        Class of each input by the clean teacher.
    """

    inputs: Float[Array, "sample feature"]
    labels: Int[Array, "sample"]
    clean_labels: Int[Array, "sample"]


def sample(key: PRNGKey, teacher: Teacher, n: int, covariance: Covariance | None = None) -> Sample:
    """Inputs x ~ N(0, C) with labels argmax Σ̂x and clean labels argmax W̄x.

    Samples are nested: the first rows of a larger sample with the same key are the smaller sample.

    Parameters
    ----------
    key
        JAX key; the same key gives the same inputs for every teacher.
    teacher
        The teacher that labels the inputs.
    n
        Number of inputs, at least 1.
    covariance
        C (feature, feature); the identity by default.

    Returns
    -------
    Sample
        Inputs (sample, feature), and the labels and clean labels (sample,) as class indices.

    Raises
    ------
    InputError
        For n < 1, for a covariance that is not symmetric positive semidefinite, and for anything but a `Teacher`.

    References
    ----------
    The paper, section 2.1.
    """
    check_teacher(teacher)
    inputs = draw_inputs(key, n, teacher.right.shape[0], covariance, dtype=teacher.right.dtype)
    return Sample(inputs, hard_labels(teacher.noisy_weights, inputs), hard_labels(teacher.weights, inputs))


def draw_inputs(
    key: PRNGKey, n: int, features: int, covariance: Covariance | None = None, dtype=None
) -> Float[Array, "sample feature"]:
    """`n` nested inputs x ~ N(0, C).

    Parameters
    ----------
    key
        JAX key.
    n, features
        Numbers of rows and columns, at least 1.
    covariance
        C (feature, feature); the identity by default.
    dtype
        Precision of the inputs; JAX's default unless given.

    Returns
    -------
    Array
        (sample, feature). The first rows of a larger draw with the same key are the smaller draw.

    Raises
    ------
    InputError
        Where `sample` raises it.
    """
    whole_number(n, "A sample's size n", least=1, hint="Ask for n ≥ 1")
    whole_number(features, "Features", least=1, hint="Give the number of columns")
    white = normal_rows(stream(key, "inputs"), n, features, dtype)
    return white if covariance is None else white @ _root(covariance, features, white.dtype)


def hard_labels(weights: Weights, inputs: Inputs) -> Int[Array, "*lane sample"]:
    """Labels argmax_c [W x]_c of every input.

    Parameters
    ----------
    weights
        Composite weights (…, class, feature).
    inputs
        (…, sample, feature); inputs without a lane axis are shared by all teachers.

    Returns
    -------
    Array
        Class indices (…, sample); ties go to the first class.

    Raises
    ------
    InputError
        For values that are not finite or shapes that do not match.
    """
    return jnp.argmax(_logits(weights, inputs), axis=-2)


def soft_labels(
    weights: Weights, inputs: Inputs, inverse_temperature: float = 1.0
) -> Float[Array, "*lane class sample"]:
    """Label probabilities softmax(β W x) of a teacher at inverse temperature β.

    Parameters
    ----------
    weights, inputs
        See `hard_labels`.
    inverse_temperature
        β > 0, one number.

    Returns
    -------
    Array
        (…, class, sample), summing to 1 over the classes.

    Raises
    ------
    InputError
        Where `hard_labels` raises it, and for a β that is not one finite number > 0.

    References
    ----------
    The paper, appendix A.2.
    """
    check_inverse_temperature(inverse_temperature, "Use hard_labels for β → ∞")
    logits = _logits(weights, inputs)
    scaled = jnp.asarray(inverse_temperature, logits.dtype) * logits
    check_result(scaled, "The logits times β")
    return jax.nn.softmax(scaled, axis=-2)


def _logits(weights, inputs):
    weights, inputs = finite(weights, "Weights"), finite(inputs, "Inputs")
    if min(weights.ndim, inputs.ndim) < 2 or weights.shape[-1] != inputs.shape[-1] or weights.shape[-2] == 0:
        raise invalid(
            "Weights (…, class, feature) and inputs (…, sample, feature) need the same features",
            received=f"{weights.shape} and {inputs.shape}",
            hint="Give one row per class and one row per sample",
        )
    return weights @ jnp.swapaxes(inputs, -1, -2)


def _root(covariance, features: int, dtype):
    """The symmetric square root of C."""
    covariance = as_covariance(covariance, jax.ShapeDtypeStruct((features,), dtype))
    values, vectors = jnp.linalg.eigh(covariance)
    return (vectors * jnp.sqrt(jnp.maximum(values, 0))[None, :]) @ vectors.T
