"""From a flow to its states at given times, with the error controlled: the room's one place that calls diffrax."""

import dataclasses

import diffrax
import jax
import jax.numpy as jnp


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """Local error below rtol·|y| + atol in the root mean square over the state (Tsit5).

    `max_steps` bounds the work: a lane that is not done by then carries `Result.STEP_LIMIT`. `ceiling` bounds the
    Frobenius norm of the composite weights: a lane that passes it has run away and stops with `Result.DIVERGED`.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 16384
    ceiling: float = 1e8


def integrate(flow, start, times, tolerance: Tolerance, observe):
    """Follow one lane through `times`.

    Returns observations by time, the final state, evaluations of the drive, the mean step, and two flags: it got to the
    last time, it ran away. Times it did not get to hold infinity.
    """

    # As a flat list, because diffrax refuses a state that holds an empty tuple: the trunk of a single-layer student.
    leaves, structure = jax.tree.flatten(start)

    def unflat(leaves):
        return jax.tree.unflatten(structure, leaves)

    def field(t, leaves, args):
        return jax.tree.leaves(args.drive(unflat(leaves)))

    def runs_away(t, leaves, args, **_):
        squares = sum(jnp.sum(W * W) for W in args.composites(unflat(leaves)))
        return ~(squares <= jnp.asarray(tolerance.ceiling**2, times.dtype))

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),  # pyright: ignore[reportArgumentType]
        diffrax.Tsit5(),
        t0=times[0],
        t1=times[-1],
        dt0=None,
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
    stages = 6  # Tsit5 reuses its last stage, so a step costs six evaluations; two more find the first step
    evaluations = stages * solution.stats["num_steps"] + 2
    accepted = jnp.maximum(solution.stats["num_accepted_steps"], 1).astype(times.dtype)
    mean_step = (times[-1] - times[0]) / accepted
    complete = solution.result == diffrax.RESULTS.successful
    ran_away = solution.result == diffrax.RESULTS.event_occurred
    return seen, unflat([leaf[0] for leaf in final]), evaluations, mean_step, complete, ran_away
