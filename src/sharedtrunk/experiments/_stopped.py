"""Trained linear students at their stops: their losses by a fine rule, and the slope of the loss there."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, gaussian
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._legs import SPACING
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.stopped import Stopped, Stops
from sharedtrunk.flows.trajectory import Trajectory

LEAST_POINTS = 512
"""The smallest number of nodes of the slope's rule. With fewer, the error bar is too short to cover the true value."""

Bracketed = Callable[[Any, Any], np.ndarray]
"""`(times, curve (lane, time)) → (lane,)`: whether the minimum of a curve is bracketed."""


def stopped_students(
    settings: StandardSettings, draw: Draw, trajectory: Trajectory, *, bracketed: Bracketed = benefit.bracketed
) -> Stops:
    """Stop every lane by both rules, usually between saved times, and evaluate the student there by the fine rule.

    A descent with steps longer than half of `SPACING` stops at a saved time: its weights may jump back and forth from step to
    step, so they cannot be interpolated.

    Parameters
    ----------
    settings, draw
        The problem, and the data of the chunk.
    trajectory
        What `follow` returned, or a path of weight decays.
    bracketed
        When the minimum of a curve counts as bracketed.

    Returns
    -------
    Stops
        Students stopped by the oracle and by the validation loss; each result says whether its own curve is bracketed.
    """
    rule = gaussian.Sobol(points=settings.fine_points, scrambles=settings.scrambles)
    smooth = settings.training == "flow" or 2 * settings.step <= SPACING

    def stopped(index: np.ndarray, curve) -> Stopped:
        found = benefit.value_at(
            trajectory,
            index,
            draw.moments,
            draw.clean_weights,
            rule=rule,
            curve=curve if smooth else None,
            moment_error=float(draw.moment_error),
        )
        return with_result(found, trajectory, curve, bracketed)

    return Stops(
        stopped(benefit.oracle_stop(trajectory), trajectory.generalization_loss),
        stopped(benefit.validation_stop(trajectory), trajectory.validation_loss),
    )


def stop_and_value(settings: StandardSettings, draw: Draw, trajectory: Trajectory) -> dict[str, np.ndarray]:
    """`stopped_students` as the columns that a sweep stores, with the slope of the loss at the oracle's stop.

    Parameters
    ----------
    settings
        The problem, and the arm that is trained.
    draw
        Teachers, samples and starts of the lanes.
    trajectory
        The trained students.

    Returns
    -------
    dict
        Column → array with one row per lane.
    """
    stops = stopped_students(settings, draw, trajectory)
    assert stops.oracle.weights is not None  # students here are linear
    # a quarter of the nodes is enough: the bounds made from the slope are wide, and a moment costs twice as much as a loss
    slope_rule = gaussian.Sobol(points=max(LEAST_POINTS, settings.fine_points // 4), scrambles=settings.scrambles)
    return columns(stops, slope_of(stops.oracle.weights, draw, slope_rule))


def with_result(stopped: Stopped, trajectory: Trajectory, curve, bracketed: Bracketed = benefit.bracketed) -> Stopped:
    """`stopped` with NaN in failed lanes, and with every lane's result code according to `curve`."""
    failed = np.not_equal(np.asarray(trajectory.result), Result.SUCCESS)
    unfailed = np.where(bracketed(trajectory.times, curve), Result.SUCCESS, Result.NOT_BRACKETED)
    known = Stopped(*(None if part is None else _where(~failed, part) for part in stopped))  # pyright: ignore[reportArgumentType]
    return known._replace(result=np.where(failed, trajectory.result, unfailed))


def columns(stops: Stops, others: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Both stops as the columns of a dataset. A lane's code is the validation stop's where the oracle's is a success."""
    oracle, validation = stops
    assert validation is not None  # trained students have both stops, with result codes
    assert oracle.result is not None
    assert validation.result is not None
    code = np.where(np.asarray(oracle.result != Result.SUCCESS), oracle.result, validation.result)
    found: dict[str, Any] = {"result": code.astype(np.int8)} | others
    for suffix, stopped in (("", oracle), ("_honest", validation)):
        found |= {
            f"loss{suffix}": stopped.loss,
            f"loss{suffix}_error": stopped.error,
            f"loss{suffix}_scrambles": stopped.scrambles,
            f"loss{suffix}_refinement": stopped.refinement,
            f"accuracy{suffix}": stopped.accuracy,
            f"stop{suffix}": stopped.time,
        }
    return found


def slope_of(weights: np.ndarray, draw: Draw, rule: gaussian.Sobol) -> dict[str, np.ndarray]:
    """Main-task weights W (lane, class, feature), −∇L = M − ∇F(W) there, and its error (Frobenius norm)."""
    finite = np.asarray(np.isfinite(weights).all(axis=(-2, -1)))
    safe = jnp.asarray(_where(finite, weights, 0.0))
    moment, error = gaussian.softmax_moment_with_error(safe, rule=rule)
    slope = np.asarray(draw.moments) - np.asarray(moment)
    # the rounding error of subtracting two matrices of this size
    rounding = np.finfo(slope.dtype).eps * np.linalg.norm(np.asarray(moment), axis=(-2, -1))
    error = np.asarray(error) + float(draw.moment_error) + rounding
    return {"weights": weights, "slope": _where(finite, slope), "slope_error": _where(finite, error)}


def _where(lanes: np.ndarray, column, otherwise: float = np.nan) -> np.ndarray:
    """`column` where `lanes` is true, `otherwise` elsewhere."""
    column = np.asarray(column)
    shape = lanes.shape + (1,) * (column.ndim - 1)
    return np.where(lanes.reshape(shape), column, np.asarray(otherwise, column.dtype))
