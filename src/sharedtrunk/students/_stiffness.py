"""The stiffness of a flow, estimated during training by the power method, and a stabilized step with the stages it needs.

Early on, and for one ReLU layer throughout, accuracy limits the step and three stages are enough. Deep students become stiff
as they learn (h λ_max about 40 with four layers) and need nine. A step of the power method costs one evaluation of the
drive and starts from the direction of the last estimate, so one every few steps is enough while λ_max changes slowly.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sharedtrunk.students._chebyshev import FEWEST_STAGES, MOST_STAGES, REACH, chebyshev_step

MARGIN = 1.25
"""Safety factor on λ_max: the power method gives a lower bound of λ_max, and λ_max may grow within the step."""

PROBE = 1e-3
"""Size of the power method's differences relative to |y|, about the error that a step may make. The drive of a ReLU student
jumps where a unit switches on or off, so smaller differences would give arbitrarily large rates."""

STEADY, STEADY_STEPS = 0.1, 3
"""An estimate of λ_max that differs by less than the share `STEADY` from the last one is used for `STEADY_STEPS` more steps.
With these values the power method costs little compared with the stages."""

_FIRST_POWER_STEPS = 2

Field = Callable[[Any], Any]
Scalar = Float[Array, ""]


class Stiffness(NamedTuple):
    """F at the current state, the last estimate of λ_max, and for how many more steps that estimate may be used.

    The next step of the power method starts from `direction`. `evaluations` counts evaluations of the field so far, without
    those of rejected steps.
    """

    slope: Any
    rate: Scalar
    direction: Any
    valid_steps: Int[Array, ""]
    evaluations: Int[Array, ""]


def first_estimate(field: Field, start) -> Stiffness:
    """The stiffness at the start: F, and λ_max by two steps of the power method from F. Leaves have a lane axis."""
    slope = field(start)
    direction, rate = slope, None
    for _ in range(_FIRST_POWER_STEPS):
        rate, direction = power_step(field, start, slope, direction)
    return Stiffness(slope, rate, direction, _count(0), _count(1 + _FIRST_POWER_STEPS))  # pyright: ignore[reportArgumentType]


def stabilized_step(field: Field, start, known: Stiffness, step) -> tuple[Any, Any, Stiffness]:
    """One step, stable for decay rates up to `MARGIN` λ_max: the new y, the estimated local error, and the new stiffness."""
    stale = known.valid_steps <= 0
    rate, direction, valid_steps = jax.lax.cond(
        stale,
        lambda: _updated(field, start, known),
        lambda: (known.rate, known.direction, known.valid_steps - 1),
    )
    stages = stages_for(step, rate)
    end, slope, error = chebyshev_step(field, start, known.slope, step, stages)
    return end, error, Stiffness(slope, rate, direction, valid_steps, known.evaluations + stages + _count(stale))


def stages_for(step: Scalar, rate: Scalar) -> Int[Array, ""]:
    """The smallest number of stages with which a step is stable for decay rates up to `MARGIN` times `rate`."""
    stages = jnp.ceil(jnp.sqrt(1 + MARGIN * step * rate / REACH))
    return _count(jnp.clip(stages, FEWEST_STAGES, MOST_STAGES))


def power_step(field: Field, start, slope, direction) -> tuple[Scalar, Any]:
    """The largest over lanes of |F(y + d) − F(y)| / |d| with |d| = `PROBE` |y|, and that difference as the next direction.

    Lanes that do not move, or are not finite, count as rate 0.
    """
    scale = PROBE * jnp.sqrt(_squares(start) / _squares(direction))
    scale = jnp.where(jnp.isfinite(scale), scale, 0)
    there = jax.tree.map(lambda y, d: y + d * scale.reshape(-1, *(1 for _ in d.shape[1:])), start, direction)
    response = jax.tree.map(jnp.subtract, field(there), slope)
    rate = jnp.sqrt(_squares(response) / _squares(start)) / PROBE
    return jnp.max(jnp.where(jnp.isfinite(rate), rate, 0)), response


def _updated(field: Field, start, known: Stiffness):
    rate, direction = power_step(field, start, known.slope, known.direction)
    steady = jnp.abs(rate - known.rate) < STEADY * known.rate
    return rate, direction, _count(jnp.where(steady, STEADY_STEPS, 0))


def _count(number) -> Int[Array, ""]:
    return jnp.asarray(number).astype(jnp.int32)


def _squares(state) -> Float[Array, "lane"]:
    parts = [jnp.sum(leaf.reshape(leaf.shape[0], -1) ** 2, axis=1) for leaf in jax.tree.leaves(state)]
    return functools.reduce(jnp.add, parts)
