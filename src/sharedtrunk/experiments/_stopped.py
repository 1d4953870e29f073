"""The value of trained lanes: stopped by the oracle and honestly, their losses by a fine rule, and the slope there."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, gaussian
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._follow import settled
from sharedtrunk.experiments._legs import SPACING
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.trajectory import Result, Trajectory

LEAST_POINTS = 512
"""Of the slope's rule, so that its error bar holds."""


def stop_and_value(settings: StandardSettings, draw: Draw, trajectory: Trajectory) -> dict[str, np.ndarray]:
    """Stop every lane by the oracle and honestly, mostly between saved times, and value both by the fine rule.

    A descent whose steps are hardly closer than the saved times is stopped at one of these: it may go to and fro from step to
    step, and between them there is no student.
    """
    rule = gaussian.Sobol(points=settings.fine_points, scrambles=settings.scrambles)
    stops = {
        "": (benefit.oracle_stop(trajectory), trajectory.generalization_loss),
        "_honest": (benefit.honest_stop(trajectory), trajectory.validation_loss),
    }
    judges = (draw.moments, draw.clean_weights)
    known = {"rule": rule, "moment_error": float(draw.moment_error)}
    valued = {
        suffix: benefit.value_at(trajectory, index, *judges, curve=curve if _smooth(settings) else None, **known)
        for suffix, (index, curve) in stops.items()
    }
    columns = slope_of(np.asarray(valued[""].weights), draw, _slope_rule(rule))
    for suffix, stopped in valued.items():
        columns |= columns_of(suffix, stopped)
    return told(trajectory, columns)


def _smooth(settings: StandardSettings) -> bool:
    return settings.training == "flow" or 2 * settings.step <= SPACING


def columns_of(suffix: str, stopped: benefit.Stopped) -> dict[str, np.ndarray]:
    """A stopped student in the words of the lanes."""
    columns = {
        f"loss{suffix}": stopped.loss,
        f"loss{suffix}_error": stopped.error,
        f"loss{suffix}_scrambles": stopped.scrambles,
        f"loss{suffix}_refinement": stopped.refinement,
        f"accuracy{suffix}": stopped.accuracy,
        f"stop{suffix}": stopped.time,
    }
    return {name: np.asarray(column) for name, column in columns.items()}


def told(trajectory: Trajectory, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The columns, NaN in failed lanes, and every lane's result code."""
    failed = np.not_equal(np.asarray(trajectory.result), Result.SUCCESS)
    unsettled = ~settled(trajectory)
    code = np.where(failed, trajectory.result, np.where(unsettled, Result.NOT_BRACKETED, Result.SUCCESS))
    return {"result": code.astype(np.int8)} | {name: _where(~failed, column) for name, column in columns.items()}


def _slope_rule(rule: gaussian.Sobol) -> gaussian.Sobol:
    """A quarter of the nodes for the slope: the bounds that are made of it are wide, and a moment costs twice a loss."""
    return dataclasses.replace(rule, points=max(LEAST_POINTS, rule.points // 4))


def slope_of(weights: np.ndarray, draw: Draw, rule: gaussian.Sobol) -> dict[str, np.ndarray]:
    """Weights W of the main task, lane by lane, −∇L = M − ∇F(W) there, and its error (Frobenius norm)."""
    finite = np.asarray(np.isfinite(weights).all(axis=(-2, -1)))
    safe = jnp.asarray(_where(finite, weights, 0.0))
    moment, error = gaussian.softmax_moment_with_error(safe, rule=rule)
    slope = np.asarray(draw.moments) - np.asarray(moment)
    # what the subtraction of two matrices of this size rounds off
    rounding = np.finfo(slope.dtype).eps * np.linalg.norm(np.asarray(moment), axis=(-2, -1))
    error = np.asarray(error) + float(draw.moment_error) + rounding
    return {"weights": weights, "slope": _where(finite, slope), "slope_error": _where(finite, error)}


def _where(lanes: np.ndarray, column, otherwise: float = np.nan) -> np.ndarray:
    """`column` in some lanes, NaN unless said in the others."""
    column = np.asarray(column)
    shape = lanes.shape + (1,) * (column.ndim - 1)
    return np.where(lanes.reshape(shape), column, np.asarray(otherwise, column.dtype))
