"""One step of an explicit Runge–Kutta method with its stages written out.

Diffrax runs any tableau through one loop over a buffer of stages. For states of megabytes, as batches of networks are,
moving that buffer costs as much as the drive itself; written out, a stage reads what it needs once.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

State = TypeVar("State")


def explicit_step(
    field: Callable[[State], State],
    stages: Sequence[np.ndarray],
    error_weights: np.ndarray,
    start: State,
    slope: State,
    step,
) -> tuple[State, tuple[State, ...], State]:
    """From y and F(y) a step on: the new y, the slopes of all stages, and the estimate of the local error.

    `stages[j]` weighs the slopes before stage j + 1. The last stage is the new y, so its slope is the next step's first.
    """
    slopes, now = (slope,), start
    for weights in stages:
        now = moved(start, step, weights, slopes)
        slopes = (*slopes, field(now))
    return now, slopes, moved(None, step, error_weights, slopes)


def moved(start: Any, step, weights, slopes: Sequence[Any]):
    """start + step Σ_j weights_j slopes_j; the sum alone where there is no start."""
    factors = [step * jnp.asarray(weight, step.dtype) for weight in weights]

    def combined(*leaves):
        return sum(factor.astype(leaf.dtype) * leaf for factor, leaf in zip(factors, leaves, strict=True))

    change = jax.tree.map(combined, *slopes)
    return change if start is None else jax.tree.map(jnp.add, start, change)
