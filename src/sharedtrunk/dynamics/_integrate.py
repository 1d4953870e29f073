"""Follow a flow through given times with controlled error. No other module of this package calls diffrax.

Diffrax takes half a second to import, and workers that train students import this package too. Diffrax is therefore imported
only when a flow of order 5 is traced.
"""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sharedtrunk._support.arguments import check_kind_of, is_number
from sharedtrunk.dynamics._steps import StepControl, Stepper, first_step, follow, start_stepper
from sharedtrunk.errors import invalid
from sharedtrunk.flows.result import Result


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """How accurately a flow is followed.

    Parameters
    ----------
    rtol, atol
        The local error stays below rtol·|y| + atol in the root mean square over the state.
    max_steps
        The largest number of steps of a lane; a lane that needs more ends with `Result.STEP_LIMIT`.
    ceiling
        Largest Frobenius norm of the composite weights; a lane that passes it ends with `Result.RAN_AWAY`.
    order
        5 is Tsit5, for tight tolerances. 3 is Bogacki–Shampine, which at rtol 1e-4 needs two thirds of the evaluations,
        because late in training, stability limits the step, not accuracy.

    Raises
    ------
    InputError
        For a number that is not positive and finite, or an order other than 3 or 5.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 16384
    ceiling: float = 1e8
    order: int = 5

    def __post_init__(self) -> None:
        _check(self)


_STAGES = {3: 3, 5: 6}
"""Evaluations of the drive per step, by order, without the one that a step shares with the step before."""


class Integrated(NamedTuple):
    """The outcome of every lane: observations by time (infinite at times that it did not reach), and how it ended."""

    observed: tuple[Float[Array, "lane time ..."], ...]
    final: Any
    result: Int[Array, "lane"]
    finite: Bool[Array, "lane time"]
    evaluations: Int[Array, "lane"]
    mean_step: Float[Array, "lane"]


class Batch(NamedTuple):
    """The flow of a batch of lanes, and what is observed of it.

    `axes` says which of the flow's arrays carry lanes (0) and which are shared (None); `observe(flow, state)` returns a
    tuple of one lane's weights (class, feature).
    """

    flow: Any
    axes: tuple[int | None, ...]
    observe: Any

    def lanewise(self, function):
        """Turn `function(flow, state)`, which takes one lane, into a function of all lanes' states."""
        leaves, structure = jax.tree.flatten(self.flow)

        def lane(leaves, state):
            return function(jax.tree.unflatten(structure, leaves), state)

        # under jit, so that it is traced once however often it is called
        return functools.partial(jax.jit(jax.vmap(lane, (list(self.axes), 0))), leaves)


def integrate(batch: Batch, starts, times, tolerance: Tolerance) -> Integrated:
    """Follow the lanes of a batch through `times`, up to the last time."""
    if tolerance.order == 5:
        return _by_diffrax(batch, starts, times, tolerance)
    step = first_step(batch.lanewise(_drive), starts, times, _control(tolerance))
    observed = jax.eval_shape(batch.lanewise(batch.observe), starts)
    out, _ = _by_steps(batch, start_stepper(observed, starts, times[0], step), times, tolerance, arrive=True)
    return out._replace(evaluations=out.evaluations + 1)


Solver = Stepper | tuple[Any, Any]
"""What a lane carries from one leg to the next: a stepper at order 3, the state and the next step at order 5."""


def start_solver(observed, starts, time, tolerance: Tolerance, step) -> Solver:
    """The solver before the first leg. `step` is each lane's first step to try; `observed` has the observations' shapes."""
    return (starts, step) if tolerance.order == 5 else start_stepper(observed, starts, time, step)


def continue_leg(batch: Batch, solver: Solver, times, tolerance: Tolerance) -> tuple[Integrated, Solver]:
    """Follow one leg. Its first time is the last time of the leg before."""
    if isinstance(solver, Stepper):
        # steps need not end with the leg: the next leg begins where this one's last step ended
        return _by_steps(batch, solver, times, tolerance, arrive=False)
    state, step = solver
    out = _by_diffrax(batch, state, times, tolerance, step)
    return out, (out.final, out.mean_step)


def _by_steps(
    batch: Batch, stepper: Stepper, times, tolerance: Tolerance, *, arrive: bool
) -> tuple[Integrated, Stepper]:
    """Follow the lanes at order 3, all in one loop."""
    size = batch.lanewise(_size)

    def runs_away(state):
        return _beyond_ceiling(size(state), tolerance)

    drive, observe = batch.lanewise(_drive), batch.lanewise(batch.observe)
    end = follow(drive, observe, runs_away, stepper, times, _control(tolerance), arrive=arrive)
    finite, last = _finite(end.saved), size(end.stepper.state)
    arrived = (end.stepper.time >= times[-1]) & ~end.stopped
    result = _code(arrived, end.stopped & _beyond_ceiling(last, tolerance), finite, last)
    mean_step = _mean_step(end.stepper.time - stepper.time, end.accepted)
    out = Integrated(end.saved, end.stepper.state, result, finite, _STAGES[3] * end.tried + 1, mean_step)
    return out, end.stepper


def _control(tolerance: Tolerance) -> StepControl:
    return StepControl(tolerance.rtol, tolerance.atol, tolerance.max_steps)


def _drive(flow, state):
    return flow.drive(state)


def _by_diffrax(batch: Batch, starts, times, tolerance: Tolerance, step=None) -> Integrated:
    """Follow the lanes at order 5, each by a diffrax solve of its own (vmapped)."""
    leaves, structure = jax.tree.flatten(batch.flow)

    def lane(leaves, start, step):
        return _one_lane(jax.tree.unflatten(structure, leaves), batch.observe, start, step, times, tolerance)

    return jax.vmap(lane, (list(batch.axes), 0, None if step is None else 0))(leaves, starts, step)


def _one_lane(flow, observe, start, first_step, times, tolerance: Tolerance) -> Integrated:
    """Follow one lane by Tsit5."""
    import diffrax  # imported here, since flows of order 3 do not need it

    # Diffrax gets a flat list: it refuses a state with an empty tuple, such as the trunk of a single-layer student.
    leaves, structure = jax.tree.flatten(start)

    def unflat(leaves):
        return jax.tree.unflatten(structure, leaves)

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, leaves, args: jax.tree.leaves(args.drive(unflat(leaves)))),  # pyright: ignore[reportArgumentType]
        diffrax.Tsit5(),
        t0=times[0],
        t1=times[-1],
        dt0=first_step,
        y0=leaves,
        args=flow,
        saveat=diffrax.SaveAt(
            subs=[
                diffrax.SubSaveAt(ts=times, fn=lambda t, leaves, args: observe(args, unflat(leaves))),
                diffrax.SubSaveAt(t1=True),
            ]
        ),
        stepsize_controller=diffrax.PIDController(rtol=tolerance.rtol, atol=tolerance.atol),
        event=diffrax.Event(lambda t, leaves, args, **_: _beyond_ceiling(_size(args, unflat(leaves)), tolerance)),
        max_steps=tolerance.max_steps,
        throw=False,
    )
    observed, final = solution.ys  # pyright: ignore[reportGeneralTypeIssues]
    final = unflat([leaf[0] for leaf in final])
    evaluations = _STAGES[5] * solution.stats["num_steps"] + (2 if first_step is None else 1)
    finite = jax.tree.map(lambda leaf: leaf[0], _finite(jax.tree.map(lambda W: W[None], observed)))
    arrived, gone = (solution.result == code for code in (diffrax.RESULTS.successful, diffrax.RESULTS.event_occurred))
    result = _code(arrived, gone, finite, _size(flow, final))
    mean_step = _mean_step(times[-1] - times[0], solution.stats["num_accepted_steps"])
    return Integrated(observed, final, result, finite, evaluations, mean_step)


def _size(flow, state):
    """Frobenius norm of all composite weights together."""
    return jnp.sqrt(jnp.sum(jnp.stack([jnp.sum(W * W) for W in flow.composites(state)])))


def _beyond_ceiling(size, tolerance: Tolerance):
    return ~(size <= jnp.asarray(tolerance.ceiling, size.dtype))


def _finite(observed) -> Array:
    """Whether everything observed at a time is finite, (lane, time)."""
    return jnp.stack([jnp.isfinite(W).all(axis=tuple(range(2, W.ndim))) for W in observed]).all(axis=0)


def _mean_step(time, accepted):
    return time / jnp.maximum(accepted, 1).astype(time.dtype)


def _code(arrived, gone, finite, size):
    """How lanes ended. A lane beyond the ceiling ran away if its size is finite, and diverged if not."""
    away = jnp.where(jnp.isfinite(size), int(Result.RAN_AWAY), int(Result.DIVERGED))
    at_end = jnp.where(finite.all(axis=-1), int(Result.SUCCESS), int(Result.DIVERGED))
    before = jnp.where(gone, away, int(Result.STEP_LIMIT))
    return jnp.where(arrived, at_end, before)


def check_tolerance(tolerance: object) -> None:
    """Raise `InputError` unless it is a `Tolerance`."""
    check_kind_of(tolerance, Tolerance, "A tolerance", "Give dynamics.Tolerance(rtol=1e-6)")


def _check(tolerance: Tolerance) -> None:
    """Raise `InputError` unless all numbers are finite and positive, and the order known."""
    positive = (tolerance.rtol, tolerance.atol, tolerance.max_steps, tolerance.ceiling)
    if not all(is_number(x) and np.isfinite(x) and x > 0 for x in positive) or tolerance.order not in _STAGES:
        raise invalid(
            "A tolerance needs rtol, atol, max_steps and ceiling, all finite and > 0, and order 3 or 5",
            received=f"{tolerance}",
            hint="Leave it out for rtol=1e-6, atol=1e-9",
        )
