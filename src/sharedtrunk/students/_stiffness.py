"""How stiff a flow is, by the power method along the way, and the stabilized step with as many stages as that asks for.

Early on, and for one ReLU layer throughout, accuracy limits the step and three stages are enough. Deep students become stiff
as they learn (h λ_max about 40 with four layers) and need nine. A step of the power method costs one evaluation of the
drive and starts from the direction of the last one, so one every few steps is enough while λ_max changes slowly.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sharedtrunk.students._chebyshev import FEWEST_STAGES, MOST_STAGES, REACH, chebyshev_step

MARGIN = 1.25
"""Safety factor on λ_max: the power method finds at most λ_max, which may also grow within the step."""

PROBE = 1e-3
"""Size of the power method's differences relative to |y|, about the error that a step may make. The drive of a ReLU student
jumps where a unit switches, so smaller differences would find arbitrarily large rates."""

CALM = 0.1
REST = 3
"""Where λ_max changed by less than a share `CALM`, it is not measured again for `REST` steps. Both were chosen so that the
measurements cost little beside the stages."""

_FIRST_POWER_STEPS = 2

Field = Callable[[Any], Any]
Scalar = Float[Array, ""]


class Stiffness(NamedTuple):
    """How stiff a flow is where it stands: F there, λ_max, the direction in which it was found, and how long it stays valid.

    `fresh_for` counts steps. `evaluations` of the field are those up to here, without those of rejected steps.
    """

    slope: Any
    rate: Scalar
    direction: Any
    fresh_for: Int[Array, ""]
    evaluations: Int[Array, ""]


def first_estimate(field: Field, start) -> Stiffness:
    """Before the first step: F, and λ_max by two steps of the power method from its direction. Leaves have a lane axis."""
    slope = field(start)
    direction, rate = slope, None
    for _ in range(_FIRST_POWER_STEPS):
        rate, direction = power_step(field, start, slope, direction)
    return Stiffness(slope, rate, direction, _count(0), _count(1 + _FIRST_POWER_STEPS))  # pyright: ignore[reportArgumentType]


def stabilized_step(field: Field, start, known: Stiffness, step) -> tuple[Any, Any, Stiffness]:
    """One step, stable for decay up to `MARGIN` λ_max: the new y, the estimate of the local error, and the new stiffness."""
    stale = known.fresh_for <= 0
    rate, direction, fresh_for = jax.lax.cond(
        stale,
        lambda: _updated(field, start, known),
        lambda: (known.rate, known.direction, known.fresh_for - 1),
    )
    stages = stages_for(step, rate)
    end, slope, error = chebyshev_step(field, start, known.slope, step, stages)
    return end, error, Stiffness(slope, rate, direction, fresh_for, known.evaluations + stages + _count(stale))


def stages_for(step: Scalar, rate: Scalar) -> Int[Array, ""]:
    """The fewest stages with which a step is stable for decay up to `MARGIN` times `rate`."""
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
    calm = jnp.abs(rate - known.rate) < CALM * known.rate
    return rate, direction, _count(jnp.where(calm, REST, 0))


def _count(number) -> Int[Array, ""]:
    return jnp.asarray(number).astype(jnp.int32)


def _squares(state) -> Float[Array, "lane"]:
    parts = [jnp.sum(leaf.reshape(leaf.shape[0], -1) ** 2, axis=1) for leaf in jax.tree.leaves(state)]
    return functools.reduce(jnp.add, parts)
