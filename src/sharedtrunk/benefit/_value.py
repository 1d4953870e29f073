"""The loss of a stopped student, by a fine rule.

A coarse curve is enough to find the minimum, because the curve is flat there, but it is not exact enough for the loss. So the
loss of the student at the minimum, usually between two saved times (`flows.minimum`), is computed again.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_kind_of, described, dtype_of
from sharedtrunk._support.arguments import finite as finite_array
from sharedtrunk._support.axes import AnyArray, Covariance
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.statistics import half_width
from sharedtrunk.benefit._curves import check_judges, main_composites
from sharedtrunk.benefit._stopping import known_curve
from sharedtrunk.errors import invalid
from sharedtrunk.flows import minimum
from sharedtrunk.flows.stopped import Stopped
from sharedtrunk.flows.trajectory import Trajectory

ACCURACY = gaussian.Sobol(points=8192, scrambles=1)
"""Rule for accuracies. Its root mean square error is 0.004, enough because accuracies are not compared."""


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

    Parameters
    ----------
    trajectory
        A training with saved composite weights; for nonlinear students one with loss, error and accuracy.
    index
        Saved time at which each lane stops (*lane,).
    moment, clean_weights
        Clean label moment M and clean weights of the main task (*lane, class, feature).
    covariance
        Input covariance C (feature, feature); I by default.
    rule
        Quadrature with at least 4 scrambles.
    curve
        A curve (*lane, time) whose smallest saved value is at `index`: the generalization loss for oracle stopping, the
        validation loss for validation stopping. With it a linear student stops at the curve's minimum t* between saved
        times; its weights are W(t*) = Σ_i ℓ_i(t*) W(t_i) over six saved times.
    moment_error
        Frobenius error of `moment`.

    Returns
    -------
    Stopped
        A lane whose weights are not finite is NaN. The error is the sum of the rule's error, the change of the generalization
        loss if the stop is found from four saved times or from a differently rounded curve, and ‖W‖ · `moment_error`. The
        curve's rule also shifts the minimum a little; that error is of second order in the shift and not included.

    Raises
    ------
    InputError
        For a rule with fewer than 4 scrambles, which gives no error, for a `curve` on a trajectory without generalization
        loss, and where `gaussian.population_loss` raises it.
    """
    check_kind_of(trajectory, Trajectory, "The trajectory", "Use students.train or dynamics.solve")
    check_kind_of(rule, gaussian.Sobol, "The rule", "Use gaussian.FINE")
    if rule.scrambles < 4:
        raise invalid("The rule must have at least 4 scrambles", received=repr(rule), hint="Use gaussian.FINE")
    index = _index_of_times(index, trajectory)
    if not trajectory.composites:
        curves = (trajectory.generalization_loss, trajectory.error, trajectory.accuracy)
        loss, error, accuracy = (minimum.value_at(curve, index) for curve in curves)  # pyright: ignore[reportArgumentType]
        return Stopped(loss, error, np.asarray(trajectory.times)[index], accuracy)
    stop, stop_error = _stop(trajectory, index, curve)
    weights = stop.of(np.asarray(main_composites(trajectory)))
    # The rules take finite weights only; lanes without them become NaN below.
    check_judges(weights.shape, weights.dtype, moment, covariance)
    moment, finite = jnp.asarray(moment), np.asarray(np.isfinite(weights).all(axis=(-2, -1)))
    safe = jnp.asarray(np.where(finite[..., None, None], weights, 0))
    parts = _valued(safe, moment, finite_array(clean_weights, "Clean weights"), covariance, rule)
    scrambles, accuracy = (np.array(part, np.float64) for part in parts)
    scrambles[~finite], accuracy[~finite] = np.nan, np.nan
    rest = stop_error + moment_error * np.linalg.norm(weights, axis=(-2, -1))
    return Stopped(scrambles.mean(axis=-1), half_width(scrambles) + rest, stop.time, accuracy, scrambles, rest, weights)


def _index_of_times(index, trajectory: Trajectory) -> np.ndarray:
    """The index as whole numbers (*lane,). Raises `InputError` unless each is the index of a saved time."""
    count, dtype = np.shape(trajectory.times)[0], dtype_of(index)
    whole = dtype is not None and np.issubdtype(dtype, np.integer)
    if not whole or np.size(index) == 0 or np.min(index) < -count or np.max(index) >= count:
        raise invalid(
            f"The index of a saved time is a whole number below {count}",
            received=described(index),
            hint="Use benefit.oracle_stop",
        )
    losses = trajectory.composites[0][..., 0, 0] if trajectory.composites else trajectory.generalization_loss
    if losses is not None and np.shape(index) != np.shape(losses)[:-1]:
        raise invalid(
            f"There is one index for each lane {np.shape(losses)[:-1]}",
            received=described(np.asarray(index)),
            hint="Use benefit.oracle_stop",
        )
    return np.asarray(index)


def _stop(trajectory: Trajectory, index: np.ndarray, curve) -> tuple[minimum.Interpolated, np.ndarray]:
    """The stop, and the error of the generalization loss there from the spacing of saved times and from rounding."""
    if curve is None:
        return minimum.at_saved(trajectory.times, index), np.zeros(index.shape)
    losses = np.asarray(known_curve(trajectory.generalization_loss, "generalization"), np.float64)
    stop = minimum.at_minimum(trajectory.times, curve, index)
    rough = minimum.at_minimum(trajectory.times, curve, index, minimum.FEWER_NODES)
    read = minimum.reading_error(trajectory.times, losses, stop, rough)
    return stop, read + minimum.rounding_error(trajectory.times, curve, losses, stop)


@program
def _valued(weights, moment, clean_weights, covariance, rule):
    """Losses (*lane, scramble) and accuracies (*lane,)."""
    accuracy = gaussian.accuracy(weights, clean_weights, covariance=covariance, rule=ACCURACY)
    energies = gaussian.free_energy_scrambles(weights, covariance=covariance, rule=rule)
    moment = jnp.broadcast_to(moment, weights.shape)
    agreement = jnp.einsum("...cf,...cf->...", moment, weights, precision="highest")
    return energies - agreement[..., None], accuracy
