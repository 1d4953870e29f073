"""Both theories for the lanes of a draw: flows on the very teachers, inputs, labels and starts of the simulation.

A baseline is a joint lane whose auxiliary task has weight 0: it leaves the main task as it is alone, and shares the joint
lanes' compiled program.
"""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, gaussian
from sharedtrunk.experiments import Draw
from sharedtrunk.flows.stopped import Stops

CHUNK = 7
"""Divides the 35 lanes of a group of the standard grid, and its 7 baselines, so that no lane is followed twice."""


CLOSURE_RULE = gaussian.Sobol(points=1024, scrambles=1, seed=45)
"""The best of 60 seeds at moments of stopped students, K = 10: benefits as right as by `FAST_RULE`, of twice the nodes."""

TOLERANCE = dynamics.Tolerance(rtol=3e-4, atol=3e-6, order=3)
"""Benefits within 4e-5 nats of those at rtol 1e-6."""


def population_arm(draws: Sequence[Draw], weights: np.ndarray, time_limit: float, workers: int) -> Stops:
    """Infinite data from the noisy teachers of all lanes of `draws`; `weights` (lane, task) are the tasks'."""
    noisy = [jnp.concatenate([draw.noisy_weights[task] for draw in draws]) for task in range(2)]
    judges = jnp.concatenate([draw.moments for draw in draws])
    starts = jax.tree.map(lambda *parts: jnp.concatenate(parts), *(draw.start for draw in draws))
    flow = dynamics.population_flow(noisy, judge=judges, rule=dynamics.FAST_RULE, label_rule=dynamics.FAST_LABELS)
    return _followed(flow, starts, weights, time_limit, workers)


def closure_arm(draw: Draw, weights: np.ndarray, time_limit: float, workers: int) -> Stops:
    """The Gaussian closure of the sample of `draw`, all lanes on the same inputs."""
    # one object where the tasks share their points: they then share the root of the sample's covariance
    shared = draw.labels[0].shape == draw.labels[1].shape
    inputs = [draw.inputs] * 2 if shared else [draw.inputs_of(task) for task in range(2)]
    flow = dynamics.closure_flow(inputs, list(draw.labels), draw.moments, rule=CLOSURE_RULE)
    return _followed(flow, draw.start, weights, time_limit, workers)


def _followed(flow, start, weights: np.ndarray, time_limit: float, workers: int) -> Stops:
    flow = eqx.tree_at(lambda f: f.task_weights, flow, jnp.asarray(weights, flow.task_weights.dtype))
    layers = dynamics.Layers(trunk=start.trunk, heads=start.heads)
    found = dynamics.solve_until_bracketed(
        flow, layers, time_limit=time_limit, tolerance=TOLERANCE, chunk=CHUNK, workers=workers
    )
    return Stops(found._replace(trajectory=None))


def lanes_of(draw: Draw, lanes: slice | np.ndarray) -> Draw:
    """The draw of some of its lanes, on the same inputs."""
    shared = ("inputs", "validation_inputs", "moment_error")
    names = [field.name for field in dataclasses.fields(draw) if field.name not in shared]
    chosen = {name: jax.tree.map(lambda leaf: leaf[lanes], getattr(draw, name)) for name in names}
    return dataclasses.replace(draw, **chosen)
