"""When a minimum counts as bracketed: the loss has clearly risen since, and has been followed for long enough.

Both rules follow a curve to at least max(ratio · t_min, `BRACKET_TIME`), where t_min is the time of its minimum so far.
Students and theory differ in the ratio, because more time has a different cost and a different use for each:

*Students* (`bracketed`, ratio `STUDENT_RATIO`, on the host after each leg). Each further leg trains on all samples, and a
slow test has followed the curves of the standard grid to t = 500: none falls again below a minimum that this rule had
bracketed.

*Theory* (`stopping`, ratio `FLOW_RATIO`, compiled, at each saved time). No such test covers flows on infinite data, whose
loss can rise very slowly after its minimum. Their late steps are long and cheap, so they are followed to twice t_min.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sharedtrunk._support.arguments import on_host
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid
from sharedtrunk.flows.minimum import first_minimum, value_at
from sharedtrunk.flows.result import Result

BRACKET_TIME = 5.0
"""Every curve is followed at least this long: an early minimum is followed by slow learning of the noise, not by a second
fall."""

STUDENT_RATIO, FLOW_RATIO = 1.25, 2.0
"""A curve is followed to this multiple of the time of its minimum (see the module's docstring)."""

ROUNDING = 8.0
"""A flow's loss has risen when it exceeds its minimum by more than this many units of rounding."""


def bracketed(times: Float[AnyArray, "time"], curve: Float[AnyArray, "*lane time"]) -> Bool[np.ndarray, "*lane"]:
    """Whether a student's curve has been followed far enough past its smallest value to call that its minimum.

    Parameters
    ----------
    times
        Saved times (time,).
    curve
        Loss at the saved times (*lane, time); NaN where a lane was not followed.

    Returns
    -------
    bool array (*lane,)
        True where the lane's last finite value lies at max(`STUDENT_RATIO` · t_min, `BRACKET_TIME`) or later and above the
        minimum.

    Raises
    ------
    InputError
        For shapes that do not match, or times that are not finite.
    """
    times, curve = on_host(times, "Times"), on_host(curve, "The curve")
    if times.ndim != 1 or curve.ndim < 1 or curve.shape[-1] != times.size or times.size < 1:
        raise invalid(
            "A curve has one value per time",
            received=f"{curve.shape} values at {times.shape} times",
            hint="The last axis of the curve is time",
        )
    if not np.isfinite(times).all():
        raise invalid("Times must be finite", received="NaN or infinity", hint="Give the trajectory's times")
    lowest = first_minimum(curve)
    # a lane may have been followed less far than the others of its batch
    last = np.asarray(curve.shape[-1] - 1 - np.argmax(np.isfinite(curve)[..., ::-1], axis=-1))
    followed = times[last] >= np.maximum(STUDENT_RATIO * times[lowest], BRACKET_TIME)
    return np.asarray(followed & (value_at(curve, last) > value_at(curve, lowest)))


class MinimumSoFar(NamedTuple):
    """A flow's lowest loss so far, and the last time at which the loss had that value."""

    loss: Float[AnyArray, "*lane"]
    time: Float[AnyArray, "*lane"]


def no_minimum(dtype) -> MinimumSoFar:
    """The state before the first saved time: an infinite loss."""
    return MinimumSoFar(jnp.asarray(jnp.inf, dtype), jnp.zeros((), dtype))


def stopping(
    times: Float[AnyArray, "time"], loss: Float[Array, "time"], finite: Bool[Array, "time"], before: MinimumSoFar
) -> tuple[Bool[Array, "time"], Bool[Array, ""], MinimumSoFar]:
    """Where one lane of a flow stops: the times up to there, whether it has stopped, and its minimum so far.

    It stops at the first saved time t ≥ max(`FLOW_RATIO` · t_min, `BRACKET_TIME`) at which the loss exceeds its minimum so
    far, at t_min, by more than rounding. That time is the last one kept.
    """
    lowest = jnp.minimum(jax.lax.cummin(jnp.where(finite, loss, jnp.inf)), before.loss)
    reached = jnp.where(finite & (loss == lowest), times, jnp.zeros_like(times))
    since = jnp.maximum(jax.lax.cummax(reached), before.time)
    risen = loss > lowest + ROUNDING * float(jnp.finfo(loss.dtype).eps) * jnp.abs(lowest)
    done = finite & risen & (times >= jnp.maximum(FLOW_RATIO * since, BRACKET_TIME))
    first = jnp.cumsum(done) - done.astype(int) == 0
    return finite & first, jnp.any(done), MinimumSoFar(lowest[-1], since[-1])


def judged_result(result: Int[Array, "*lane"], stopped: Bool[Array, "*lane"]) -> Int[Array, "*lane"]:
    """The `Result` code of a flow with a judge: SUCCESS after its stop, else its failure or NOT_BRACKETED."""
    open_or_failed = jnp.where(result == int(Result.SUCCESS), int(Result.NOT_BRACKETED), result)
    return jnp.where(stopped, int(Result.SUCCESS), open_or_failed)
