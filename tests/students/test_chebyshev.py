"""The stabilized step: order, stability range and error estimate, on fields whose solution is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.students._chebyshev import FEWEST_STAGES, MOST_STAGES, REACH, STAGES, chebyshev_step
from small_problems import small_problem

float64 = pytest.mark.float64
ANY_STAGES = pytest.mark.parametrize("stages", [FEWEST_STAGES, STAGES, MOST_STAGES])


def followed(field, start, steps, step, stages):
    advance = jax.jit(lambda y, slope: chebyshev_step(field, y, slope, step, stages))
    y, slope, estimates = start, field(start), []
    for _ in range(steps):
        y, slope, error = advance(y, slope)
        estimates.append(error)
    return y, estimates


@float64
@ANY_STAGES
def test_it_is_of_second_order(stages):
    """dy/dt = −y³ from 1: y(1) = 1/√3."""
    errors = [
        float(abs(followed(lambda y: -(y**3), jnp.ones(()), n, 1 / n, stages)[0] - 3**-0.5)) for n in (20, 40, 80)
    ]
    orders = np.log2(np.asarray(errors[:-1]) / np.asarray(errors[1:]))
    np.testing.assert_allclose(orders, 2, atol=0.1)


@float64
def test_the_estimate_is_of_third_order():
    largest = [
        max(abs(float(e)) for e in followed(lambda y: -(y**3), jnp.ones(()), n, 1 / n, STAGES)[1]) for n in (20, 40, 80)
    ]
    orders = np.log2(np.asarray(largest[:-1]) / np.asarray(largest[1:]))
    np.testing.assert_allclose(orders, 3, atol=0.25)


@ANY_STAGES
def test_it_is_stable_as_far_as_it_promises(stages):
    """|y₁| < 1 for dy/dt = −λ y up to h λ = REACH (s² − 1), and not much further. Rates go side by side."""
    reach = REACH * (stages**2 - 1)
    rates = jnp.asarray(np.append(np.linspace(0.05, 1, 60), 1.2) * reach)
    grown = np.abs(followed(lambda y: -rates * y, jnp.ones(61), 1, 1.0, stages)[0])
    assert grown[:-1].max() < 1
    assert grown[-1] > 1


@pytest.mark.long
@float64
def test_a_stabilized_flow_converges_to_the_flow(key):
    start, problem, _ = small_problem(key)
    times = jnp.linspace(0, 20, 5)

    def found(**given):
        return students.train(start, problem, times, students.Flow(**given)).composites[0]

    exact = found(rtol=1e-8, atol=1e-10)
    errors = [float(jnp.abs(found(rtol=r, atol=r / 10, stabilized=True) - exact).max()) for r in (1e-3, 1e-5)]
    assert errors[1] < errors[0] / 5
    assert errors[1] < 1e-3
