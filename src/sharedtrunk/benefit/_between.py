"""Between saved times: where a curve's minimum lies, and the weights of a student there.

Both are read off the polynomial through six saved times around the lowest. A training is smooth in time, so the error of
the weights falls with the sixth power of the spacing. A stop at a saved time is off by up to half a spacing; an honest stop,
no minimum of the generalization loss, shows that at first order.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._axes import AnyArray

NODES, FEWER_NODES = 6, 4
"""Saved times that a stop is read off, and those of the rougher reading that tells its error."""

LOOKED_AT = 129
"""Points between the neighbours at which the polynomial is looked at; a parabola through the lowest three does the rest."""


class Between(NamedTuple):
    """A stop between saved times, lane by lane: the time, and the saved times (`nodes`, by index) with the `weights` whose
    sum makes what is known at saved times known at the stop."""

    time: Float[np.ndarray, "*lane"]
    nodes: Int[np.ndarray, "*lane node"]
    weights: Float[np.ndarray, "*lane node"]

    def of(self, values: np.ndarray) -> np.ndarray:
        """What is known at saved times (*lane, time, …), at the stop (*lane, …)."""
        lanes, rest = self.nodes.shape[:-1], values.shape[self.nodes.ndim :]
        flat = values.reshape(-1, *values.shape[self.nodes.ndim - 1 :])
        nodes, weights = (part.reshape(-1, part.shape[-1]) for part in (self.nodes, self.weights))
        seen = flat[np.arange(len(flat))[:, None], nodes]
        return np.einsum("ln,ln...->l...", weights.astype(values.dtype), seen).reshape(*lanes, *rest)


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

    A lane stays at the saved time where that is the first or the last that it has, or a value near it is not finite.
    """
    exact, curve = np.asarray(times, np.float64), np.asarray(curve, np.float64)
    used = _nodes(curve, index, nodes)
    near, seen = exact[used], np.take_along_axis(curve, used, axis=-1)
    inside = np.isfinite(seen).all(axis=-1) & (exact[index] > near[..., 0]) & (exact[index] < near[..., -1])
    lower, upper = (exact[np.clip(index + shift, 0, exact.size - 1)] for shift in (-1, 1))
    time = np.where(inside, _lowest(near, np.where(inside[..., None], seen, 0), lower, upper), exact[index])
    weights = np.where(inside[..., None], _lagrange(near, time), np.arange(used.shape[-1]) == 0)
    # a lane that stays must not see what is not finite beside it
    used = np.where(inside[..., None], used, index[..., None])
    return Between(time.astype(np.asarray(times).dtype), used, weights)


def _nodes(curve: np.ndarray, index: np.ndarray, count: int) -> np.ndarray:
    """The saved time `index` and its neighbours, as far as the lane was seen."""
    last = curve.shape[-1] - 1 - np.argmax(np.isfinite(curve)[..., ::-1], axis=-1)
    count = min(count, curve.shape[-1])
    first = np.clip(index - count // 2, 0, np.maximum(last - count + 1, 0))
    return first[..., None] + np.arange(count)


def _lagrange(near: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Weights (*lane, node) that make of values at `near` (*lane, node) those of the polynomial at `when` (*lane,)."""
    own = np.eye(near.shape[-1], dtype=bool)
    apart = np.where(own, 1.0, near[..., :, None] - near[..., None, :])
    distance = np.where(own, 1.0, (when[..., None] - near)[..., None, :])
    return np.prod(distance / apart, axis=-1)


def _lowest(near: np.ndarray, seen: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The time between two others at which the polynomial through the values `seen` at `near` is lowest."""
    span = upper - lower
    powers = ((near - lower[..., None]) / span[..., None])[..., None] ** np.arange(near.shape[-1])
    coefficients = np.linalg.solve(powers, seen[..., None])[..., 0]
    looked = np.linspace(0, 1, LOOKED_AT)
    values = np.einsum("...k,kx->...x", coefficients, looked ** np.arange(near.shape[-1])[:, None])
    index = np.clip(np.argmin(values, axis=-1), 1, LOOKED_AT - 2)
    around = np.take_along_axis(values, index[..., None] + np.arange(-1, 2), axis=-1)
    before, at, after = np.moveaxis(around, -1, 0)
    curvature = before - 2 * at + after
    shift = np.where(curvature > 0, (before - after) / (2 * np.where(curvature > 0, curvature, 1)), 0)
    return lower + span * (looked[index] + np.clip(shift, -1, 1) * looked[1])
