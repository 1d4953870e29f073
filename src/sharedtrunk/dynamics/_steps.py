"""Bogacki–Shampine steps of a batch of lanes, each with its own step size: order 3, three evaluations per step.

One loop serves the whole batch, so that products run over all lanes and observations are written in place. Within a step the
observations are interpolated by the cubic Hermite polynomial through their values and slopes at its ends.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from sharedtrunk.flows.runge_kutta import BOGACKI_SHAMPINE, explicit_step, hermite_weights, lanewise, weighted_sum

Observe = Callable[[Any], tuple[Array, ...]]
Observed = tuple[tuple[Array, ...], tuple[Array, ...]]
"""Observations and their slopes."""

SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0
"""The next step is this one times SAFETY · err^(−1/3), limited to SHRINK … GROW, as in diffrax's controller."""


class StepControl(NamedTuple):
    """A step is accepted if its root-mean-square error is below rtol·|y| + atol; a lane tries at most `max_steps` per leg."""

    rtol: float
    atol: float
    max_steps: int


class Stepper(NamedTuple):
    """Each lane between two legs: time, state, the next step to try, the last step, and the observations before that step."""

    time: Float[Array, "lane"]
    state: Any
    step: Float[Array, "lane"]
    last_step: Float[Array, "lane"]
    before: Observed


class Following(NamedTuple):
    """A stepper within a leg: slope and observations at its time, saved observations, the next time's index, work done."""

    stepper: Stepper
    slope: Any
    observed: Observed
    saved: tuple[Float[Array, "lane time ..."], ...]
    next_time: Int[Array, "lane"]
    tried: Int[Array, "lane"]
    accepted: Int[Array, "lane"]
    stopped: Bool[Array, "lane"]


def start_stepper(observed, start, time, first_step) -> Stepper:
    """The stepper before the first step. Only the shapes and dtypes of `observed` matter."""
    nothing = tuple(jnp.zeros(W.shape, W.dtype) for W in observed)
    return Stepper(jnp.full_like(first_step, time), start, first_step, jnp.zeros_like(first_step), (nothing, nothing))


def follow(
    field, observe: Observe, runs_away, stepper: Stepper, times, control: StepControl, *, arrive: bool
) -> Following:
    """Follow all lanes through `times`, which they share, until each has passed the last one (`arrive`: is exactly there).

    `field`, `observe` and `runs_away` (which lanes to stop) take the state of the whole batch. Observations at times that a
    lane did not reach are infinite.
    """
    lanes = stepper.time.shape[0]
    slope = field(stepper.state)
    observed = jax.jvp(observe, (stepper.state,), (slope,))
    zeros = jnp.zeros(lanes, jnp.int32)
    saved = tuple(jnp.full((lanes, times.shape[0], *W.shape[1:]), jnp.inf, W.dtype) for W in observed[0])
    # save the times of this leg that the last step of the leg before has already passed
    saved, index = _save(
        stepper.before, observed, stepper.time - stepper.last_step, stepper.last_step, stepper.time, times, saved, zeros
    )
    out = Following(stepper, slope, observed, saved, index, zeros, zeros, jnp.zeros(lanes, bool))

    def any_open(now: Following):
        return jnp.any(_open(now, times, control))

    def advance(now: Following) -> Following:
        return _advance(field, observe, runs_away, times, control, arrive, now)

    return jax.lax.while_loop(any_open, advance, out)


def _open(now: Following, times, control: StepControl):
    return (now.stepper.time < times[-1]) & ~now.stopped & (now.tried < control.max_steps)


def _advance(
    field, observe: Observe, runs_away, times, control: StepControl, arrive: bool, now: Following
) -> Following:
    """Try one step of every open lane, and accept it where its error is small enough."""
    is_open, stepper = _open(now, times, control), now.stepper
    remaining = times[-1] - stepper.time
    step = jnp.where(is_open, jnp.minimum(stepper.step, remaining) if arrive else stepper.step, 0)
    after, (*_, slope), error = explicit_step(field, BOGACKI_SHAMPINE, stepper.state, now.slope, step)
    size = _scaled_size(error, stepper.state, after, control)
    accepted = is_open & (size < 1)
    time = jnp.where(arrive & (step >= remaining), times[-1], stepper.time + step)
    time = jnp.where(accepted, time, stepper.time)
    observed = jax.jvp(observe, (after,), (slope,))
    saved, index = _save(now.observed, observed, stepper.time, step, time, times, now.saved, now.next_time)
    next_step = _next_step(step, size, accepted)
    stuck = ~accepted & (stepper.time + next_step <= stepper.time)
    last_step = jnp.where(accepted, step, stepper.last_step)
    before, ahead = (_where(accepted, *parts) for parts in ((now.observed, stepper.before), (observed, now.observed)))
    return Following(
        Stepper(
            time, _where(accepted, after, stepper.state), jnp.where(is_open, next_step, stepper.step), last_step, before
        ),
        _where(accepted, slope, now.slope),
        ahead,
        saved,
        index,
        now.tried + is_open.astype(jnp.int32),
        now.accepted + accepted.astype(jnp.int32),
        now.stopped | (accepted & runs_away(after)) | (is_open & stuck),
    )


def _next_step(step, size, accepted):
    """The step to try after one whose scaled error had this size, which may be infinite or NaN."""
    factor = jnp.where(jnp.isfinite(size), SAFETY * size ** (-1 / 3), SHRINK)
    factor = jnp.clip(factor, jnp.where(accepted, 1.0, SHRINK), jnp.where(accepted, GROW, SAFETY))
    return step * factor.astype(step.dtype)


def _scaled_size(error, before, after, control: StepControl):
    """The root mean square over the state of error / (atol + rtol · |y|)."""

    def scaled(e, y, z):
        ratio = e / (control.atol + control.rtol * jnp.maximum(jnp.abs(y), jnp.abs(z)))
        return jnp.sum(ratio.reshape(ratio.shape[0], -1) ** 2, axis=1)

    squares = jax.tree.leaves(jax.tree.map(scaled, error, before, after))
    count = sum(leaf[0].size for leaf in jax.tree.leaves(error))
    return jnp.sqrt(sum(squares) / count)


def _save(before: Observed, after: Observed, begin, step, time, times, saved, index):
    """Write the observations at the times that the step from `begin` to `time` has passed, one per lane in each round."""
    rows, count = jnp.arange(time.shape[0]), times.shape[0]

    def due(index):
        return (index < count) & (times[jnp.minimum(index, count - 1)] <= time)

    def write(carry):
        saved, index = carry
        now = due(index)
        # a lane that has made no step is at the end of a step of length 0
        position = jnp.where(step > 0, (times[jnp.minimum(index, count - 1)] - begin) / jnp.where(step > 0, step, 1), 1)
        weights = hermite_weights(position, step)
        parts = zip(before[0], before[1], after[0], after[1], strict=True)
        interpolated = [sum(lanewise(c, W) * W for c, W in zip(weights, each, strict=True)) for each in parts]
        at = jnp.where(now, index, count)  # lanes with no time due get an index out of range, which is dropped
        saved = tuple(array.at[rows, at].set(W, mode="drop") for array, W in zip(saved, interpolated, strict=True))
        return saved, index + now.astype(jnp.int32)

    return jax.lax.while_loop(lambda carry: jnp.any(due(carry[1])), write, (saved, index))


def first_step(field, start, times, control: StepControl):
    """A first step that changes state and slope only a little (Hairer, Nørsett and Wanner, Solving ODEs I, II.4)."""
    slope, zero = field(start), jax.tree.map(jnp.zeros_like, start)

    def size(value):
        return _scaled_size(value, start, zero, control)

    y, f = size(start), size(slope)
    tiny = (y < 1e-5) | (f < 1e-5)
    probe = jnp.where(tiny, 1e-6, 0.01 * y / jnp.where(tiny, 1, f)).astype(times.dtype)
    change = jax.tree.map(jnp.subtract, field(weighted_sum(start, probe, (1.0,), (slope,))), slope)
    steepest = jnp.maximum(f, size(change) / probe)
    flat = steepest <= 1e-15
    longer = jnp.where(flat, jnp.maximum(1e-6, 1e-3 * probe), (0.01 / jnp.where(flat, 1, steepest)) ** (1 / 4))
    return jnp.minimum(100 * probe, longer).astype(times.dtype)


def _where(lanes, tree, otherwise):
    return jax.tree.map(lambda a, b: jnp.where(lanes.reshape(-1, *(1 for _ in a.shape[1:])), a, b), tree, otherwise)
