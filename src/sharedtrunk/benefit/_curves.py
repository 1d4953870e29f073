"""The two losses of the main task along a training: the true one, and the one that a practitioner can see.

*Generalization loss* (19): computed from the composite weights for Gaussian inputs and clean labels. *Validation loss*:
the empirical cross-entropy on points held out from training, with noisy labels, the only ones that a practitioner has.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_kind_of, dtype_of, finite, floating
from sharedtrunk._support.axes import AnyArray, Covariance
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.concrete import concrete
from sharedtrunk.benefit._stopping import check_trajectory
from sharedtrunk.errors import invalid
from sharedtrunk.flows.trajectory import Trajectory
from sharedtrunk.gaussian.checks import as_covariance, as_moment


def with_generalization_loss(
    trajectory: Trajectory,
    moment: Float[Array, "*lane class feature"],
    *,
    covariance: Covariance | None = None,
    rule: gaussian.Sobol = gaussian.COARSE,
) -> Trajectory:
    """Fill in L(W_A(t); M) = F(W_A(t)) − ⟨M, W_A(t)⟩ (19) in nats at every saved time, with M the clean label moment.

    Parameters
    ----------
    trajectory
        A training of linear students, with composite weights.
    moment
        Clean label moment M of the main task (*lane, class, feature).
    covariance
        Input covariance C (feature, feature); I by default.
    rule
        Quadrature of F. The default is coarse, because it only has to find the minimum; `value_at` computes the loss there.

    Returns
    -------
    Trajectory
        The same trajectory with `generalization_loss` (*lane, time).

    Raises
    ------
    InputError
        For students without composite weights, or a moment or covariance of the wrong shape.
    """
    weights = main_composites(trajectory)
    check_kind_of(rule, gaussian.Sobol, "The rule of a curve", "Use gaussian.COARSE")
    moment = floating(moment, "The moment").astype(weights.dtype)
    check_judges((*weights.shape[:-3], *weights.shape[-2:]), weights.dtype, moment, covariance)
    loss = _population_losses(weights, moment, covariance, rule)
    return dataclasses.replace(trajectory, generalization_loss=loss)


def check_judges(shape: tuple[int, ...], dtype, moment, covariance) -> None:
    """Check moment and covariance for students (*lane, class, feature). Call it outside jit: inside, values are unknown."""
    given = jax.ShapeDtypeStruct(shape, dtype)
    M = as_moment(moment, given)
    if np.broadcast_shapes(M.shape, shape) != shape:
        raise invalid(
            f"The moment must have no lanes beyond those of the students {shape[:-2]}",
            received=M.shape[:-2],
            hint="Give one matrix, or one for each lane",
        )
    as_covariance(covariance, given)


@program
def _population_losses(weights, moment, covariance, rule):
    spread = jnp.broadcast_to(moment[..., None, :, :], weights.shape)
    return gaussian.population_loss(weights, spread, covariance=covariance, rule=rule)


def with_validation_loss(
    trajectory: Trajectory, inputs: Float[Array, "sample feature"], labels: Int[Array, "*lane sample"]
) -> Trajectory:
    """Fill in the mean cross-entropy of the main task on held-out points with noisy labels, in nats.

    Parameters
    ----------
    trajectory
        A training of linear students, with composite weights.
    inputs
        Held-out inputs (sample, feature), the same for all lanes.
    labels
        Their class indices (*lane, sample).

    Returns
    -------
    Trajectory
        The same trajectory with `validation_loss` (*lane, time).

    Raises
    ------
    InputError
        For students without composite weights, or inputs and labels that do not match.
    """
    weights = main_composites(trajectory)
    inputs = finite(inputs, "Held-out inputs")
    whole = bool(np.issubdtype(dtype_of(labels) or object, np.integer))
    if not whole or inputs.ndim != 2 or inputs.shape[1] != weights.shape[-1]:
        raise invalid(
            "Validation needs held-out inputs (sample, feature) and whole numbers as labels",
            received=f"inputs {inputs.shape} for {weights.shape[-1]} features"
            + ("" if whole else ", labels of another type"),
            hint="Label the held-out inputs with the noisy teacher",
        )
    labels = jnp.asarray(labels)
    if labels.shape != (*weights.shape[:-3], inputs.shape[0]):
        raise invalid(
            "Validation needs one label per held-out point and lane",
            received=f"labels {labels.shape} for {inputs.shape[0]} points and lanes {weights.shape[:-3]}",
            hint="Label the held-out inputs with the noisy teacher of each lane",
        )
    known = concrete(labels)
    if known is not None and not ((known >= 0) & (known < weights.shape[-2])).all():
        raise invalid(
            f"Validation labels must be class indices 0 … {weights.shape[-2] - 1}",
            received=f"values from {known.min()} to {known.max()}",
            hint="Leave out points without a label",
        )
    return dataclasses.replace(trajectory, validation_loss=_cross_entropies(weights, inputs, labels))


@program
def _cross_entropies(weights, inputs, labels):
    z = weights @ inputs.T
    mean = jnp.asarray(1 / inputs.shape[0], z.dtype)
    # Σ_μ z_{y_μ μ} = ⟨W, Σ_μ onehot(y_μ) x_μᵀ⟩: the label term needs one small moment, not a gather over time.
    moment = jax.nn.one_hot(labels, weights.shape[-2], axis=-2, dtype=z.dtype) @ inputs
    agreement = jnp.sum(weights * moment[..., None, :, :], axis=(-2, -1))
    return mean * (jnp.sum(logsumexp(z, axis=-2), axis=-1) - agreement)


def main_composites(trajectory: Trajectory) -> Float[AnyArray, "*lane time class feature"]:
    """Composite weights of the main task, or an error that says why there are none."""
    check_trajectory(trajectory)
    if not trajectory.composites:
        raise invalid(
            "Losses can be computed for linear students only, which have composite weights",
            received="a trajectory without composites",
            hint="Train a nonlinear student with evaluation=FreshInputs(...)",
        )
    return trajectory.composites[0]
