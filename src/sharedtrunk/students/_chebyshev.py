"""One step of a stabilized Runge–Kutta method: the explicit method for flows down stiff valleys.

Along a gradient flow −∇L decays with real rates λ, and where the fast ones have died out they still forbid an explicit
method steps longer than some multiple of 1/λ_max. The Runge–Kutta–Chebyshev method of second order (Sommeijer, Shampine and
Verwer 1998) spends its s stages on that multiple, which grows as 0.65 (s² − 1): its stability polynomial is a shifted,
damped Chebyshev polynomial. Per evaluation it goes 4.6 times as far at s = 6 as Bogacki–Shampine.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import numpy as np
from numpy.polynomial import chebyshev

STAGES = 6
_DAMPING = 2 / 13

State = TypeVar("State")


class Stage(NamedTuple):
    """Y_j = (1 − μ − ν) Y_0 + μ Y_{j−1} + ν Y_{j−2} + h (μ̃ F_{j−1} + γ̃ F_0)."""

    mu: float
    nu: float
    slope: float
    first_slope: float


@functools.lru_cache
def coefficients(stages: int) -> tuple[float, tuple[Stage, ...]]:
    """μ̃_1 of the first stage, and the others in order."""
    w0 = 1 + _DAMPING / stages**2
    T, dT, ddT = (
        [float(chebyshev.chebval(w0, chebyshev.chebder(np.eye(stages + 1)[j], order))) for j in range(stages + 1)]
        for order in (0, 1, 2)
    )
    w1 = dT[-1] / ddT[-1]
    b = [0.0, 1 / w0] + [ddT[j] / dT[j] ** 2 for j in range(2, stages + 1)]
    b[0] = b[2]
    a = [1 - b[j] * T[j] for j in range(stages + 1)]
    later = []
    for j in range(2, stages + 1):
        slope = 2 * b[j] * w1 / b[j - 1]
        later.append(Stage(2 * b[j] * w0 / b[j - 1], -b[j] / b[j - 2], slope, -a[j - 1] * slope))
    return b[1] * w1, tuple(later)


def chebyshev_step(field: Callable[[State], State], start: State, slope: State, step) -> tuple[State, State, State]:
    """From y and F(y) a step on: the new y, F there, and the estimate of the local error.

    The estimate is 0.8 (y − y₁) + 0.4 h (F + F₁).
    """
    first, later = coefficients(STAGES)
    before, now = start, jax.tree.map(lambda y, f: y + first * step * f, start, slope)
    for stage in later:
        drive = field(now)
        after = jax.tree.map(functools.partial(_combined, stage, step), start, now, before, drive, slope)
        before, now = now, after
    end = field(now)
    error = jax.tree.map(lambda y0, y1, f0, f1: 0.8 * (y0 - y1) + 0.4 * step * (f0 + f1), start, now, slope, end)
    return now, end, error


def _combined(stage: Stage, step, start, now, before, drive, first_drive):
    mu, nu, slope, first_slope = stage
    return (1 - mu - nu) * start + mu * now + nu * before + step * (slope * drive + first_slope * first_drive)
