"""The quick simulation: the students of a draw, trained, stopped and valued as the figures' lanes are."""

import numpy as np

from sharedtrunk import benefit
from sharedtrunk.experiments import Draw, StandardSettings, follow, stop_and_value
from sharedtrunk.flows.trajectory import Result, Trajectory
from sharedtrunk.prediction._arms import Arm
from sharedtrunk.prediction._theory import lanes_of


def simulated_arm(problem: StandardSettings, draw: Draw, lanes: slice) -> Arm:
    """Some lanes of a draw through the standard training; `problem.tasks` is 1 for baselines."""
    part = lanes_of(draw, lanes)
    trajectory = follow(problem, part)
    values = stop_and_value(problem, part, trajectory)
    reached, honest = (benefit.bracketed(trajectory.times, curve) for curve in _curves(trajectory))
    # either stop stands by itself: an open validation loss leaves the oracle's minimum where it is
    open_ended = np.where(reached, Result.SUCCESS, Result.NOT_BRACKETED)
    return Arm(
        values["loss"],
        values["loss_scrambles"],
        values["loss_refinement"],
        values["stop"],
        values["weights"],
        np.where(trajectory.result == Result.SUCCESS, open_ended, trajectory.result),
        np.where(honest, values["loss_honest"], np.nan),
    )


def _curves(trajectory: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    oracle, honest = trajectory.generalization_loss, trajectory.validation_loss
    assert oracle is not None  # `follow` fills both in
    assert honest is not None
    return np.asarray(oracle), np.asarray(honest)
