"""A batch of judged flows, each followed until the minimum of its generalization loss is bracketed, and no further.

`solve_until_bracketed` is the way to predict grids of settings: benefits are differences of its minima.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import described, is_number
from sharedtrunk._support.statistics import t_factor
from sharedtrunk.errors import invalid
from sharedtrunk.flows.parabola import vertex_below
from sharedtrunk.flows.trajectory import Result, Trajectory

from ._integrate import Tolerance, check_tolerance
from ._judge import Judge, JudgedFlow, times_root
from ._legs import Record, legs
from ._solve import as_start, check_lanes, reduced_lanes

FAST_TOLERANCE = Tolerance(rtol=1e-4, atol=1e-6, order=3)
VALUE_RULE = gaussian.Sobol(points=4096, scrambles=8)
"""For the loss at the minimum and its error."""


class Minimum(NamedTuple):
    """Flows at the minimum of their generalization loss, lane by lane, on the host.

    `loss` (nats) is valued by a rule of its own, with `error` the half-width of its 99 % interval and `scrambles` its
    values by every scramble: two arms are compared scramble by scramble, because their errors are alike. `refinement` is the
    part of the error that the spacing of the times leaves. `weights` are the main task's at the saved time `time` of the
    lowest loss. `trajectory` holds the coarse curve that found it (NaN where a lane has stopped), without weights. A lane
    that failed is NaN; `Result.NOT_BRACKETED` comes with the lowest loss seen by the time limit.
    """

    loss: Float[np.ndarray, "lane"]
    error: Float[np.ndarray, "lane"]
    time: Float[np.ndarray, "lane"]
    weights: Float[np.ndarray, "lane class feature"]
    result: Int[np.ndarray, "lane"]
    scrambles: Float[np.ndarray, "lane scramble"]
    refinement: Float[np.ndarray, "lane"]
    trajectory: Trajectory


def solve_until_bracketed(
    flow: JudgedFlow,
    start: Any,
    *,
    time_limit: float = 500.0,
    tolerance: Tolerance = FAST_TOLERANCE,
    chunk: int = 4,
    workers: int = 1,
    value_rule: gaussian.Sobol = VALUE_RULE,
) -> Minimum:
    """Follow every lane of a judged flow until its minimum is bracketed (the rule of `solve`), or to `time_limit`.

    `start` and `flow` are batches as in `solve`, with a lane axis. `chunk` lanes go through the solver together; `workers`
    threads take chunks side by side. Neither changes a lane's numbers beyond the tolerance. The curve comes from the
    flow's own rule; the minimum found is valued by `value_rule`, corrected by the parabola through its neighbours.

    Raises `InputError` for a flow without a judge, a start without lanes or that does not fit, a time limit, chunk or
    number of workers that is not positive, a value rule of fewer than 4 scrambles, tolerances ≤ 0.
    """
    _check(flow, time_limit, chunk, workers, value_rule)
    check_tolerance(tolerance)
    lanes = as_start(flow, start)
    _check_batch(flow, lanes)
    small, axes, state, basis = reduced_lanes(flow, check_lanes(flow, lanes), lanes)
    count = jax.tree.leaves(state)[0].shape[0]
    found = Record(count, min(chunk, count), small, axes, tolerance, workers)
    found.follow(state, legs(time_limit))
    weights = found.weights if basis is None else np.einsum("lcd,lfd->lcf", found.weights, np.asarray(basis))
    return _valued(found, weights, flow.judge, value_rule)  # pyright: ignore[reportArgumentType]


def _valued(found: Record, weights, judge: Judge, rule) -> Minimum:
    times, curve = np.concatenate(found.times), np.concatenate(found.curves, axis=1)
    failed = ~np.isin(found.result, (Result.SUCCESS, Result.NOT_BRACKETED)) | ~np.isfinite(found.lowest)
    weights = np.where(failed[:, None, None], np.nan, weights)
    safe = np.where(failed[:, None, None], 0, weights).astype(found.weights.dtype)
    energies = _energies(safe, judge.root, rule, found.chunk)
    M = np.broadcast_to(np.asarray(judge.moment), weights.shape)
    below = np.where(failed, np.nan, vertex_below(times, curve, np.searchsorted(times, found.time)))
    scrambles = energies - (np.einsum("lcf,lcf->l", weights, M, dtype=float) + below)[:, None]
    spread = scrambles.std(axis=1, ddof=1) / rule.scrambles**0.5
    trajectory = Trajectory(times, (), found.result, generalization_loss=curve)
    return Minimum(
        scrambles.mean(axis=1),
        t_factor(rule.scrambles, 0.99) * spread + below / 2,
        np.where(failed, np.nan, found.time),
        weights,
        found.result,
        scrambles,
        below / 2,
        trajectory,
    )


def _energies(weights, root, rule, chunk: int) -> np.ndarray:
    """F of every lane by every scramble, in full chunks, so that one compiled program serves any number of lanes."""
    filled = np.concatenate([weights, np.repeat(weights[-1:], -len(weights) % chunk, axis=0)])
    parts = [times_root(jnp.asarray(part), root) for part in np.split(filled, len(filled) // chunk)]
    energies = [gaussian.free_energy_scrambles(part, rule=rule) for part in parts]
    return np.concatenate([np.asarray(part, float) for part in energies])[: len(weights)]


def _check(flow, time_limit, chunk, workers, value_rule) -> None:
    if not isinstance(flow, JudgedFlow) or flow.judge is None:
        raise invalid(
            "A minimum needs a flow with a judge",
            received=described(flow),
            hint="Make it by population_flow(…, judge=clean_moment) or closure_flow",
        )
    counts = all(isinstance(count, int | np.integer) and count >= 1 for count in (chunk, workers))
    if not (is_number(time_limit) and np.isfinite(time_limit) and time_limit > 0 and counts):
        raise invalid(
            "The time limit is finite and > 0, chunk and workers at least 1",
            received=f"time_limit={time_limit}, chunk={chunk}, workers={workers}",
            hint="Leave them out",
        )
    if not isinstance(value_rule, gaussian.NodeRule) or value_rule.scrambles < 4:
        raise invalid(
            "Valuing a minimum needs a rule of nodes with at least 4 scrambles",
            received=described(value_rule),
            hint="Use gaussian.Sobol(points=4096, scrambles=8)",
        )


def _check_batch(flow: JudgedFlow, lanes) -> None:
    if all(leaf.ndim == flow.state_rank for leaf in jax.tree.leaves(lanes)):
        raise invalid(
            "A minimum is found for a batch of lanes, so the start needs a lane axis first",
            received=f"one lane, {[leaf.shape for leaf in jax.tree.leaves(lanes)]}",
            hint="Give start[None]: jax.tree.map(lambda leaf: leaf[None], start)",
        )
