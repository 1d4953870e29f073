"""The room's verb: follow a flow from a start and see it at given times."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import all_finite, concrete
from sharedtrunk._support.programs import program
from sharedtrunk.dynamics._drive_error import first_too_coarse
from sharedtrunk.dynamics._flow import AbstractFlow
from sharedtrunk.dynamics._given import described, floating
from sharedtrunk.dynamics._integrate import Batch, Tolerance, check_tolerance, integrate
from sharedtrunk.dynamics._judge import JudgedFlow, nothing_seen, stopping
from sharedtrunk.errors import invalid
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
    """Follow dy/dt = flow.drive(y) from `start` at times[0] through `times`, with its error controlled.

    `start` is the flow's kind of state: `Layers` for `PopulationFlow` and `ClosureFlow`, `SingularValues` for
    `AlignedFlow`, `TwoTaskValues` for `TwoTaskFlow`, a number for `RankOneFlow`. It is one lane, or a batch with a
    leading lane axis on every array, whose flow's arrays carry the same axis or are shared. Every lane has its own steps;
    `tolerance` is rtol 1e-6, atol 1e-9 unless said (1e-5 and 1e-7 in float32). `reduce=False` keeps all features where
    fewer directions would do.

    Returns the composite weights of every task (*lane, time, class, feature) and the final state. A flow with a judge
    also has the generalization loss (*lane, time), in nats, and ends soon after its minimum (NaN from there on; a lane
    that does not get there is `Result.NOT_BRACKETED`); `stop=False` shows it up to the last time.
    Failures are data: `result` holds a `Result` code per lane; what a failed lane did not reach is NaN. A lane is NaN with
    `Result.RULE_TOO_COARSE` from the time on at which the error of its rule is more than half of the drive: hard labels
    drive large weights by less than that error. It is checked where the weights are large and not traced; flows of two
    classes, and of rank one by `aligned_flow`, are exact.

    Raises `InputError` for a start that does not fit or is not finite, times that do not rise, tolerances ≤ 0.
    """
    start = as_start(flow, start)
    single = jnp.ndim(jax.tree.leaves(start)[0]) == flow.state_rank
    lanes = jax.tree.map(lambda leaf: leaf[None], start) if single else start
    axes = check_lanes(flow, lanes)
    dtype = jax.tree.leaves(lanes)[0].dtype
    times = _checked_times(times)
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
        # one number each for the trajectory: the work of the slowest lane
        mean_step=jnp.min(mean_step),
        gradient_evaluations=jnp.max(evaluations),
    )


def _checked(flow: AbstractFlow, axes: tuple[int | None, ...], stop: bool, out):
    """What `_solve_lanes` found, without the times from which a lane followed the error of its rule."""
    weights, loss, final, result, *work = out
    first = first_too_coarse(flow, axes, weights)
    if first is None:
        return out
    count = weights[0].shape[1]
    bad = first < count
    if loss is not None and stop:
        # a bracketed minimum before those times stands
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

    finite, result, loss = jax.vmap(lane, (list(axes), 0, 0, 0))(leaves, out.seen, out.finite, out.result)
    seen, final = out.seen, out.final
    if basis is not None:
        seen = tuple(jnp.einsum("l...d,lfd->l...f", W, basis, precision="highest") for W in seen)
        final = jax.vmap(small.restored)(final, basis)
    weights = tuple(jnp.where(finite[..., None, None], W, jnp.nan) for W in seen)
    return weights, loss, final, result, out.evaluations, out.mean_step


def _all_tasks(flow: AbstractFlow, state):
    return flow.composites(state)


def reduced_lanes(flow: AbstractFlow, axes: tuple[int | None, ...], lanes):
    """The flow among fewer features where it allows that: flow, the axes of its arrays, state, basis (lane, …) or None."""
    leaves = jax.tree.leaves(flow)
    taken = [leaf[0] if axis == 0 else leaf for leaf, axis in zip(leaves, axes, strict=True)]
    one = jax.tree.unflatten(jax.tree.structure(flow), taken)
    if eqx.filter_eval_shape(one.reduced, jax.tree.map(lambda leaf: leaf[0], lanes))[2] is None:
        return flow, axes, lanes, None
    small, state, basis = _reduce(flow, axes, lanes)
    return small, (0,) * len(jax.tree.leaves(small)), state, basis


@program
def _reduce(flow: AbstractFlow, axes: tuple[int | None, ...], lanes):
    leaves, structure = jax.tree.flatten(flow)
    return jax.vmap(lambda leaves, start: jax.tree.unflatten(structure, leaves).reduced(start), (list(axes), 0))(
        leaves, lanes
    )


def _judged(flow: AbstractFlow, times, stop: bool, seen, finite, result):
    """One lane's curve, and what of the lane is kept: which times, its result, the loss."""
    if not isinstance(flow, JudgedFlow) or flow.judge is None:
        return finite, result, None
    clean = jnp.where(finite[:, None, None], seen[0], jnp.zeros_like(seen[0]))
    loss = jnp.where(finite, flow.judge.loss(clean), jnp.nan)
    if stop:
        finite, stopped, _ = stopping(times, loss, finite, nothing_seen(times.dtype))
        result = settled(result, stopped)
        loss = jnp.where(finite, loss, jnp.nan)
    return finite, result, loss


def settled(result, stopped):
    """The code of a judged lane: once it has stopped a failure no longer matters; without a stop nothing is bracketed."""
    unsettled = jnp.where(result == int(Result.SUCCESS), int(Result.NOT_BRACKETED), result)
    return jnp.where(stopped, int(Result.SUCCESS), unsettled)


def default_tolerance(dtype) -> Tolerance:
    """For weights of this precision."""
    return Tolerance() if dtype == jnp.float64 else Tolerance(rtol=1e-5, atol=1e-7)


def as_start(flow: object, start: Any) -> Any:
    """The start with its leaves as arrays of the flow's precision; raises where it is another kind of state."""
    if not isinstance(flow, AbstractFlow):
        raise invalid(
            "Only flows can be solved",
            received=described(flow),
            hint="Make one by population_flow, closure_flow, aligned_flow, rank_one_flow or two_task_flow",
        )
    flow.check_kind(start)
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
    """Which of the flow's arrays carry the lane axis (0) and which are shared (None); raises where start and flow differ."""
    arrays = jax.tree.leaves(lanes)
    parts = list(zip(jax.tree.leaves(flow), flow.ranks, strict=True))
    carries = [leaf.ndim == rank + 1 for leaf, rank in parts]
    counts = {leaf.shape[0] for leaf in arrays if leaf.ndim} | {
        leaf.shape[0] for (leaf, _), carry in zip(parts, carries, strict=True) if carry
    }
    whole = all(leaf.ndim == flow.state_rank + 1 for leaf in arrays)
    parts_fit = all(leaf.ndim in (rank, rank + 1) for leaf, rank in parts)
    if not (whole and parts_fit and len(counts) == 1 and min(counts) > 0):
        raise invalid(
            "Start and flow must be one lane, or have the same lane axis first on every array that has one",
            received=f"start {[leaf.shape for leaf in arrays]}, flow {[leaf.shape for leaf, _ in parts]}",
            hint="Stack whole starts along axis 0",
        )
    if not all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in arrays) or not all_finite(lanes):
        raise invalid("A start must be finite floating numbers", received="others", hint="Check the start")
    flow.check_start(jax.eval_shape(lambda tree: jax.tree.map(lambda leaf: leaf[0], tree), lanes))
    return tuple(0 if carry else None for carry in carries)


def _checked_times(times) -> Array:
    times = floating(times, "Times")
    known = concrete(times)
    if known is None or known.ndim != 1 or known.size < 2 or not (np.diff(known) > 0).all() or not known[0] >= 0:
        raise invalid(
            "Times must be at least two rising numbers ≥ 0, known before tracing",
            received="traced values" if known is None else np.array2string(known, threshold=6),
            hint="The first is where the start stands, usually 0",
        )
    return times
