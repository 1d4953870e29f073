"""The minimum of a curve that is known at saved times: at a saved time, or between two of them.

One polynomial p(t) = Σ_i ℓ_i(t) y_i (Lagrange's form) passes through six saved times t_i around the time of the lowest value.
It gives the time t* of the minimum; the same ℓ_i(t*) give the weights W(t*) = Σ_i ℓ_i(t*) W(t_i). A flow is smooth in time,
so the error of the weights falls with the sixth power of the spacing. A stop at a saved time is off by up to half a spacing,
which changes the loss at first order where a curve other than the loss decides the stop (validation stopping). Where weights
are known only at saved times, `vertex_below` corrects the loss by the parabola through three saved times.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.axes import AnyArray

NODES, FEWER_NODES = 6, 4
"""Number of saved times of the polynomial, and of a rougher polynomial; the difference between the two is an estimate
of the error."""

GRID_POINTS = 129
"""Points between the lowest saved time's neighbours at which the polynomial is evaluated to find its minimum. A parabola
through the lowest of these points and its two neighbours then gives the time of the minimum accurately enough."""

FINE_DIFFERENCES = 64
"""The ratio of the saved times' spacing to the shift of the central differences that give the polynomial's derivatives."""


class Interpolated(NamedTuple):
    """A time t* between saved times, lane by lane: the indices of the saved times around it, and their weights ℓ_i(t*)."""

    time: Float[np.ndarray, "*lane"]
    nodes: Int[np.ndarray, "*lane node"]
    coefficients: Float[np.ndarray, "*lane node"]

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values at saved times (*lane, time, …), interpolated to t* (*lane, …)."""
        lanes, rest = self.nodes.shape[:-1], values.shape[self.nodes.ndim :]
        flat = values.reshape((-1, *values.shape[self.nodes.ndim - 1 :]))
        nodes, coefficients = (part.reshape(-1, part.shape[-1]) for part in (self.nodes, self.coefficients))
        near = flat[np.arange(len(flat))[:, None], nodes]
        # where t* is a saved time, a neighbour that is not finite must not spoil the value: 0 · NaN is NaN
        used = coefficients.reshape((*coefficients.shape, *(1 for _ in rest))) != 0
        found = np.einsum("ln,ln...->l...", coefficients.astype(values.dtype), np.where(used, near, 0))
        return found.reshape((*lanes, *rest))

    def at(self, times: Float[AnyArray, "time"], when: Float[np.ndarray, "*lane"]) -> "Interpolated":
        """The weights ℓ_i for another time, by the polynomial through the same saved times."""
        coefficients = _lagrange(np.asarray(times, np.float64)[self.nodes], np.asarray(when))
        return self._replace(time=when, coefficients=coefficients)


def at_saved(times: Float[AnyArray, "time"], index: Int[np.ndarray, "*lane"]) -> Interpolated:
    """The stop at one saved time of every lane."""
    return Interpolated(np.asarray(times)[index], index[..., None], np.ones((*index.shape, 1)))


def at_minimum(
    times: Float[AnyArray, "time"],
    curve: Float[AnyArray, "*lane time"],
    index: Int[np.ndarray, "*lane"],
    nodes: int = NODES,
) -> Interpolated:
    """The stop at the minimum of a curve whose smallest saved value is at `index`.

    A lane stops at the saved time itself where that is its last one, or where a value around it is not finite.
    """
    lanes, exact = np.shape(index), np.asarray(times, np.float64)
    curve, index = np.asarray(curve, np.float64).reshape(-1, exact.size), np.reshape(index, -1)
    used = _nodes(curve, index, nodes)
    near, near_values = exact[used], np.take_along_axis(curve, used, axis=-1)
    inside = np.isfinite(near_values).all(axis=-1) & (exact[index] < near[..., -1])
    lower, upper = (exact[np.clip(index + shift, 0, exact.size - 1)] for shift in (-1, 1))
    time = np.where(inside, _lowest(near, np.where(inside[..., None], near_values, 0), lower, upper), exact[index])
    found = Interpolated(time, used, _lagrange(near, time))
    return Interpolated(*(part.reshape((*lanes, *part.shape[1:])) for part in found))


def reading_error(
    times: Float[AnyArray, "time"], losses: Float[np.ndarray, "*lane time"], stop: Interpolated, rough: Interpolated
) -> Float[np.ndarray, "*lane"]:
    """How wrong a loss at a stop may be because times are saved only so often: |p(t*) − p(t′)| + |p(t′) − p′(t′)| in nats.

    p and t* are the loss's polynomial and the stop by six saved times; p′ and t′ are the same by four saved times (`rough`).
    """
    there = stop.at(times, rough.time).of(losses)
    return np.abs(stop.of(losses) - there) + np.abs(there - rough.of(losses))


def rounding_error(
    times: Float[AnyArray, "time"],
    curve: Float[AnyArray, "*lane time"],
    losses: Float[np.ndarray, "*lane time"],
    stop: Interpolated,
) -> Float[np.ndarray, "*lane"]:
    """How wrong a loss L at a stop may be because the curve that decides is rounded: |dL/dt| Σ_i |ℓ_i′ y_i| ε / y″ in nats.

    Rounding the values y_i (ε is the spacing of their precision) moves the minimum of their polynomial. The flatter the curve
    is, the farther the minimum moves. y″ is reduced by its own rounding, ε Σ_i |ℓ_i″ y_i|. Where the minimum may then move by
    more than a spacing, the loss may be that of any saved time whose value equals the smallest within rounding. A lane that
    stops at a saved time has no such error. The float64 arithmetic of this function adds no error that matters.
    """
    exact, deciding = np.asarray(times, np.float64), np.asarray(curve)
    near = exact[stop.nodes]
    near_values, judged = (np.take_along_axis(values, stop.nodes, axis=-1) for values in (deciding, losses))
    moves = np.isfinite(near_values).all(axis=-1) & (near[..., 0] < stop.time) & (stop.time < near[..., -1])
    if near.shape[-1] < 3 or not moves.any():
        return np.zeros(stop.time.shape)
    near_values, judged = (np.where(moves[..., None], values, 0) for values in (near_values, judged))
    spacing, epsilon = np.min(np.diff(near, axis=-1), axis=-1), float(np.finfo(deciding.dtype).eps)
    first, second = _lagrange_derivatives(near, stop.time, spacing / FINE_DIFFERENCES)
    rounded, curvature_rounded = (
        epsilon * np.sum(np.abs(weights * near_values), axis=-1) for weights in (first, second)
    )
    curvature = np.sum(second * near_values, axis=-1) - curvature_rounded
    sharp = rounded < spacing * curvature
    moved = np.where(sharp, rounded / np.where(sharp, curvature, 1), spacing)
    from_shift = moved * np.abs(np.sum(first * judged, axis=-1))
    return np.where(moves, from_shift + np.where(sharp, 0, _among_equals(deciding, losses, stop, epsilon)), 0.0)


def _among_equals(curve: np.ndarray, losses: np.ndarray, stop: Interpolated, epsilon: float) -> np.ndarray:
    """Largest difference between the loss at the stop and at a saved time whose value is the smallest within rounding."""
    finite = np.where(np.isfinite(curve), curve, np.inf)
    least = np.min(finite, axis=-1, keepdims=True)
    alike = finite <= least + 2 * epsilon * np.abs(least)
    return np.max(np.where(alike, np.abs(losses - stop.of(losses)[..., None]), 0), axis=-1)


def _nodes(curve: np.ndarray, index: np.ndarray, count: int) -> np.ndarray:
    """Indices of the saved time `index` and its neighbours, up to the lane's last finite value at most."""
    last = curve.shape[-1] - 1 - np.argmax(np.isfinite(curve)[..., ::-1], axis=-1)
    count = min(count, curve.shape[-1])
    first = np.clip(index - count // 2, 0, np.maximum(last - count + 1, 0))
    return first[..., None] + np.arange(count)


def _lagrange(near: np.ndarray, when: np.ndarray) -> np.ndarray:
    """ℓ_i (*lane, node) for the times `near` (*lane, node) at `when` (*lane,): exactly 0 or 1 at each of those times."""
    own = np.eye(near.shape[-1], dtype=bool)
    apart = np.where(own, 1.0, near[..., :, None] - near[..., None, :])
    distance = np.where(own, 1.0, (when[..., None] - near)[..., None, :])
    return np.prod(distance / apart, axis=-1)


def _lagrange_derivatives(near: np.ndarray, when: np.ndarray, small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ℓ_i′ and ℓ_i″ at `when`, by central differences."""
    before, at, after = (_lagrange(near, when + shift) for shift in (-small, np.zeros_like(small), small))
    return (after - before) / (2 * small)[..., None], (before - 2 * at + after) / (small**2)[..., None]


def _lowest(near: np.ndarray, near_values: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The time between `lower` and `upper` at which the polynomial through `near_values` at the times `near` is lowest."""
    span = np.where(upper > lower, upper - lower, 1.0)
    powers = ((near - lower[..., None]) / span[..., None])[..., None] ** np.arange(near.shape[-1])
    coefficients = np.linalg.solve(powers, near_values[..., None])[..., 0]
    grid = np.linspace(0, 1, GRID_POINTS)
    values = np.einsum("...k,kx->...x", coefficients, grid ** np.arange(near.shape[-1])[:, None])
    index = np.clip(np.argmin(values, axis=-1), 1, GRID_POINTS - 2)
    around = np.take_along_axis(values, index[..., None] + np.arange(-1, 2), axis=-1)
    before, at, after = np.moveaxis(around, -1, 0)
    curvature = before - 2 * at + after
    vertex = np.clip((before - after) / (2 * np.where(curvature > 0, curvature, 1)), -1, 1)
    shift = np.where(curvature > 0, vertex, np.argmin(around, axis=-1) - 1)
    return lower + span * (grid[index] + shift * grid[1])


def vertex_below(
    times: Float[AnyArray, "time"], curve: Float[AnyArray, "*lane time"], index: Int[np.ndarray, "*lane"]
) -> np.ndarray:
    """How far below curve[index] the vertex of the parabola through it and its neighbours lies; 0 at either end."""
    inner = np.clip(index, 1, times.shape[0] - 2)
    t0, t1, t2 = (np.asarray(times)[inner + shift] for shift in (-1, 0, 1))
    y0, y1, y2 = (value_at(curve, inner + shift) for shift in (-1, 0, 1))
    left, right = (y1 - y0) / (t1 - t0), (y2 - y1) / (t2 - t1)
    curvature = (right - left) / (t2 - t0)
    slope = left + curvature * (t1 - t0)
    convex = (curvature > 0) & (index == inner)
    return np.where(convex, slope * slope / (4 * np.where(convex, curvature, 1)), 0)


def first_minimum(curve: Float[AnyArray, "*lane time"]) -> Int[np.ndarray, "*lane"]:
    """Index of the smallest finite value. A lane without finite values gets index 0, and its value there stays NaN."""
    curve = np.asarray(curve)
    return np.asarray(np.argmin(np.where(np.isfinite(curve), curve, np.inf), axis=-1))


def value_at(curve: Float[AnyArray, "*lane time"], index: Int[np.ndarray, "*lane"]) -> Float[np.ndarray, "*lane"]:
    """The curve's value at one saved time of every lane."""
    return np.take_along_axis(np.asarray(curve), index[..., None], axis=-1)[..., 0]
