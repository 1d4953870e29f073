"""The main function of this package: follow a flow from a start through given times."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from sharedtrunk._support.arguments import check_times, described, floating
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.concrete import all_finite
from sharedtrunk.dynamics._drive_error import first_too_coarse
from sharedtrunk.dynamics._flow import AbstractFlow, axes_of, check_kind
from sharedtrunk.dynamics._integrate import Batch, Tolerance, check_tolerance, integrate
from sharedtrunk.dynamics._judge import JudgedFlow
from sharedtrunk.dynamics._reduction import reduced_lanes, restored
from sharedtrunk.errors import invalid
from sharedtrunk.flows.bracketing import judged_result, no_minimum, stopping
from sharedtrunk.flows.trajectory import Result, Trajectory


def solve(
    flow: AbstractFlow,
    start: Any,
    times: Float[AnyArray, "time"],
    tolerance: Tolerance | None = None,
    *,
    reduce: bool = True,
    stop: bool = True,
) -> Trajectory:
    """Solve dy/dt = flow.drive(y) through given times with controlled error.

    Parameters
    ----------
    flow
        One lane, or a batch whose arrays have a leading lane axis or are shared by the lanes.
    start
        The flow's kind of state, at times[0]: `Layers` for `PopulationFlow`, `ClosureFlow` and `RegressionFlow`,
        `SingularValues` for `AlignedFlow`, `TwoTaskValues` for `TwoTaskFlow`, a number for `RankOneFlow`. One lane, or a
        batch with a leading lane axis on every array; every lane has its own steps.
    times
        Saved times (time,), increasing, from 0 or later.
    tolerance
        Error control; rtol 1e-6 and atol 1e-9 by default, 1e-5 and 1e-7 in float32.
    reduce
        Whether to rotate the features onto fewer directions if nothing is learned outside them.
    stop
        Whether a flow with a judge ends soon after the minimum of its generalization loss.

    Returns
    -------
    Trajectory
        The composite weights of every task (*lane, time, class, feature), the final state, and a `Result` code per lane. A
        flow with a judge also has the generalization loss (*lane, time) in nats. Weights and loss are NaN after the lane has
        stopped; a lane that does not stop has `Result.NOT_BRACKETED`.

        Failures are data: a failed lane is NaN from the time of its failure. A lane fails with `Result.RULE_TOO_COARSE` when
        the error of the rule exceeds half of the drive, which becomes tiny for large weights and hard labels. Only large
        weights that are not traced are checked. Flows of two classes, and `aligned_flow` of rank one, are exact.

    Raises
    ------
    InputError
        For a start that does not match the flow or is not finite, times that do not rise, and tolerances ≤ 0.
    """
    start = as_start(flow, start)
    single = jnp.ndim(jax.tree.leaves(start)[0]) == flow.state_rank
    lanes = jax.tree.map(lambda leaf: leaf[None], start) if single else start
    axes = check_lanes(flow, lanes)
    dtype = jax.tree.leaves(lanes)[0].dtype
    times = floating(times, "Times")
    check_times(times)
    tolerance = default_tolerance(dtype) if tolerance is None else tolerance
    check_tolerance(tolerance)
    out = _solve_lanes(flow, axes, lanes, jnp.asarray(times, dtype), tolerance, reduce, stop)
    out = _checked(flow, axes, stop, out)
    if single:
        out = jax.tree.map(lambda leaf: leaf[0], out)
    weights, loss, final, result, evaluations, mean_step = out
    return Trajectory(
        jnp.asarray(times, dtype),
        weights,
        result,
        final,
        generalization_loss=loss,
        # a trajectory has one number of each: that of the slowest lane
        mean_step=jnp.min(mean_step),
        gradient_evaluations=jnp.max(evaluations),
    )


def _checked(flow: AbstractFlow, axes: tuple[int | None, ...], stop: bool, out):
    """The result of `_solve_lanes`, NaN from the time when the error of a lane's rule exceeds half of the drive."""
    weights, loss, final, result, *work = out
    first = first_too_coarse(flow, axes, weights)
    if first is None:
        return out
    count = weights[0].shape[1]
    bad = first < count
    if loss is not None and stop:
        # a bracketed minimum that lies before that time is valid
        lowest = np.where(np.isfinite(loss), loss, np.inf).argmin(axis=1)
        bad &= ~((np.asarray(result) == Result.SUCCESS) & (lowest < first))
    lost = bad[:, None] & (np.arange(count) >= first[:, None])
    weights = tuple(jnp.where(lost[..., None, None], jnp.nan, W) for W in weights)
    loss = None if loss is None else jnp.where(lost, jnp.nan, loss)
    return weights, loss, final, jnp.where(bad, int(Result.RULE_TOO_COARSE), result), *work


@program
def _solve_lanes(flow, axes: tuple[int | None, ...], lanes, times, tolerance: Tolerance, reduce: bool, stop: bool):
    small, axes, state, basis = reduced_lanes(flow, axes, lanes) if reduce else (flow, axes, lanes, None)
    out = integrate(Batch(small, axes, _all_tasks), state, times, tolerance)
    leaves, structure = jax.tree.flatten(small)

    def lane(leaves, *parts):
        return _judged(jax.tree.unflatten(structure, leaves), times, stop, *parts)

    finite, result, loss = jax.vmap(lane, (list(axes), 0, 0, 0))(leaves, out.observed, out.finite, out.result)
    composites, final = out.observed, out.final
    if basis is not None:
        composites = tuple(jnp.einsum("l...d,lfd->l...f", W, basis, precision="highest") for W in composites)
        final = jax.vmap(restored)(final, basis)
    weights = tuple(jnp.where(finite[..., None, None], W, jnp.nan) for W in composites)
    return weights, loss, final, result, out.evaluations, out.mean_step


def _all_tasks(flow: AbstractFlow, state):
    return flow.composites(state)


def _judged(flow: AbstractFlow, times, stop: bool, composites, finite, result):
    """Which times of one lane count, its result, and its loss."""
    if not isinstance(flow, JudgedFlow) or flow.judge is None:
        return finite, result, None
    clean = jnp.where(finite[:, None, None], composites[0], jnp.zeros_like(composites[0]))
    loss = jnp.where(finite, flow.judge.loss(clean), jnp.nan)
    if stop:
        finite, stopped, _ = stopping(times, loss, finite, no_minimum(times.dtype))
        result = judged_result(result, stopped)
        loss = jnp.where(finite, loss, jnp.nan)
    return finite, result, loss


def default_tolerance(dtype) -> Tolerance:
    """The default error control for weights of a precision."""
    return Tolerance() if dtype == jnp.float64 else Tolerance(rtol=1e-5, atol=1e-7)


def as_start(flow: object, start: Any) -> Any:
    """The start with its leaves as arrays of the flow's precision. Raises `InputError` if start and flow do not match."""
    if not isinstance(flow, AbstractFlow):
        raise invalid(
            "Only flows can be solved",
            received=described(flow),
            hint="Make one with population_flow, closure_flow, regression_flow, aligned_flow, rank_one_flow or two_task_flow",
        )
    check_kind(flow, start)
    dtype = jax.tree.leaves(flow)[0].dtype
    for leaf in jax.tree.leaves(start):
        floating(leaf, "Every part of a start")
    arrays = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype if isinstance(leaf, int | float) else None), start)
    others = {leaf.dtype.name for leaf in jax.tree.leaves(arrays) if jnp.issubdtype(leaf.dtype, jnp.floating)}
    if others - {dtype.name}:
        raise invalid(
            "Start and flow must have the same precision",
            received=f"a start of {', '.join(sorted(others))} for a flow of {dtype.name}",
            hint=f"Convert it: jax.tree.map(lambda leaf: leaf.astype('{dtype.name}'), start)",
        )
    return arrays


def check_lanes(flow: AbstractFlow, lanes) -> tuple[int | None, ...]:
    """Which of the flow's arrays carry the lane axis (0) and which are shared (None). Raises `InputError` on a mismatch."""
    arrays = jax.tree.leaves(lanes)
    parts = list(zip(jax.tree.leaves(flow), map(len, axes_of(flow)), strict=True))
    carries = [leaf.ndim == rank + 1 for leaf, rank in parts]
    counts = {leaf.shape[0] for leaf in arrays if leaf.ndim} | {
        leaf.shape[0] for (leaf, _), carry in zip(parts, carries, strict=True) if carry
    }
    whole = all(leaf.ndim == flow.state_rank + 1 for leaf in arrays)
    ranks_match = all(leaf.ndim in (rank, rank + 1) for leaf, rank in parts)
    if not (whole and ranks_match and len(counts) == 1 and min(counts) > 0):
        raise invalid(
            "Start and flow must be one lane, or have the same lane axis first on every array that has one",
            received=f"start {[leaf.shape for leaf in arrays]}, flow {[leaf.shape for leaf, _ in parts]}",
            hint="Stack whole starts along axis 0",
        )
    if not all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in arrays) or not all_finite(lanes):
        raise invalid(
            "A start must be finite floating-point numbers",
            received="integers, NaN or infinity",
            hint="Check the start",
        )
    flow.check_start(lanes)
    return tuple(0 if carry else None for carry in carries)
