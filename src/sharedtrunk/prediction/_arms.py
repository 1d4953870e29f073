"""An arm: students at their stops, by theory or by simulation, and the benefit as the difference of two arms.

All arms come from the same draw: the same teachers, inputs, labels and starts. A baseline of theory is a joint lane whose
auxiliary task has weight 0. It leaves the main task as it is alone, and shares the joint lanes' compiled program.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk import benefit, dynamics, gaussian
from sharedtrunk.experiments import Draw, StandardSettings, follow, stop_and_value
from sharedtrunk.flows.trajectory import Result
from sharedtrunk.prediction._prediction import Answer

BOUND_RULE = gaussian.Sobol(points=1024, scrambles=8)
"""Nodes for the bounds: their numerical error is far below their width."""

CHUNK = 7
"""Lanes that theory solves together. It divides the 35 joint lanes and the 7 baselines of a group of the standard grid."""

CLOSURE_RULE = gaussian.Sobol(points=1024, scrambles=1, seed=45)
"""The best of 60 seeds at the moments of stopped students, K = 10: as accurate as `FAST_RULE` with half of its nodes."""

TOLERANCE = dynamics.Tolerance(rtol=3e-4, atol=3e-6, order=3)
"""Benefits then lie within 4e-5 nats of those at rtol 1e-6."""


class Arm(NamedTuple):
    """Students at the lowest generalization loss, lane by lane; a failed lane is NaN.

    `scrambles` and `refinement` are the two parts of the numerical error of `loss`, as in `benefit.Stopped`. `loss_honest`
    is the loss where the validation loss is lowest, known for simulated students only.
    """

    loss: Float[np.ndarray, "lane"]
    scrambles: Float[np.ndarray, "lane scramble"]
    refinement: Float[np.ndarray, "lane"]
    time: Float[np.ndarray, "lane"]
    weights: Float[np.ndarray, "lane class feature"]
    result: Int[np.ndarray, "lane"]
    loss_honest: Float[np.ndarray, "lane"] | None = None

    def lanes(self, index) -> "Arm":
        """Some of the lanes, in the order of `index`."""
        return jax.tree.map(lambda part: part[index], self)

    def stopped(self) -> benefit.Stopped:
        """The same students as `benefit` takes them, without accuracies."""
        unknown = np.full(self.loss.shape, np.nan)
        return benefit.Stopped(self.loss, unknown, unknown, self.time, self.scrambles, self.refinement)


def joined(arms: Sequence[Arm]) -> Arm:
    """The lanes of several arms, one arm after the other."""
    return jax.tree.map(lambda *parts: np.concatenate(parts), *arms)


def population_arm(draws: Sequence[Draw], weights: np.ndarray, time_limit: float, workers: int) -> Arm:
    """The flow on infinite data from the noisy teachers of all lanes of `draws`; `weights` (lane, task) are the tasks'."""
    noisy = [jnp.concatenate([draw.noisy_weights[task] for draw in draws]) for task in range(2)]
    judges = jnp.concatenate([draw.moments for draw in draws])
    starts = jax.tree.map(lambda *parts: jnp.concatenate(parts), *(draw.start for draw in draws))
    flow = dynamics.population_flow(noisy, judge=judges, rule=dynamics.FAST_RULE, label_rule=dynamics.FAST_LABELS)
    return _solved(flow, starts, weights, time_limit, workers)


def closure_arm(draw: Draw, weights: np.ndarray, time_limit: float, workers: int) -> Arm:
    """The Gaussian closure of the sample of `draw`, all lanes on the same inputs."""
    # one object where the tasks share their points, so that they share the root of the sample's covariance
    shared = draw.labels[0].shape == draw.labels[1].shape
    inputs = [draw.inputs] * 2 if shared else [draw.inputs_of(task) for task in range(2)]
    flow = dynamics.closure_flow(inputs, list(draw.labels), draw.moments, rule=CLOSURE_RULE)
    return _solved(flow, draw.start, weights, time_limit, workers)


def _solved(flow, start, weights: np.ndarray, time_limit: float, workers: int) -> Arm:
    flow = eqx.tree_at(lambda f: f.task_weights, flow, jnp.asarray(weights, flow.task_weights.dtype))
    layers = dynamics.Layers(trunk=start.trunk, heads=start.heads)
    found = dynamics.solve_until_bracketed(
        flow, layers, time_limit=time_limit, tolerance=TOLERANCE, chunk=CHUNK, workers=workers
    )
    return Arm(found.loss, found.scrambles, found.refinement, found.time, found.weights, found.result)


def simulated_arm(problem: StandardSettings, draw: Draw) -> Arm:
    """The students of a draw, trained, stopped and valued as the figures' lanes are; baselines have `problem.tasks` 1."""
    trajectory = follow(problem, draw)
    values = stop_and_value(problem, draw, trajectory)
    oracle, validation = trajectory.generalization_loss, trajectory.validation_loss
    assert oracle is not None  # `follow` computes both
    assert validation is not None
    reached, settled = (benefit.bracketed(trajectory.times, np.asarray(curve)) for curve in (oracle, validation))
    # the two stops are independent: where only the validation loss still falls, the oracle's minimum is final
    open_ended = np.where(reached, Result.SUCCESS, Result.NOT_BRACKETED)
    return Arm(
        values["loss"],
        values["loss_scrambles"],
        values["loss_refinement"],
        values["stop"],
        values["weights"],
        np.where(trajectory.result == Result.SUCCESS, open_ended, trajectory.result),
        np.where(settled, values["loss_honest"], np.nan),
    )


def some_lanes(draw: Draw, lanes: slice | np.ndarray) -> Draw:
    """The draw of some of its lanes, on the same inputs."""
    shared = ("inputs", "validation_inputs", "moment_error")
    names = [field.name for field in dataclasses.fields(draw) if field.name not in shared]
    chosen = {name: jax.tree.map(lambda leaf: leaf[lanes], getattr(draw, name)) for name in names}
    return dataclasses.replace(draw, **chosen)


def compared(joint: Arm, single: Arm, moments: Float[np.ndarray, "lane class feature"]) -> Answer:
    """The benefit of the joint lanes over their baselines, lane by lane, bounded with the clean label moments."""
    found = benefit.multitask_benefit(joint.stopped(), single.stopped())
    known = np.asarray(np.isfinite(joint.weights + single.weights).all(axis=(-2, -1)))
    safe = [jnp.asarray(np.where(known[:, None, None], arm.weights, 0)) for arm in (joint, single)]
    bounds = benefit.benefit_bounds(safe[0], safe[1], jnp.asarray(moments, safe[0].dtype), rule=BOUND_RULE)
    lower, upper, bound_error = (np.where(known, np.asarray(part, float), np.nan) for part in bounds)
    assert found.error is not None  # both arms have their scrambles
    validated = None
    if joint.loss_honest is not None and single.loss_honest is not None:
        validated = single.loss_honest - joint.loss_honest
    return Answer(
        benefit=found.oracle,
        error=found.error,
        lower=lower,
        upper=upper,
        bound_error=bound_error,
        loss_single=single.loss,
        loss_joint=joint.loss,
        stop_single=single.time,
        stop_joint=joint.time,
        result=np.where(joint.result != Result.SUCCESS, joint.result, single.result),
        benefit_honest=validated,
    )
