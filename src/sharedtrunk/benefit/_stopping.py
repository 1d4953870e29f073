"""When to stop: by the oracle, as the paper does, or honestly, as a practitioner must.

*Oracle*: the minimum over time of the generalization loss itself, which nobody can see in practice. *Honest*: the minimum
of the loss on held-out points with noisy labels; the same points for both arms. Stopping is a decision about computed
curves, so it is made on the host, in NumPy.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from sharedtrunk._support.arguments import check_kind_of, on_host
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid
from sharedtrunk.flows.trajectory import Trajectory

BRACKET_RATIO = 1.25
"""A minimum at time t counts as bracketed once the curve has been seen up to 1.25 times that time …"""

BRACKET_TIME = 5.0
"""… and at least this long; early minima are followed by slow learning of the noise, not by a second fall."""


def oracle_stop(trajectory: Trajectory) -> Int[np.ndarray, "*lane"]:
    """Index of the saved time at which the generalization loss is smallest (section 4.4)."""
    check_trajectory(trajectory)
    return first_minimum(known_curve(trajectory.generalization_loss, "generalization"))


def honest_stop(trajectory: Trajectory) -> Int[np.ndarray, "*lane"]:
    """Index of the saved time at which the validation loss is smallest."""
    check_trajectory(trajectory)
    return first_minimum(known_curve(trajectory.validation_loss, "validation"))


def bracketed(times: Float[AnyArray, "time"], curve: Float[AnyArray, "*lane time"]) -> Bool[np.ndarray, "*lane"]:
    """Whether the curve has been followed far enough past its smallest value to call that its minimum.

    The rule: the last time seen is at least max(BRACKET_RATIO · t_min, BRACKET_TIME), and the curve ends above its minimum.
    A slow test follows curves of the standard grid to t = 500: none falls below a minimum so bracketed.
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
    lowest, last = first_minimum(curve), _last_seen(curve)
    seen = times[last] >= np.maximum(BRACKET_RATIO * times[lowest], BRACKET_TIME)
    return np.asarray(seen & (at(curve, last) > at(curve, lowest)))


def _last_seen(curve: Float[np.ndarray, "*lane time"]) -> Int[np.ndarray, "*lane"]:
    """Index of the last finite value: a lane may have been followed less far than the others of its batch."""
    finite = np.isfinite(curve)
    return np.asarray(curve.shape[-1] - 1 - np.argmax(finite[..., ::-1], axis=-1))


def first_minimum(curve: Float[AnyArray, "*lane time"]) -> Int[np.ndarray, "*lane"]:
    """Index of the smallest finite value; a lane that is nowhere finite stops at its first time and stays NaN there."""
    curve = np.asarray(curve)
    return np.asarray(np.argmin(np.where(np.isfinite(curve), curve, np.inf), axis=-1))


def at(curve: Float[AnyArray, "*lane time"], index: Int[np.ndarray, "*lane"]) -> Float[np.ndarray, "*lane"]:
    """The curve's value at one saved time per lane."""
    return np.take_along_axis(np.asarray(curve), index[..., None], axis=-1)[..., 0]


def check_trajectory(trajectory: object) -> None:
    """Raise unless a trajectory came."""
    check_kind_of(trajectory, Trajectory, "What is stopped", "Use students.train or dynamics.solve")


def known_curve(curve, name: str):
    """The curve, or an error that says how to come by it."""
    if curve is None:
        raise invalid(
            f"Stopping needs the {name} loss along the trajectory",
            received="none",
            hint=f"Fill it in with benefit.with_{name}_loss",
        )
    return curve
