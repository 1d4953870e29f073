"""One step of an explicit Runge–Kutta method with its stages written out, and cubic interpolation between steps.

Diffrax runs any tableau through one loop over a buffer of stages. For states of megabytes, as batches of networks are,
moving that buffer costs as much as the drive itself; a stage that is written out reads each slope once. A step size is one
number for all lanes (students) or one per lane (theory); then every array of the state has the lane as its first axis.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

State = TypeVar("State")


class Tableau(NamedTuple):
    """`stages[j]` weighs the slopes before stage j + 1; the last stage is the new state. `error` weighs all slopes."""

    stages: Sequence[Any]
    error: Any


BOGACKI_SHAMPINE = Tableau(
    (np.array([1 / 2]), np.array([0, 3 / 4]), np.array([2 / 9, 1 / 3, 4 / 9])),
    np.array([-5 / 72, 1 / 12, 1 / 9, -1 / 8]),
)
"""Order 3 with three evaluations per step, as the last slope is the next step's first. An embedded method of order 2 gives
the error."""


def explicit_step(
    field: Callable[[State], State], tableau: Tableau, start: State, slope: State, step
) -> tuple[State, tuple[State, ...], State]:
    """From y and F(y), one step: the new y, the slopes of all stages, and the estimate of the local error.

    The last stage is the new y, so its slope is the next step's first.
    """
    slopes, now = (slope,), start
    for weights in tableau.stages:
        now = weighted_sum(start, step, weights, slopes)
        slopes = (*slopes, field(now))
    return now, slopes, weighted_sum(None, step, tableau.error, slopes)


def weighted_sum(start: Any, step, weights, slopes: Sequence[Any]):
    """`start` + step Σ_j weights_j slopes_j; None for `start` is zero. Terms whose weight is a float 0 cost nothing."""
    pairs = [pair for pair in zip(weights, slopes, strict=True) if not (isinstance(pair[0], float) and pair[0] == 0)]
    factors = [step * jnp.asarray(weight, step.dtype) for weight, _ in pairs]

    def combined(*leaves):
        return sum(lanewise(factor, leaf) * leaf for factor, leaf in zip(factors, leaves, strict=True))

    change = jax.tree.map(combined, *(slope for _, slope in pairs))
    return change if start is None else jax.tree.map(jnp.add, start, change)


def hermite_weights(position, step) -> tuple[Any, Any, Any, Any]:
    """Weights of y₀, y₀′, y₁ and y₁′ in the cubic Hermite polynomial at a position from 0 to 1 within a step."""
    x = position
    return (1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2 * step, x**2 * (3 - 2 * x), x**2 * (x - 1) * step


def lanewise(values, leaf):
    """One number, or one per lane, in the leaf's precision and with the axes that it needs to broadcast with the leaf."""
    return (values.reshape(-1, *(1 for _ in leaf.shape[1:])) if jnp.ndim(values) else values).astype(leaf.dtype)
