"""Labelled samples: inputs x ~ N(0, C) and the labels a teacher gives them.

Hard labels are argmax Σ̂x (β → ∞); soft labels softmax(βΣ̂x) are the finite-β teacher of appendix A.2.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk._support.arguments import described, finite, is_number, whole_number
from sharedtrunk._support.axes import Covariance, Inputs, PRNGKey, Weights
from sharedtrunk._support.concrete import concrete
from sharedtrunk._support.randomness import normal_rows, stream
from sharedtrunk.errors import invalid
from sharedtrunk.teachers._teacher import Teacher, check_teacher


class Sample(NamedTuple):
    """Inputs with the noisy teacher's labels, which train, and the clean teacher's, which judge."""

    inputs: Float[Array, "sample feature"]
    labels: Int[Array, "sample"]
    clean_labels: Int[Array, "sample"]


def sample(key: PRNGKey, teacher: Teacher, n: int, covariance: Covariance | None = None) -> Sample:
    """`n` inputs x ~ N(0, C) with labels argmax Σ̂x and clean labels argmax W̄x (section 2.1).

    Samples are nested: the first rows of a larger sample with the same key are the smaller sample. Raises `InputError`
    for n < 1 or a covariance that is not symmetric positive semidefinite.
    """
    check_teacher(teacher)
    inputs = draw_inputs(key, n, teacher.right.shape[0], covariance, dtype=teacher.right.dtype)
    return Sample(inputs, hard_labels(teacher.noisy_weights, inputs), hard_labels(teacher.weights, inputs))


def draw_inputs(
    key: PRNGKey, n: int, features: int, covariance: Covariance | None = None, dtype=None
) -> Float[Array, "sample feature"]:
    """`n` nested inputs x ~ N(0, C), C = I unless given."""
    whole_number(n, "A sample's size n", least=1, hint="Ask for n ≥ 1")
    whole_number(features, "Features", least=1, hint="Give the number of columns")
    white = normal_rows(stream(key, "inputs"), n, features, dtype)
    return white if covariance is None else white @ _root(covariance, features, white.dtype)


def hard_labels(weights: Weights, inputs: Inputs) -> Int[Array, "*lane sample"]:
    """argmax_c [W x]_c for every input. Teachers share the inputs where `inputs` has no lane axis."""
    return jnp.argmax(_logits(weights, inputs), axis=-2)


def soft_labels(
    weights: Weights, inputs: Inputs, inverse_temperature: float = 1.0
) -> Float[Array, "*lane class sample"]:
    """softmax(β W x), the label probabilities of a teacher at inverse temperature β > 0 (appendix A.2)."""
    beta = concrete(inverse_temperature) if is_number(inverse_temperature) else np.nan
    if beta is not None and not (beta > 0 and beta < float("inf")):
        raise invalid(
            "The inverse temperature β must be finite and > 0",
            received=described(inverse_temperature),
            hint="Use hard_labels for β → ∞",
        )
    logits = _logits(weights, inputs)
    return jax.nn.softmax(jnp.asarray(inverse_temperature, logits.dtype) * logits, axis=-2)


def _logits(weights, inputs):
    weights, inputs = finite(weights, "Weights"), finite(inputs, "Inputs")
    if min(weights.ndim, inputs.ndim) < 2 or weights.shape[-1] != inputs.shape[-1]:
        raise invalid(
            "Weights (…, class, feature) and inputs (…, sample, feature) need the same features",
            received=f"{weights.shape} and {inputs.shape}",
            hint="Give one row per class and one row per sample",
        )
    return weights @ jnp.swapaxes(inputs, -1, -2)


def _root(covariance, features: int, dtype):
    """The symmetric square root of C."""
    covariance = finite(covariance, "The input covariance").astype(dtype)
    if covariance.shape != (features, features):
        raise invalid(
            "The input covariance must be a square matrix, one row per feature",
            received=f"shape {covariance.shape} for {features} features",
            hint="Leave it out for the identity",
        )
    values, vectors = jnp.linalg.eigh(covariance)
    known = concrete(values)
    if known is not None:
        slack = features * float(np.finfo(dtype).eps) * max(abs(known).max(), 1e-300)
        given = np.asarray(covariance)
        symmetric = bool((abs(given - given.T) <= slack).all())
        if not symmetric or not known.min() >= -slack:
            raise invalid(
                "The input covariance must be symmetric and positive semidefinite",
                received=f"smallest eigenvalue {known.min():.3g}" if symmetric else "an asymmetric matrix",
                hint="Use a sample covariance, or C = B Bᵀ",
            )
    return (vectors * jnp.sqrt(jnp.maximum(values, 0))[None, :]) @ vectors.T
