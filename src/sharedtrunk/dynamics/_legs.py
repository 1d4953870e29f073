"""Follow a batch of flows with judges leg by leg, until each has stopped.

All legs have the same number of times, so that one compiled program serves them all.
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk._support.cache.programs import program
from sharedtrunk.dynamics._integrate import Batch, Solver, Tolerance, continue_leg, start_solver
from sharedtrunk.flows.bracketing import MinimumSoFar, judged_result, no_minimum, stopping
from sharedtrunk.flows.legs import Followed, Lowest, follow_lanes, lowest_so_far
from sharedtrunk.flows.result import Result

LEG_ENDS = (2.5, 5.0, 7.5, 10.0, 15.0, *(20.0 * 2.0 ** (0.5 * k) for k in range(12)))
LEG_TIMES = 11
"""Saved times are 0.25 apart up to t = 10, 0.5 up to 20, and grow by 3.5 % each from there on: close enough for the parabola
that corrects the loss at the minimum."""

FIRST_STEP = 0.1
"""First step of a flow. If its error is too large, a shorter one is tried."""


class FlowLanes(NamedTuple):
    """The lanes at the end of a leg: solver, the minimum that decides the stop, the lowest loss with its weights, result."""

    solver: Solver
    so_far: MinimumSoFar
    lowest: Lowest
    result: np.ndarray


def legs(time_limit: float) -> Iterator[np.ndarray]:
    """The `LEG_TIMES` times of each leg up to `time_limit`; a leg begins with the last time of the one before."""
    ends = [0.0, *(end for end in LEG_ENDS if end < time_limit), float(time_limit)]
    for begin, end in itertools.pairwise(ends):
        yield np.linspace(begin, end, LEG_TIMES) if begin < 20 else np.geomspace(begin, end, LEG_TIMES)


def follow_judged(flow, axes, start, time_limit: float, tolerance: Tolerance, *, chunk: int, workers: int) -> Followed:
    """Follow every lane until it stops. Returns the last `FlowLanes`, the saved times, and the loss (lane, time).

    `axes` says which of the flow's arrays carry lanes. A lane that has not stopped by the limit is `NOT_BRACKETED`.
    """
    leaves, structure = jax.tree.flatten(jax.tree.map(np.asarray, flow))
    dtype, count = jax.tree.leaves(start)[0].dtype, jax.tree.leaves(start)[0].shape[0]
    weights = np.full((count, *flow.judge.moment.shape[-2:]), np.nan, dtype)
    lanes = FlowLanes(
        start_solver((weights,), start, np.zeros((), dtype), tolerance, np.full(count, FIRST_STEP, dtype)),
        MinimumSoFar(*(np.full(count, part) for part in no_minimum(dtype))),
        Lowest(np.full(count, np.inf), np.zeros(count), weights),
        np.full(count, int(Result.NOT_BRACKETED)),
    )

    def leg_of_lanes(index: np.ndarray, lanes: FlowLanes, times: np.ndarray):
        taken = [leaf[index] if axis == 0 else leaf for leaf, axis in zip(leaves, axes, strict=True)]
        times = times.astype(dtype)
        out = _leg(jax.tree.unflatten(structure, taken), axes, lanes.solver, lanes.so_far, times, tolerance)
        solver, so_far, loss, weights, result = jax.tree.map(np.asarray, out)
        return FlowLanes(solver, so_far, lowest_so_far(lanes.lowest, times, loss, weights), result), loss

    def finished(lanes: FlowLanes, *_: Any) -> np.ndarray:
        return lanes.result != int(Result.NOT_BRACKETED)

    each_leg = (leg.astype(dtype) for leg in legs(time_limit))
    return follow_lanes(lanes, each_leg, leg_of_lanes, finished, width=min(chunk, count), workers=workers)


@program
def _leg(flow, axes: tuple[int | None, ...], solver: Solver, so_far: MinimumSoFar, times, tolerance: Tolerance):
    out, solver = continue_leg(Batch(flow, axes, _main_task), solver, times, tolerance)
    leaves, structure = jax.tree.flatten(flow)

    def judged(leaves, weights, finite, so_far):
        judge = jax.tree.unflatten(structure, leaves).judge
        loss = judge.loss(jnp.where(finite[:, None, None], weights, jnp.zeros_like(weights)))
        kept, stopped, so_far = stopping(times, loss, finite, so_far)
        return so_far, jnp.where(kept, loss, jnp.nan), stopped

    (weights,) = out.observed
    so_far, loss, stopped = jax.vmap(judged, in_axes=(list(axes), 0, 0, 0))(leaves, weights, out.finite, so_far)
    return solver, so_far, loss, weights, judged_result(out.result, stopped)


def _main_task(flow, state):
    return flow.composites(state)[:1]
