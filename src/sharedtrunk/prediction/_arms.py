"""An arm: students at their stops, by theory or by simulation, and the benefit as the difference of two arms.

All arms come from the same draw: the same teachers, inputs, labels and starts. A baseline of theory is a joint lane whose
auxiliary tasks have weight 0. Such a lane trains the main task as if alone, and shares the joint lanes' compiled program.
"""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from sharedtrunk import benefit, dynamics, gaussian
from sharedtrunk.experiments import Draw, StandardSettings, follow, stopped_students
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.stopped import Stopped, Stops
from sharedtrunk.prediction._prediction import Answer

BOUND_RULE = gaussian.Sobol(points=1024, scrambles=8)
"""Nodes for the bounds: their numerical error is far below their width."""

CHUNK = 7
"""Lanes that theory solves together. 7 divides the 35 joint lanes and the 7 baselines of a group of the standard grid."""

CLOSURE_RULE = gaussian.Sobol(points=1024, scrambles=1, seed=45)
"""Seed 45 has the smallest error of 60 seeds at the moments of stopped students with ten classes: it is as accurate as
`FAST_RULE`, with half of the nodes."""

TOLERANCE = dynamics.Tolerance(rtol=3e-4, atol=3e-6, order=3)
"""With this tolerance benefits lie within 4e-5 nats of those at rtol 1e-6."""


def joined(arms: Sequence[Stops]) -> Stops:
    """The lanes of several arms, one arm after the other."""
    return jax.tree.map(lambda *parts: np.concatenate(parts), *arms)


def population_arm(draws: Sequence[Draw], weights: np.ndarray, time_limit: float, workers: int) -> Stops:
    """The flow on infinite data from the noisy teachers of all lanes of `draws`.

    The draws have equally many tasks, and `weights` (lane, task) are the weights of the tasks.
    """
    noisy = [jnp.concatenate(each) for each in zip(*(draw.noisy_weights for draw in draws), strict=True)]
    judges = jnp.concatenate([draw.moments for draw in draws])
    starts = jax.tree.map(lambda *parts: jnp.concatenate(parts), *(draw.start for draw in draws))
    flow = dynamics.population_flow(noisy, judge=judges, rule=dynamics.FAST_RULE, label_rule=dynamics.FAST_LABELS)
    return _solved(flow, starts, weights, time_limit, workers)


def closure_arm(draw: Draw, weights: np.ndarray, time_limit: float, workers: int) -> Stops:
    """The Gaussian closure of the sample of `draw`, all lanes on the same inputs."""
    # one object where the tasks share their points, so that they share the root of the sample's covariance
    tasks = len(draw.labels)
    shared = len({labels.shape for labels in draw.labels}) == 1
    inputs = [draw.inputs] * tasks if shared else [draw.inputs_of(task) for task in range(tasks)]
    flow = dynamics.closure_flow(inputs, list(draw.labels), draw.moments, rule=CLOSURE_RULE)
    return _solved(flow, draw.start, weights, time_limit, workers)


def _solved(flow, start, weights: np.ndarray, time_limit: float, workers: int) -> Stops:
    flow = eqx.tree_at(lambda f: f.task_weights, flow, jnp.asarray(weights, flow.task_weights.dtype))
    layers = dynamics.Layers(trunk=start.trunk, heads=start.heads)
    found = dynamics.solve_until_bracketed(
        flow, layers, time_limit=time_limit, tolerance=TOLERANCE, chunk=CHUNK, workers=workers
    )
    return Stops(found._replace(trajectory=None))


def simulated_arm(problem: StandardSettings, draw: Draw) -> Stops:
    """The students of a draw, trained, stopped and evaluated like the figures' lanes; baselines have `problem.tasks` 1.

    Each stop has a result of its own: where only the validation loss still falls, the oracle's minimum is final.
    """
    return stopped_students(problem, draw, follow(problem, draw))


def some_lanes(draw: Draw, lanes: slice | np.ndarray) -> Draw:
    """The same draw with some of its lanes; the inputs stay."""
    shared = ("inputs", "validation_inputs", "moment_error")
    names = [field.name for field in dataclasses.fields(draw) if field.name not in shared]
    chosen = {name: jax.tree.map(lambda leaf: leaf[lanes], getattr(draw, name)) for name in names}
    return dataclasses.replace(draw, **chosen)


def compared(joint: Stops, single: Stops, moments: Float[np.ndarray, "lane class feature"]) -> Answer:
    """The benefit of the joint lanes over their baselines, lane by lane, with bounds from the clean label `moments`."""
    arms = joint.oracle, single.oracle
    assert arms[0].weights is not None  # students here are linear
    assert arms[1].weights is not None
    assert arms[0].result is not None  # and all arms have result codes
    assert arms[1].result is not None
    weights = arms[0].weights, arms[1].weights
    found = benefit.multitask_benefit(*arms)
    known = np.asarray(np.isfinite(weights[0] + weights[1]).all(axis=(-2, -1)))
    filled = [jnp.asarray(np.where(known[:, None, None], part, 0)) for part in weights]
    bounds = benefit.benefit_bounds(filled[0], filled[1], jnp.asarray(moments, filled[0].dtype), rule=BOUND_RULE)
    lower, upper, bound_error = (np.where(known, np.asarray(part, float), np.nan) for part in bounds)
    assert found.error is not None  # both arms have their scrambles
    validated = None
    if joint.validation is not None and single.validation is not None:
        validated = _bracketed_loss(single.validation) - _bracketed_loss(joint.validation)
    return Answer(
        benefit=found.oracle,
        error=found.error,
        lower=lower,
        upper=upper,
        bound_error=bound_error,
        loss_single=arms[1].loss,
        loss_joint=arms[0].loss,
        stop_single=arms[1].time,
        stop_joint=arms[0].time,
        result=np.where(np.asarray(arms[0].result != Result.SUCCESS), arms[0].result, arms[1].result),
        benefit_honest=validated,
    )


def _bracketed_loss(stopped: Stopped) -> np.ndarray:
    """The loss where validation stopping has found a minimum, NaN elsewhere."""
    return np.where(np.asarray(stopped.result == Result.SUCCESS), stopped.loss, np.nan)
