"""Bogacki–Shampine steps of a batch of lanes, each with a step of its own: order 3, three evaluations a step.

One loop for the whole batch, so that products run over all lanes and what is saved is written in place. Between the ends of
a step the observations are the cubic Hermite polynomial through their values and slopes there. Steps grow and shrink
with err^(−1/3), by a factor between 0.2 and 10, as in diffrax's integral controller.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

Observe = Callable[[Any], tuple[Array, ...]]
View = tuple[tuple[Array, ...], tuple[Array, ...]]
"""Observations and their slopes."""

SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0


class Marks(NamedTuple):
    """When a step is good enough, too short, or the end: local error below rtol·|y| + atol, in the root mean square."""

    rtol: float
    atol: float
    max_steps: int


class Stand(NamedTuple):
    """Where the lanes of a batch stand: time, state, the step to try next, the last one, and observations with their slopes
    before it."""

    time: Float[Array, "lane"]
    state: Any
    step: Float[Array, "lane"]
    last_step: Float[Array, "lane"]
    before: View


class Lanes(NamedTuple):
    """A stand on its way: with the slope and what is seen there, what was saved, and how much work it took."""

    stand: Stand
    slope: Any
    view: View
    saved: tuple[Float[Array, "lane time ..."], ...]
    place: Int[Array, "lane"]
    tried: Int[Array, "lane"]
    accepted: Int[Array, "lane"]
    stopped: Bool[Array, "lane"]


def begin(seen, start, time, first_step) -> Stand:
    """Before the first step; of `seen`, the observations, only shapes matter."""
    nothing = tuple(jnp.zeros(W.shape, W.dtype) for W in seen)
    return Stand(jnp.full_like(first_step, time), start, first_step, jnp.zeros_like(first_step), (nothing, nothing))


def follow(field, observe: Observe, runs_away, stand: Stand, times, marks: Marks, *, arrive: bool) -> Lanes:
    """Follow all lanes through `times`, which they share: to the last of them or, unless they `arrive` there, beyond it.

    `field`, `observe` and `runs_away` (which lanes to stop) take the state of the whole batch. What a lane did not reach is
    infinite.
    """
    lanes = stand.time.shape[0]
    slope = field(stand.state)
    view = jax.jvp(observe, (stand.state,), (slope,))
    none = jnp.zeros(lanes, jnp.int32)
    saved = tuple(jnp.full((lanes, times.shape[0], *W.shape[1:]), jnp.inf, W.dtype) for W in view[0])
    # times that the last step before has passed
    saved, place = _save(
        stand.before, view, stand.time - stand.last_step, stand.last_step, stand.time, times, saved, none
    )
    out = Lanes(stand, slope, view, saved, place, none, none, jnp.zeros(lanes, bool))

    def going(now: Lanes):
        return jnp.any(_open(now, times, marks))

    def advance(now: Lanes) -> Lanes:
        return _advance(field, observe, runs_away, times, marks, arrive, now)

    return jax.lax.while_loop(going, advance, out)


def _open(now: Lanes, times, marks: Marks):
    return (now.stand.time < times[-1]) & ~now.stopped & (now.tried < marks.max_steps)


def _advance(field, observe: Observe, runs_away, times, marks: Marks, arrive: bool, now: Lanes) -> Lanes:
    """One step of every open lane, kept where its error is small enough."""
    going, stand = _open(now, times, marks), now.stand
    left = times[-1] - stand.time
    step = jnp.where(going, jnp.minimum(stand.step, left) if arrive else stand.step, 0)
    after, slope, error = _bogacki_shampine(field, stand.state, now.slope, step)
    size = _scaled_size(error, stand.state, after, marks)
    kept = going & (size < 1)
    time = jnp.where(arrive & (step >= left), times[-1], stand.time + step)
    time = jnp.where(kept, time, stand.time)
    view = jax.jvp(observe, (after,), (slope,))
    saved, place = _save(now.view, view, stand.time, step, time, times, now.saved, now.place)
    wanted = _next_step(step, size, kept)
    stuck = ~kept & (stand.time + wanted <= stand.time)
    last_step = jnp.where(kept, step, stand.last_step)
    before, ahead = (_where(kept, *parts) for parts in ((now.view, stand.before), (view, now.view)))
    return Lanes(
        Stand(time, _where(kept, after, stand.state), jnp.where(going, wanted, stand.step), last_step, before),
        _where(kept, slope, now.slope),
        ahead,
        saved,
        place,
        now.tried + going.astype(jnp.int32),
        now.accepted + kept.astype(jnp.int32),
        now.stopped | (kept & runs_away(after)) | (going & stuck),
    )


def _next_step(step, size, kept):
    """What to try after a step whose error had this size; one that is not a number asks for a shorter step."""
    factor = jnp.where(jnp.isfinite(size), SAFETY * size ** (-1 / 3), SHRINK)
    factor = jnp.clip(factor, jnp.where(kept, 1.0, SHRINK), jnp.where(kept, GROW, SAFETY))
    return step * factor.astype(step.dtype)


def _bogacki_shampine(field, y, k1, step):
    """The state after a step, its slope there, which the next step begins with, and the error against order 2."""
    k2 = field(_combined(y, step, (1 / 2, k1)))
    k3 = field(_combined(y, step, (3 / 4, k2)))
    after = _combined(y, step, (2 / 9, k1), (1 / 3, k2), (4 / 9, k3))
    k4 = field(after)
    error = _combined(None, step, (-5 / 72, k1), (1 / 12, k2), (1 / 9, k3), (-1 / 8, k4))
    return after, k4, error


def _combined(y, step, *terms):
    """y + step · Σ weight · slope, lane by lane."""
    weights = [weight for weight, _ in terms]

    def leaf(*slopes):
        total = sum(weight * slope for weight, slope in zip(weights, slopes, strict=True))
        return _lanewise(step, total) * total

    change = jax.tree.map(leaf, *(slope for _, slope in terms))
    return change if y is None else jax.tree.map(jnp.add, y, change)


def _scaled_size(error, before, after, marks: Marks):
    """The root mean square over the state of error / (atol + rtol · |y|)."""

    def scaled(e, y, z):
        ratio = e / (marks.atol + marks.rtol * jnp.maximum(jnp.abs(y), jnp.abs(z)))
        return jnp.sum(ratio.reshape(ratio.shape[0], -1) ** 2, axis=1)

    squares = jax.tree.leaves(jax.tree.map(scaled, error, before, after))
    count = sum(leaf[0].size for leaf in jax.tree.leaves(error))
    return jnp.sqrt(sum(squares) / count)


def _save(before: View, after: View, begin, step, time, times, saved, place):
    """Write what is seen at the times up to `time` that the step from `begin` has passed, one of every lane at once."""
    rows, count = jnp.arange(time.shape[0]), times.shape[0]

    def due(place):
        return (place < count) & (times[jnp.minimum(place, count - 1)] <= time)

    def write(carry):
        saved, place = carry
        now = due(place)
        # no step has led to where a lane sets out
        part = jnp.where(step > 0, (times[jnp.minimum(place, count - 1)] - begin) / jnp.where(step > 0, step, 1), 1)
        seen = _hermite(before, after, part, step)
        at = jnp.where(now, place, count)  # out of range where none is due, and dropped
        saved = tuple(kept.at[rows, at].set(W, mode="drop") for kept, W in zip(saved, seen, strict=True))
        return saved, place + now.astype(jnp.int32)

    return jax.lax.while_loop(lambda carry: jnp.any(due(carry[1])), write, (saved, place))


def _hermite(before, after, part, step):
    """Observations within a step at the share `part` of it."""
    x = part
    ends = ((1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2 * step, x**2 * (3 - 2 * x), x**2 * (x - 1) * step)
    parts = zip(before[0], before[1], after[0], after[1], strict=True)
    return tuple(sum(_lanewise(c, W) * W for c, W in zip(ends, each, strict=True)) for each in parts)


def first_step(field, start, times, marks: Marks):
    """A step whose change is small beside the state and its slope's (Hairer, Nørsett and Wanner, II.4)."""
    slope, zero = field(start), jax.tree.map(jnp.zeros_like, start)

    def size(change):
        return _scaled_size(change, start, zero, marks)

    y, f = size(start), size(slope)
    tiny = (y < 1e-5) | (f < 1e-5)
    probe = jnp.where(tiny, 1e-6, 0.01 * y / jnp.where(tiny, 1, f)).astype(times.dtype)
    bend = jax.tree.map(jnp.subtract, field(_combined(start, probe, (1.0, slope))), slope)
    steepest = jnp.maximum(f, size(bend) / probe)
    flat = steepest <= 1e-15
    longer = jnp.where(flat, jnp.maximum(1e-6, 1e-3 * probe), (0.01 / jnp.where(flat, 1, steepest)) ** (1 / 4))
    return jnp.minimum(100 * probe, longer).astype(times.dtype)


def _lanewise(values, leaf):
    """One value a lane, with as many axes as the leaf."""
    return values.reshape(-1, *(1 for _ in leaf.shape[1:])).astype(leaf.dtype)


def _where(lanes, tree, otherwise):
    return jax.tree.map(lambda a, b: jnp.where(lanes.reshape(-1, *(1 for _ in a.shape[1:])), a, b), tree, otherwise)
