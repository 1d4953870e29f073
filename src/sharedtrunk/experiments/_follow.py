"""Train students leg by leg, until the minima of both curves that decide when to stop are bracketed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, gaussian, students
from sharedtrunk.experiments._batches import batch_width
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._legs import descent_legs, flow_legs
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.legs import follow_lanes
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.trajectory import Trajectory

FIRST_STEP = {"linear": 0.5, "relu": 0.1}
"""First step of a flow. Passing it lets all legs share one compiled program; the solver shortens a step that is too long."""

LATE = 20.0
"""Training time from which stability, not accuracy, limits the step of a linear student's flow."""

_CURVES = ("generalization_loss", "validation_loss")
_RECORDED = ("composites", *_CURVES)

TrainLeg = Callable[..., tuple[Trajectory, Any]]
"""`(lanes, networks, leg, first_step, carried) → (trajectory of the leg with both curves, carried)`.

`lanes` are the indices of lanes of the draw, and `carried` is whatever the caller carries from leg to leg, lane by lane."""


class _State(NamedTuple):
    """The state of every lane at the end of a leg."""

    networks: students.SharedTrunk
    step: np.ndarray
    result: np.ndarray
    evaluations: np.ndarray
    carried: Any


def follow(settings: StandardSettings, draw: Draw, *, whole: bool = False) -> Trajectory:
    """Train linear students leg by leg until every lane's minima are bracketed, or to the time limit.

    Parameters
    ----------
    settings, draw
        The problem, and the data of a chunk of lanes.
    whole
        Whether to follow every lane to the time limit, whatever its curves do.

    Returns
    -------
    Trajectory
        Both curves (lane, time) in nats and the main task's composites. A lane that is bracketed or has failed stops
        training and is NaN from then on. `final` holds each lane's network at its own last time, and
        `gradient_evaluations` is the sum over lanes.
    """
    return follow_with(settings, draw, _linear_leg(settings, draw), whole=whole)[0]


def follow_with(
    settings: StandardSettings, draw: Draw, train_leg: TrainLeg, carried: Any = (), *, whole: bool = False
) -> tuple[Trajectory, Any]:
    """`follow` with any function that trains a leg. Also returns what that function carried."""
    count = draw.start.heads[0].shape[0]
    zeros = np.zeros(count, np.int64)
    start = _State(draw.start, np.full(count, FIRST_STEP[settings.activation]), zeros, zeros, carried)

    def leg_of_lanes(lanes: np.ndarray, state: _State, leg: np.ndarray):
        part, carried = train_leg(lanes, state.networks, leg, float(state.step.min()), state.carried)
        step = np.full(len(lanes), float(np.asarray(part.mean_step)))
        evaluations = state.evaluations + int(np.asarray(part.gradient_evaluations))
        after = _State(part.final, step, np.asarray(part.result), evaluations, carried)  # pyright: ignore[reportArgumentType]
        return after, {name: getattr(part, name) for name in _RECORDED}

    def finished(state: _State, times: list[np.ndarray], records: list[dict]) -> np.ndarray:
        failed = state.result != Result.SUCCESS
        if whole:
            return failed
        curves = (np.concatenate([record[name] for record in records], axis=1) for name in _CURVES)
        done = [benefit.bracketed(np.concatenate(times), curve) for curve in curves]
        return (done[0] & done[1]) | failed

    width = batch_width(settings, count, draw.inputs.shape[0])
    followed = follow_lanes(start, _legs(settings), leg_of_lanes, finished, width=width)
    trajectory = Trajectory(
        times=followed.times,
        result=followed.state.result,
        final=followed.state.networks,
        gradient_evaluations=followed.state.evaluations.sum(),
        **followed.record,
    )
    return trajectory, followed.state.carried


def method_from(settings: StandardSettings, time: float) -> students.Flow | students.Descent:
    """The training method from `time` on.

    From `LATE` on, a linear student's flow uses a third-order method, which needs two thirds of the evaluations, and a
    third of `rtol`, which makes its loss as accurate as before. The weights of a ReLU student are all of order 0.1, so its
    method needs an absolute tolerance.
    """
    if settings.training == "descent":
        return students.Descent(step=settings.step)
    if settings.activation == "relu":
        rtol = settings.rtol / settings.hidden_layers
        return students.Flow(rtol=rtol, atol=rtol / 10, stabilized=True)
    return students.Flow(rtol=settings.rtol / 3, order=3) if time >= LATE else students.Flow(rtol=settings.rtol)


def _legs(settings: StandardSettings) -> list[np.ndarray]:
    short = settings.activation == "relu"
    if settings.training == "flow":
        return flow_legs(settings.time_limit, short=short)
    return descent_legs(settings.time_limit, settings.step, short=short)


def _linear_leg(settings: StandardSettings, draw: Draw) -> TrainLeg:
    problem, rule = draw.problem(settings), gaussian.Sobol(points=settings.coarse_points, scrambles=1)
    parts: dict[bytes, tuple] = {}

    def train_leg(lanes, networks, leg, step, carried) -> tuple[Trajectory, Any]:
        key = lanes.tobytes()
        if key not in parts:  # batches mostly stay the same from leg to leg
            judges = (np.asarray(draw.moments)[lanes], np.asarray(draw.validation_labels)[lanes])
            parts[key] = (students.of_lanes(problem, lanes), *map(jnp.asarray, judges))
        problem_part, moments, labels = parts[key]
        method = method_from(settings, float(leg[0]))
        trained = students.train(networks, problem_part, leg, method, first_step=step, seen_tasks=1)
        trained = benefit.with_generalization_loss(trained, moments, rule=rule)
        return benefit.with_validation_loss(trained, draw.validation_inputs, labels), carried

    return train_leg
