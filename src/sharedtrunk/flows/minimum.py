"""Between saved times: where a curve's minimum lies, and what is known at saved times there.

Through six saved times t_i around the lowest goes one polynomial, p(t) = Σ_i ℓ_i(t) y_i (Lagrange's form). Of the curve it
gives the time t* of the minimum, of the weights W(t*) = Σ_i ℓ_i(t*) W(t_i). A flow is smooth in time, so the error of the
weights falls with the sixth power of the spacing. A stop at a saved time is off by up to half a spacing; an honest stop, no
minimum of the generalization loss, shows that at first order.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.axes import AnyArray

NODES, FEWER_NODES = 6, 4
"""Saved times that a stop is read off, and those of the rougher reading that tells its error."""

LOOKED_AT = 129
"""Points between the neighbours at which the polynomial is looked at; a parabola through the lowest three does the rest."""


FINE_DIFFERENCES = 64
"""Parts of a spacing in which derivatives of the polynomial are taken."""


class Between(NamedTuple):
    """A stop between saved times, lane by lane: its time t*, the saved times around it (by index), and ℓ_i(t*)."""

    time: Float[np.ndarray, "*lane"]
    nodes: Int[np.ndarray, "*lane node"]
    coefficients: Float[np.ndarray, "*lane node"]

    def of(self, values: np.ndarray) -> np.ndarray:
        """What is known at saved times (*lane, time, …), at the stop (*lane, …)."""
        lanes, rest = self.nodes.shape[:-1], values.shape[self.nodes.ndim :]
        flat = values.reshape((-1, *values.shape[self.nodes.ndim - 1 :]))
        nodes, coefficients = (part.reshape(-1, part.shape[-1]) for part in (self.nodes, self.coefficients))
        seen = flat[np.arange(len(flat))[:, None], nodes]
        # a stop at a saved time must not see what is not finite beside it
        used = coefficients.reshape((*coefficients.shape, *(1 for _ in rest))) != 0
        found = np.einsum("ln,ln...->l...", coefficients.astype(values.dtype), np.where(used, seen, 0))
        return found.reshape((*lanes, *rest))

    def at(self, times: Float[AnyArray, "time"], when: Float[np.ndarray, "*lane"]) -> "Between":
        """Another time on the same polynomial."""
        coefficients = _lagrange(np.asarray(times, np.float64)[self.nodes], np.asarray(when))
        return self._replace(time=when, coefficients=coefficients)


def at_saved(times: Float[AnyArray, "time"], index: Int[np.ndarray, "*lane"]) -> Between:
    """A stop at a saved time of every lane."""
    return Between(np.asarray(times)[index], index[..., None], np.ones((*index.shape, 1)))


def at_minimum(
    times: Float[AnyArray, "time"],
    curve: Float[AnyArray, "*lane time"],
    index: Int[np.ndarray, "*lane"],
    nodes: int = NODES,
) -> Between:
    """A stop at the minimum of a curve whose smallest saved value is at `index`.

    A lane stays at the saved time where that is the last that it has, or where a value around it is not finite.
    """
    lanes, exact = np.shape(index), np.asarray(times, np.float64)
    curve, index = np.asarray(curve, np.float64).reshape(-1, exact.size), np.reshape(index, -1)
    used = _nodes(curve, index, nodes)
    near, seen = exact[used], np.take_along_axis(curve, used, axis=-1)
    inside = np.isfinite(seen).all(axis=-1) & (exact[index] < near[..., -1])
    lower, upper = (exact[np.clip(index + shift, 0, exact.size - 1)] for shift in (-1, 1))
    time = np.where(inside, _lowest(near, np.where(inside[..., None], seen, 0), lower, upper), exact[index])
    found = Between(time, used, _lagrange(near, time))
    return Between(*(part.reshape((*lanes, *part.shape[1:])) for part in found))


def reading_error(
    times: Float[AnyArray, "time"], losses: Float[np.ndarray, "*lane time"], stop: Between, rough: Between
) -> Float[np.ndarray, "*lane"]:
    """By how much a loss at a stop may be wrong, from a rougher reading of the stop: |p(t*) − p(t′)| + |p(t′) − p′(t′)|.

    p and t* are the polynomial of the loss and the time by six saved times, p′ and t′ those by four.
    """
    there = stop.at(times, rough.time).of(losses)
    return np.abs(stop.of(losses) - there) + np.abs(there - rough.of(losses))


def rounding_error(
    times: Float[AnyArray, "time"],
    curve: Float[AnyArray, "*lane time"],
    losses: Float[np.ndarray, "*lane time"],
    stop: Between,
) -> Float[np.ndarray, "*lane"]:
    """By how much a loss L at a stop may be wrong because the curve that decides is rounded: |dL/dt| Σ_i |ℓ_i′ y_i| ε / y″.

    Rounding the values y_i (ε is their precision's) moves the place where their polynomial has no slope, and the farther the
    flatter the curve. y″ is taken less its own rounding, ε Σ_i |ℓ_i″ y_i|; where too little is left of it to stay within a
    spacing, the loss may be that of any saved time whose value cannot be told from the smallest. A lane that stays at a saved
    time is not moved. Our own arithmetic, in float64, is not in it.
    """
    exact, deciding = np.asarray(times, np.float64), np.asarray(curve)
    near = exact[stop.nodes]
    seen, judged = (np.take_along_axis(values, stop.nodes, axis=-1) for values in (deciding, losses))
    moves = np.isfinite(seen).all(axis=-1) & (near[..., 0] < stop.time) & (stop.time < near[..., -1])
    if near.shape[-1] < 3 or not moves.any():
        return np.zeros(stop.time.shape)
    seen, judged = (np.where(moves[..., None], values, 0) for values in (seen, judged))
    spacing, epsilon = np.min(np.diff(near, axis=-1), axis=-1), float(np.finfo(deciding.dtype).eps)
    slope, bend = _lagrange_derivatives(near, stop.time, spacing / FINE_DIFFERENCES)
    rounded, curvature_rounded = (epsilon * np.sum(np.abs(weights * seen), axis=-1) for weights in (slope, bend))
    curvature = np.sum(bend * seen, axis=-1) - curvature_rounded
    sharp = rounded < spacing * curvature
    moved = np.where(sharp, rounded / np.where(sharp, curvature, 1), spacing)
    near_by = moved * np.abs(np.sum(slope * judged, axis=-1))
    return np.where(moves, near_by + np.where(sharp, 0, _among_alike(deciding, losses, stop, epsilon)), 0.0)


def _among_alike(curve: np.ndarray, losses: np.ndarray, stop: Between, epsilon: float) -> np.ndarray:
    """How much the loss at the stop differs from that at any saved time whose value may as well be the smallest."""
    seen = np.where(np.isfinite(curve), curve, np.inf)
    least = np.min(seen, axis=-1, keepdims=True)
    alike = seen <= least + 2 * epsilon * np.abs(least)
    return np.max(np.where(alike, np.abs(losses - stop.of(losses)[..., None]), 0), axis=-1)


def _nodes(curve: np.ndarray, index: np.ndarray, count: int) -> np.ndarray:
    """The saved time `index` and its neighbours, as far as the lane was seen."""
    last = curve.shape[-1] - 1 - np.argmax(np.isfinite(curve)[..., ::-1], axis=-1)
    count = min(count, curve.shape[-1])
    first = np.clip(index - count // 2, 0, np.maximum(last - count + 1, 0))
    return first[..., None] + np.arange(count)


def _lagrange(near: np.ndarray, when: np.ndarray) -> np.ndarray:
    """ℓ_i (*lane, node) of the times `near` (*lane, node) at `when` (*lane,): exactly 1 and 0 at one of them."""
    own = np.eye(near.shape[-1], dtype=bool)
    apart = np.where(own, 1.0, near[..., :, None] - near[..., None, :])
    distance = np.where(own, 1.0, (when[..., None] - near)[..., None, :])
    return np.prod(distance / apart, axis=-1)


def _lagrange_derivatives(near: np.ndarray, when: np.ndarray, small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ℓ_i′ and ℓ_i″ at `when`, by central differences."""
    before, at, after = (_lagrange(near, when + shift) for shift in (-small, np.zeros_like(small), small))
    return (after - before) / (2 * small)[..., None], (before - 2 * at + after) / (small**2)[..., None]


def _lowest(near: np.ndarray, seen: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The time between two others at which the polynomial through the values `seen` at `near` is lowest."""
    span = np.where(upper > lower, upper - lower, 1.0)
    powers = ((near - lower[..., None]) / span[..., None])[..., None] ** np.arange(near.shape[-1])
    coefficients = np.linalg.solve(powers, seen[..., None])[..., 0]
    looked = np.linspace(0, 1, LOOKED_AT)
    values = np.einsum("...k,kx->...x", coefficients, looked ** np.arange(near.shape[-1])[:, None])
    index = np.clip(np.argmin(values, axis=-1), 1, LOOKED_AT - 2)
    around = np.take_along_axis(values, index[..., None] + np.arange(-1, 2), axis=-1)
    before, at, after = np.moveaxis(around, -1, 0)
    curvature = before - 2 * at + after
    vertex = np.clip((before - after) / (2 * np.where(curvature > 0, curvature, 1)), -1, 1)
    shift = np.where(curvature > 0, vertex, np.argmin(around, axis=-1) - 1)
    return lower + span * (looked[index] + shift * looked[1])
