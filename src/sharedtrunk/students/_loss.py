"""The training loss (1) for any number of tasks, layer by layer: the definition that the drive must match."""

import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import check_kind_of
from sharedtrunk.students._network import SharedTrunk, logits
from sharedtrunk.students._problem import Problem, check_cross_entropy


def training_loss(network: SharedTrunk, problem: Problem) -> Float[Array, ""]:
    """L = Σ_t α_t / n_t Σ_μ m_tμ [ln Z(z_tμ) − Σ_c y_tcμ z_tcμ] in nats (1), for one lane."""
    check_kind_of(problem, Problem, "The problem", "Use make_problem")
    check_cross_entropy(problem)
    total = jnp.zeros((), problem.inputs.dtype)
    for z, targets, coefficient in zip(
        logits(network, problem.inputs), problem.targets, problem.coefficients, strict=True
    ):
        total = total + jnp.sum(coefficient * logsumexp(z, axis=0)) - jnp.sum(targets * z)
    return total
