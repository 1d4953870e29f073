"""The value of a stopped student, by a fine rule: what the coarse curve is not exact enough for."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk import gaussian
from sharedtrunk._axes import AnyArray, Covariance
from sharedtrunk._errors import invalid
from sharedtrunk._parabola import vertex_below
from sharedtrunk._statistics import t_factor
from sharedtrunk.benefit._curves import check_judges, main_composites
from sharedtrunk.benefit._stopping import at
from sharedtrunk.trajectory import Trajectory

CONFIDENCE = 0.99
"""Of the numerical errors: wide, because the spread of eight scrambles is itself uncertain."""


class Stopped(NamedTuple):
    """A student at the time it was stopped: its loss (nats) with the estimated error, its accuracy, and the time.

    `scrambles` is the loss by every independent scramble of the rule: two students are compared scramble by scramble,
    because their quadrature errors are alike. `refinement` is the rest of the error: from the spacing of the saved times
    and from the label moment.
    """

    loss: Float[np.ndarray, "*lane"]
    error: Float[np.ndarray, "*lane"]
    accuracy: Float[np.ndarray, "*lane"]
    time: Float[np.ndarray, "*lane"]
    scrambles: Float[np.ndarray, "*lane scramble"] | None = None
    refinement: Float[np.ndarray, "*lane"] | None = None


def value_at(
    trajectory: Trajectory,
    index: Int[AnyArray, "*lane"],
    moment: Float[AnyArray, "*lane class feature"],
    clean_weights: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Covariance | None = None,
    rule: gaussian.Sobol = gaussian.FINE,
    refine: bool = False,
    moment_error: float = 0.0,
) -> Stopped:
    """L(W; M) at the saved time `index` of every lane, by a fine rule, and the accuracy against the clean teacher.

    With `refine` the minimum between saved times is added: the parabola through the coarse curve's three lowest points
    says how far below the saved point it lies. The error is the rule's estimate plus half of that correction, plus
    ‖W‖ · `moment_error`, the Frobenius error of the label moment. Nonlinear
    students bring loss, error and accuracy with them. A lane whose weights are not finite is NaN. Raises `InputError` for
    a rule with fewer than 4 scrambles, which tells no error, for `refine` without a loss curve, and as `population_loss`.
    """
    if rule.scrambles < 4 or (refine and trajectory.generalization_loss is None):
        raise invalid(
            "Valuing a student needs a rule of at least 4 scrambles, and refining it the loss curve",
            received=f"{rule} and a trajectory with{'' if trajectory.generalization_loss is not None else 'out'} curve",
            way_out="Use gaussian.FINE, and benefit.with_generalization_loss first",
        )
    index = np.asarray(index)
    time = np.asarray(trajectory.times)[index]
    if not trajectory.composites:
        curves = (trajectory.generalization_loss, trajectory.error, trajectory.accuracy)
        loss, error, accuracy = (at(curve, index) for curve in curves)  # pyright: ignore[reportArgumentType]
        return Stopped(loss, error, accuracy, time)
    chosen = index[..., None, None, None]
    weights = np.take_along_axis(np.asarray(main_composites(trajectory)), chosen, axis=-3).squeeze(-3)
    # The rules take finite weights only; lanes that have none are put back as NaN below.
    check_judges(weights, moment, covariance)
    finite = np.asarray(np.isfinite(weights).all(axis=(-2, -1)))
    safe = jnp.asarray(np.where(finite[..., None, None], weights, 0))
    parts = _valued(safe, jnp.asarray(moment), jnp.asarray(clean_weights), covariance, rule)
    scrambles, accuracy = (np.array(part, np.float64) for part in parts)
    scrambles[~finite], accuracy[~finite] = np.nan, np.nan
    below = np.zeros(finite.shape)
    if refine:
        below = vertex_below(np.asarray(trajectory.times), np.asarray(trajectory.generalization_loss), index)
    scrambles = scrambles - below[..., None]
    mean, error = mean_with_error(scrambles)
    rest = below / 2 + moment_error * np.linalg.norm(weights, axis=(-2, -1))
    return Stopped(mean, error + rest, accuracy, time, scrambles, rest)


def mean_with_error(scrambles: Float[np.ndarray, "*lane scramble"]):
    """Mean over independent scrambles and the half-width of its 99 % interval (Student's t), lane by lane."""
    count = scrambles.shape[-1]
    spread = np.std(scrambles, axis=-1, ddof=1) / count**0.5
    return np.mean(scrambles, axis=-1), t_factor(count, CONFIDENCE) * spread


@functools.partial(jax.jit, static_argnames="rule")
def _valued(weights, moment, clean_weights, covariance, rule):
    energies = gaussian.free_energy_scrambles(weights, covariance=covariance, rule=rule)
    agreement = jnp.einsum("...cf,...cf->...", moment, weights, precision="highest")
    accuracy = gaussian.accuracy(weights, clean_weights, covariance=covariance)
    return energies - agreement[..., None], accuracy
