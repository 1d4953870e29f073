"""One step of a stabilized Runge–Kutta method: the explicit method for flows down stiff valleys.

Along a gradient flow −∇L decays with real rates λ. Even where the fast rates have died out, they limit the step of an
explicit method to a multiple of 1/λ_max. In the Runge–Kutta–Chebyshev method of second order (Sommeijer, Shampine and
Verwer 1998) this multiple grows with the number of stages s as 0.65 (s² − 1), because its stability polynomial is a
shifted, damped Chebyshev polynomial. So h λ_max determines the number of stages (`_stiffness`).
"""

import functools
from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int
from numpy.polynomial import chebyshev

STAGES = 6
"""Number of stages while the stiffness is unknown."""

FEWEST_STAGES = 3
"""With two stages the error constant would be 2.5 times that of many stages."""

MOST_STAGES = 20
"""Twenty stages are stable up to h λ = 259; the error control shortens steps that need more."""

REACH = 0.65
"""A step is stable up to h λ = REACH (s² − 1)."""

_DAMPING = 2 / 13

State = TypeVar("State")


def chebyshev_step(
    field: Callable[[State], State], start: State, slope: State, step, stages: int | Int[Array, ""] = STAGES
) -> tuple[State, State, State]:
    """One step of `FEWEST_STAGES` to `MOST_STAGES` stages from y and F(y): the new y, F there, and the estimated local error.

    The estimate is 0.8 (y − y₁) + 0.4 h (F + F₁). The number of stages may be traced: one loop runs all stages, so that
    a compiled program holds the field once.
    """
    rows = jnp.asarray(_table(), jnp.result_type(*jax.tree.leaves(start)))[stages - FEWEST_STAGES]

    def stage(j, carried):
        before, now, _ = carried
        drive = field(now)
        after = jax.tree.map(functools.partial(_combined, rows[j], step), start, now, before, drive, slope)
        return now, after, drive

    first = jax.tree.map(functools.partial(_combined, rows[0], step), start, start, start, slope, slope)
    _, now, end = jax.lax.fori_loop(1, stages + 1, stage, (start, first, slope))
    error = jax.tree.map(lambda y0, y1, f0, f1: 0.8 * (y0 - y1) + 0.4 * step * (f0 + f1), start, now, slope, end)
    return now, end, error


def coefficients(stages: int) -> np.ndarray:
    """Rows (μ, ν, μ̃, γ̃) of Y_j = (1 − μ − ν) Y_0 + μ Y_{j−1} + ν Y_{j−2} + h (μ̃ F_{j−1} + γ̃ F_0), j = 1 … s.

    Rows after the first s, up to `MOST_STAGES` + 1 in all, copy Y_{j−1}.
    """
    w0 = 1 + _DAMPING / stages**2
    T, dT, ddT = (
        [float(chebyshev.chebval(w0, chebyshev.chebder(np.eye(stages + 1)[j], order))) for j in range(stages + 1)]
        for order in (0, 1, 2)
    )
    w1 = dT[-1] / ddT[-1]
    b = [0.0, 1 / w0] + [ddT[j] / dT[j] ** 2 for j in range(2, stages + 1)]
    b[0] = b[2]
    a = [1 - b[j] * T[j] for j in range(stages + 1)]
    rows = np.zeros((MOST_STAGES + 1, 4))
    rows[0, 2] = b[1] * w1
    for j in range(2, stages + 1):
        slope = 2 * b[j] * w1 / b[j - 1]
        rows[j - 1] = (2 * b[j] * w0 / b[j - 1], -b[j] / b[j - 2], slope, -a[j - 1] * slope)
    rows[stages:, 0] = 1
    return rows


@functools.lru_cache
def _table() -> np.ndarray:
    return np.stack([coefficients(stages) for stages in range(FEWEST_STAGES, MOST_STAGES + 1)])


def _combined(row, step, start, now, before, drive, first_drive):
    mu, nu, slope, first_slope = row
    return (1 - mu - nu) * start + mu * now + nu * before + step * (slope * drive + first_slope * first_drive)
