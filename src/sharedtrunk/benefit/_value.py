"""The value of a stopped student, by a fine rule: what the coarse curve is not exact enough for.

The curve only has to find the minimum, which is flat. The student stopped there, mostly between two saved times (`_between`),
is valued itself.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_kind_of
from sharedtrunk._support.axes import AnyArray, Covariance
from sharedtrunk._support.programs import program
from sharedtrunk._support.statistics import t_factor
from sharedtrunk.benefit._curves import check_judges, main_composites
from sharedtrunk.benefit._stopping import at, known_curve
from sharedtrunk.errors import invalid
from sharedtrunk.flows.minimum import FEWER_NODES, Between, at_minimum, at_saved, reading_error, rounding_error
from sharedtrunk.flows.trajectory import Trajectory

CONFIDENCE = 0.99
"""Of the numerical errors: wide, because the spread of eight scrambles is itself uncertain."""


ACCURACY = gaussian.Sobol(points=8192, scrambles=1)
"""Right to 0.004 (root mean square); the loss, not the accuracy, is what is compared."""


class Stopped(NamedTuple):
    """A student at the time it was stopped: its loss (nats) with the estimated error, its accuracy, and the time.

    `scrambles` is the loss by every independent scramble of the rule: two students are compared scramble by scramble,
    because their quadrature errors are alike. `refinement` is the rest of the error: from the spacing of the saved times, the
    rounding of the curve that decides, and the label moment. `weights` are the main task's composite of a linear student.
    """

    loss: Float[np.ndarray, "*lane"]
    error: Float[np.ndarray, "*lane"]
    accuracy: Float[np.ndarray, "*lane"]
    time: Float[np.ndarray, "*lane"]
    scrambles: Float[np.ndarray, "*lane scramble"] | None = None
    refinement: Float[np.ndarray, "*lane"] | None = None
    weights: Float[np.ndarray, "*lane class feature"] | None = None


def value_at(
    trajectory: Trajectory,
    index: Int[AnyArray, "*lane"],
    moment: Float[AnyArray, "*lane class feature"],
    clean_weights: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Covariance | None = None,
    rule: gaussian.Sobol = gaussian.FINE,
    curve: Float[AnyArray, "*lane time"] | None = None,
    moment_error: float = 0.0,
) -> Stopped:
    """L(W; M) of every lane's stopped student in nats, by a fine rule (19), and its accuracy against the clean teacher.

    The stop is the saved time `index`. With `curve`, whose smallest saved value is at `index`, a linear student is stopped
    at that curve's minimum between saved times, t*, as W(t*) = Σ_i ℓ_i(t*) W(t_i), i over six of them: the generalization
    loss for the oracle's stop, the validation loss for an honest one. The error is the rule's estimate, plus how much the
    generalization loss differs when four saved times are used or the curve is rounded otherwise, plus ‖W‖ · `moment_error`,
    the Frobenius error of the label moment; that a coarse rule's minimum lies elsewhere than a fine one's is not in
    it (second order in the shift).
    Nonlinear students bring loss, error and accuracy with them. A lane whose weights are not finite is NaN.

    Raises `InputError` for a rule with fewer than 4 scrambles, which tells no error, for a `curve` on a trajectory without
    generalization loss, and as `population_loss`.
    """
    check_kind_of(trajectory, Trajectory, "What is valued", "Use students.train or dynamics.solve")
    check_kind_of(rule, gaussian.Sobol, "The rule", "Use gaussian.FINE")
    if rule.scrambles < 4:
        raise invalid(
            "Valuing a student needs a rule of at least 4 scrambles", received=repr(rule), hint="Use gaussian.FINE"
        )
    index = np.asarray(index)
    if not trajectory.composites:
        curves = (trajectory.generalization_loss, trajectory.error, trajectory.accuracy)
        loss, error, accuracy = (at(curve, index) for curve in curves)  # pyright: ignore[reportArgumentType]
        return Stopped(loss, error, accuracy, np.asarray(trajectory.times)[index])
    stop, spacing = _stop(trajectory, index, curve)
    weights = stop.of(np.asarray(main_composites(trajectory)))
    # The rules take finite weights only; lanes that have none are put back as NaN below.
    check_judges(weights.shape, weights.dtype, moment, covariance)
    moment, finite = jnp.asarray(moment), np.isfinite(weights).all(axis=(-2, -1))
    parts = _valued(_finite(weights), moment, jnp.asarray(clean_weights), covariance, rule)
    scrambles, accuracy = (np.array(part, np.float64) for part in parts)
    scrambles[~finite], accuracy[~finite] = np.nan, np.nan
    mean, error = mean_with_error(scrambles)
    rest = spacing + moment_error * np.linalg.norm(weights, axis=(-2, -1))
    return Stopped(mean, error + rest, accuracy, stop.time, scrambles, rest, weights)


def _stop(trajectory: Trajectory, index: np.ndarray, curve) -> tuple[Between, np.ndarray]:
    """Where to stop, and the error of the generalization loss there that the saved times and their rounding leave."""
    if curve is None:
        return at_saved(trajectory.times, index), np.zeros(index.shape)
    losses = np.asarray(known_curve(trajectory.generalization_loss, "generalization"), np.float64)
    stop = at_minimum(trajectory.times, curve, index)
    rough = at_minimum(trajectory.times, curve, index, FEWER_NODES)
    read = reading_error(trajectory.times, losses, stop, rough)
    return stop, read + rounding_error(trajectory.times, curve, losses, stop)


def mean_with_error(scrambles: Float[np.ndarray, "*lane scramble"]):
    """Mean over independent scrambles and the half-width of its 99 % interval (Student's t), lane by lane."""
    count = scrambles.shape[-1]
    spread = np.std(scrambles, axis=-1, ddof=1) / count**0.5
    return np.mean(scrambles, axis=-1), t_factor(count, CONFIDENCE) * spread


def _finite(weights: np.ndarray) -> jax.Array:
    """Zero weights where those given are not finite."""
    return jnp.asarray(np.where(np.isfinite(weights).all(axis=(-2, -1), keepdims=True), weights, 0))


@program
def _losses(weights, moment, covariance, rule):
    energies = gaussian.free_energy_scrambles(weights, covariance=covariance, rule=rule)
    moment = jnp.broadcast_to(moment, weights.shape)
    return energies - jnp.einsum("...cf,...cf->...", moment, weights, precision="highest")[..., None]


@program
def _valued(weights, moment, clean_weights, covariance, rule):
    accuracy = gaussian.accuracy(weights, clean_weights, covariance=covariance, rule=ACCURACY)
    return _losses(weights, moment, covariance, rule), accuracy
