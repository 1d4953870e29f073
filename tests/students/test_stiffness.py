"""The stiffness along a flow: the power method finds λ_max, and the step takes the stages that it asks for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk.students._chebyshev import FEWEST_STAGES, MOST_STAGES, REACH
from sharedtrunk.students._stiffness import (
    MARGIN,
    STEADY_STEPS,
    first_estimate,
    power_step,
    stabilized_step,
    stages_for,
)

RATES = jnp.asarray([[1.0, 4.0, 50.0], [1.0, 2.0, 7.0]])
"""Of two lanes' three directions."""


def decaying(y):
    return -RATES * y


def test_the_power_method_finds_the_fastest_rate_of_all_lanes():
    y = jnp.ones((2, 3))
    direction = slope = decaying(y)
    for _ in range(3):
        rate, direction = power_step(decaying, y, slope, direction)
    assert float(rate) == pytest.approx(50, rel=1e-2)


def test_lanes_that_stand_still_or_are_lost_have_no_rate():
    y = jnp.asarray([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]).at[0, 1].set(jnp.nan)
    rate, _ = power_step(decaying, y, decaying(y), decaying(y))
    assert 0 < float(rate) <= 7.01
    rate, _ = power_step(decaying, jnp.zeros((2, 3)), jnp.zeros((2, 3)), jnp.zeros((2, 3)))
    assert float(rate) == 0


@pytest.mark.parametrize("product", [0.0, 1.0, 10.0, 100.0, 1e6])
def test_the_stages_are_the_fewest_that_reach_so_far(product):
    stages = int(stages_for(jnp.asarray(0.5), jnp.asarray(2 * product)))
    assert FEWEST_STAGES <= stages <= MOST_STAGES
    assert stages == MOST_STAGES or REACH * (stages**2 - 1) >= MARGIN * product
    assert stages == FEWEST_STAGES or REACH * ((stages - 1) ** 2 - 1) < MARGIN * product


def test_steps_are_stable_where_few_stages_are_not_and_a_calm_rate_is_believed():
    """h λ = 50 asks for 10 stages. Evaluations: 3 at first, then the stages and one where the rate was looked for."""
    y, probes = jnp.ones((2, 3)), []
    advance = jax.jit(lambda y, standing: stabilized_step(decaying, y, standing, jnp.asarray(1.0)))
    standing = first_estimate(decaying, y)
    for _ in range(2 * STEADY_STEPS):
        before = standing
        y, _, standing = advance(y, standing)
        stages = int(stages_for(jnp.asarray(1.0), standing.rate))
        probes.append(int(standing.evaluations - before.evaluations) - stages)
    assert stages == 10
    assert np.abs(y).max() < 1
    assert set(probes) == {0, 1}
    assert sum(probes) == 2
