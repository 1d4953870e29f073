"""The drive: minus the gradient of the training loss, layer by layer (2), (8).

For a linear student the composite W_t = head_t · trunk is formed once, so that the passes over the data cost class ×
feature × sample and the hidden layer costs nothing there:

    D_t = M̂_t − Σ_μ c_tμ P(W_t x_μ) x_μᵀ,      M̂_t = Σ_μ c_tμ y_tμ x_μᵀ,      c_tμ = α_t m_tμ / n_t
    drive of head_t: D_t trunkᵀ,    drive of W⁽ˡ⁾: (W⁽ᴸ⁻¹⁾ … W⁽ˡ⁺¹⁾)ᵀ [Σ_t head_tᵀ D_t] (W⁽ˡ⁻¹⁾ … W⁽¹⁾)ᵀ.

The sample's label moment M̂ does not change in time and is formed once per training. The drive of a nonlinear student is the
automatic derivative of the loss. Functions here are for one lane.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import check_kind_of
from sharedtrunk.students._loss import training_loss
from sharedtrunk.students._network import SharedTrunk, like, trunk_composite
from sharedtrunk.students._problem import Problem, check_cross_entropy

Moments = tuple[Float[Array, "_ feature"], ...]


def label_moments(problem: Problem) -> Moments:
    """M̂_t = Σ_μ (α_t m_tμ / n_t) y_tμ x_μᵀ, the sample's label moment of every task."""
    return tuple(targets @ problem.inputs.T for targets in problem.targets)


def drive(network: SharedTrunk, problem: Problem, moments: Moments | None = None) -> SharedTrunk:
    """−∇L for every layer of one student (2), (8).

    Parameters
    ----------
    network, problem
        The student, and what it is trained on; neither has a lane axis.
    moments
        The sample's label moments (class, feature) of every task, if they were computed before.

    Returns
    -------
    SharedTrunk
        The drive of each layer, in the shape of the student.
    """
    check_kind_of(network, SharedTrunk, "A student", "Use random_start")
    check_kind_of(problem, Problem, "The problem", "Use make_problem")
    check_cross_entropy(problem)
    if network.activation != "linear":
        return _differentiated(network, problem)
    return _linear_drive(network, problem, label_moments(problem) if moments is None else moments)


def _differentiated(network: SharedTrunk, problem: Problem) -> SharedTrunk:
    return jax.tree.map(jnp.negative, jax.grad(training_loss)(network, problem))


def _linear_drive(network: SharedTrunk, problem: Problem, moments: Moments) -> SharedTrunk:
    trunk = trunk_composite(network)
    composite_drives = tuple(
        moment - (coefficient[None, :] * jax.nn.softmax(head @ trunk @ problem.inputs, axis=0)) @ problem.inputs.T
        for head, moment, coefficient in zip(network.heads, moments, problem.coefficients, strict=True)
    )
    heads = tuple(d @ trunk.T for d in composite_drives)
    trunk_drive = sum(head.T @ d for head, d in zip(network.heads, composite_drives, strict=True))
    return like(network, _layers(network.trunk, trunk_drive), heads)


def _layers(trunk, trunk_drive):
    """The drive of each trunk layer, from that of the trunk's composite (8)."""
    below: list = [None]
    for layer in trunk[:-1]:
        below.append(layer if below[-1] is None else layer @ below[-1])
    drives, above = [], trunk_drive
    for layer, product in zip(reversed(trunk), reversed(below), strict=True):
        drives.append(above if product is None else above @ product.T)
        above = layer.T @ above
    return tuple(reversed(drives))
