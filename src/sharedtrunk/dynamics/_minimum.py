"""A batch of flows with judges, each followed just until the minimum of its generalization loss is bracketed.

`solve_until_bracketed` predicts grids of settings; benefits are differences of its minima.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import described, is_number, whole_number
from sharedtrunk._support.limits import check_number
from sharedtrunk._support.statistics import half_width
from sharedtrunk.dynamics._drive_error import first_too_coarse
from sharedtrunk.dynamics._integrate import Tolerance, check_tolerance
from sharedtrunk.dynamics._judge import Judge, JudgedFlow, times_root
from sharedtrunk.dynamics._legs import follow_judged
from sharedtrunk.dynamics._reduction import reduced_lanes
from sharedtrunk.dynamics._solve import as_start, check_lanes
from sharedtrunk.errors import invalid
from sharedtrunk.flows.legs import Followed
from sharedtrunk.flows.minimum import vertex_below
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.stopped import Stopped
from sharedtrunk.flows.trajectory import Trajectory

FAST_TOLERANCE = Tolerance(rtol=1e-4, atol=1e-6, order=3)
"""Tolerance for differences of minima, with the method that is fastest late in a training."""

VALUE_RULE = gaussian.Sobol(points=4096, scrambles=8)
"""Rule for the loss at the minimum and its error."""

Minimum = Stopped
"""What `solve_until_bracketed` returns: the record that simulations return too."""


def solve_until_bracketed(
    flow: JudgedFlow,
    start: Any,
    *,
    time_limit: float = 500.0,
    tolerance: Tolerance = FAST_TOLERANCE,
    chunk: int = 4,
    workers: int = 1,
    value_rule: gaussian.Sobol = VALUE_RULE,
) -> Stopped:
    """Follow every lane of a judged flow until its minimum is bracketed (`flows.bracketing`), or to the time limit.

    Parameters
    ----------
    flow, start
        Batches as in `solve`, with a lane axis. The flow's own rule computes the curve.
    time_limit
        Time at which a lane ends if its minimum is still not bracketed.
    tolerance
        Error control of the steps.
    chunk
        Number of lanes that are solved as one batch.
    workers
        Number of threads that solve chunks at the same time. Neither `chunk` nor `workers` changes a lane by more than the
        tolerance.
    value_rule
        Rule for the loss at the minimum, with at least 4 scrambles.

    Returns
    -------
    Stopped
        Loss in nats, corrected by the parabola through the minimum's neighbours (half of the correction is `refinement`),
        and the weights at the saved time of the lowest loss. `trajectory` holds the coarse curve, NaN after a lane's stop.
        A lane that failed is NaN. A lane with `Result.NOT_BRACKETED` has the lowest loss up to the time limit. A lane with
        `Result.RULE_TOO_COARSE` has the loss of the weights that it reached; but at the minimum the error of the flow's rule
        is more than half of the drive, so with a finer rule the flow would reach other weights.

    Raises
    ------
    InputError
        For a flow without a judge, a start without lanes or of the wrong shape, a time limit, chunk or number of workers that
        is not positive, a value rule of fewer than 4 scrambles, or a tolerance that is not positive.
    """
    _check(flow, time_limit, chunk, workers, value_rule)
    check_tolerance(tolerance)
    lanes = as_start(flow, start)
    _check_batch(flow, lanes)
    small, axes, state, basis = reduced_lanes(flow, check_lanes(flow, lanes), lanes)
    found = follow_judged(small, axes, state, float(time_limit), tolerance, chunk=chunk, workers=workers)
    weights = found.state.lowest.observed
    found = _checked(small, axes, found)  # pyright: ignore[reportArgumentType]
    weights = weights if basis is None else np.einsum("lcd,lfd->lcf", weights, np.asarray(basis))
    return _valued(found, weights, flow.judge, value_rule, min(chunk, len(weights)))  # pyright: ignore[reportArgumentType]


def _checked(flow: JudgedFlow, axes: tuple[int | None, ...], found: Followed) -> Followed:
    """The same lanes, with `Result.RULE_TOO_COARSE` where the flow's rule is too coarse for the main task at its minimum."""
    weights = jnp.asarray(found.state.lowest.observed)
    # the drive's error along weights of zero is zero, so the other tasks do not count
    moments = flow.moments[1:]  # pyright: ignore[reportAttributeAccessIssue]
    others = [jnp.zeros((len(weights), 1, *moment.shape[-2:]), weights.dtype) for moment in moments]
    first = first_too_coarse(flow, axes, (weights[:, None], *others))
    if first is None:
        return found
    reached = np.isin(found.state.result, (Result.SUCCESS, Result.NOT_BRACKETED))
    result = np.where(reached & (first == 0), int(Result.RULE_TOO_COARSE), found.state.result)
    return found._replace(state=found.state._replace(result=result))


def _valued(found: Followed, weights, judge: Judge, rule, chunk: int) -> Stopped:
    (_, _, lowest, result), times, curve = found
    failed = ~np.isin(result, (Result.SUCCESS, Result.NOT_BRACKETED, Result.RULE_TOO_COARSE)) | ~np.isfinite(
        lowest.value
    )
    weights = np.where(failed[:, None, None], np.nan, weights)
    safe = np.where(failed[:, None, None], 0, weights).astype(lowest.observed.dtype)
    energies = _energies(safe, judge.root, rule, chunk)
    M = np.broadcast_to(np.asarray(judge.moment), weights.shape)
    below = np.where(failed, np.nan, vertex_below(times, curve, np.searchsorted(times, lowest.time)))
    scrambles = energies - (np.einsum("lcf,lcf->l", weights, M, dtype=float) + below)[:, None]
    return Stopped(
        scrambles.mean(axis=1),
        half_width(scrambles) + below / 2,
        np.where(failed, np.nan, lowest.time),
        scrambles=scrambles,
        refinement=below / 2,
        weights=weights,
        result=result,
        trajectory=Trajectory(times, (), result, generalization_loss=curve),
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
    if not is_number(time_limit):
        raise invalid("time_limit must be a number", received=described(time_limit), hint="Leave it out for 500")
    check_number("time_limit", time_limit, hint="Leave it out for 500")
    whole_number(chunk, "chunk", least=1, hint="Leave it out")
    whole_number(workers, "workers", least=1, hint="Leave it out")
    if not isinstance(value_rule, gaussian.NodeRule) or value_rule.scrambles < 4:
        raise invalid(
            "value_rule must be a Sobol or Characters rule with at least 4 scrambles",
            received=described(value_rule),
            hint="Use gaussian.Sobol(points=4096, scrambles=8)",
        )


def _check_batch(flow: JudgedFlow, lanes) -> None:
    if all(leaf.ndim == flow.state_rank for leaf in jax.tree.leaves(lanes)):
        raise invalid(
            "solve_until_bracketed follows a batch, so every array of the start needs a leading lane axis",
            received=f"one lane, {[leaf.shape for leaf in jax.tree.leaves(lanes)]}",
            hint="Give start[None]: jax.tree.map(lambda leaf: leaf[None], start)",
        )
