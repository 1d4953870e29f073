"""From a flow to its states at given times, with the error controlled: the room's one place that calls diffrax."""

import dataclasses
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sharedtrunk._errors import invalid
from sharedtrunk.trajectory import Result

from ._given import described, is_number


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """Local error below rtol·|y| + atol in the root mean square over the state.

    `order` 5 is Tsit5, for tight tolerances; 3 is Bogacki–Shampine, which at rtol 1e-4 needs two thirds of the evaluations:
    late in a training stability limits the step, not accuracy.
    `max_steps` bounds the work: a lane that is not done by then carries `Result.STEP_LIMIT`. `ceiling` bounds the
    Frobenius norm of the composite weights: a lane that passes it stops with `Result.RAN_AWAY`.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 16384
    ceiling: float = 1e8
    order: int = 5

    def __post_init__(self) -> None:
        _check(self)


_SOLVERS = {3: (diffrax.Bosh3, 3), 5: (diffrax.Tsit5, 6)}
"""By order, with the evaluations of a step: the last stage is the first one of the next."""


class Followed(NamedTuple):
    """One lane, followed: what was observed by time (infinity where it did not get to), and how it ended."""

    seen: Any
    final: Any
    result: Int[Array, ""]
    finite: Bool[Array, "time"]
    evaluations: Int[Array, ""]
    mean_step: Float[Array, ""]


def integrate(flow, start, times, tolerance: Tolerance, observe, first_step=None) -> Followed:
    """Follow one lane through `times`; `observe(state)` is a tuple of weights (class, feature)."""
    # As a flat list, because diffrax refuses a state that holds an empty tuple: the trunk of a single-layer student.
    leaves, structure = jax.tree.flatten(start)

    def unflat(leaves):
        return jax.tree.unflatten(structure, leaves)

    def field(t, leaves, args):
        return jax.tree.leaves(args.drive(unflat(leaves)))

    def size(flow, leaves):
        return jnp.sqrt(jnp.sum(jnp.stack([jnp.sum(W * W) for W in flow.composites(unflat(leaves))])))

    def runs_away(t, leaves, args, **_):
        return ~(size(args, leaves) <= jnp.asarray(tolerance.ceiling, times.dtype))

    solver, stages = _SOLVERS[tolerance.order]
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),  # pyright: ignore[reportArgumentType]
        solver(),
        t0=times[0],
        t1=times[-1],
        dt0=first_step,
        y0=leaves,
        args=flow,
        saveat=diffrax.SaveAt(
            subs=[
                diffrax.SubSaveAt(ts=times, fn=lambda t, leaves, args: observe(unflat(leaves))),
                diffrax.SubSaveAt(t1=True),
            ]
        ),
        stepsize_controller=diffrax.PIDController(rtol=tolerance.rtol, atol=tolerance.atol),
        event=diffrax.Event(runs_away),
        max_steps=tolerance.max_steps,
        throw=False,
    )
    seen, final = solution.ys  # pyright: ignore[reportGeneralTypeIssues]
    final = [leaf[0] for leaf in final]
    evaluations = stages * solution.stats["num_steps"] + (2 if first_step is None else 1)
    accepted = jnp.maximum(solution.stats["num_accepted_steps"], 1).astype(times.dtype)
    finite = jnp.stack([jnp.isfinite(W).all(axis=(-2, -1)) for W in seen]).all(axis=0)
    result = _code(solution.result, finite, size(flow, final))
    return Followed(seen, unflat(final), result, finite, evaluations, (times[-1] - times[0]) / accepted)


def _code(result, finite, size):
    """The solver's result as ours. Beyond the ceiling a lane ran away while its size is a number, else it diverged."""
    gone = jnp.where(jnp.isfinite(size), int(Result.RAN_AWAY), int(Result.DIVERGED))
    done = jnp.where(finite.all(), int(Result.SUCCESS), int(Result.DIVERGED))
    limit = jnp.where(result == diffrax.RESULTS.event_occurred, gone, int(Result.STEP_LIMIT))
    return jnp.where(result == diffrax.RESULTS.successful, done, limit)


def check_tolerance(tolerance: object) -> None:
    """Raise unless it is a `Tolerance`."""
    if not isinstance(tolerance, Tolerance):
        raise invalid(
            "A tolerance is a Tolerance", received=described(tolerance), way_out="Give dynamics.Tolerance(rtol=1e-6)"
        )


def _check(tolerance: Tolerance) -> None:
    """Raise unless everything in it is finite and positive, and the order known."""
    positive = (tolerance.rtol, tolerance.atol, tolerance.max_steps, tolerance.ceiling)
    if not all(is_number(x) and np.isfinite(x) and x > 0 for x in positive) or tolerance.order not in tuple(_SOLVERS):
        raise invalid(
            "A tolerance needs rtol, atol, max_steps and ceiling, all finite and > 0, and order 3 or 5",
            received=f"{tolerance}",
            way_out="Leave it out for rtol=1e-6, atol=1e-9",
        )
