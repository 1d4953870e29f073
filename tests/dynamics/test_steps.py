"""Bogacki–Shampine steps of batches, on equations whose solutions are known: order, times between steps, legs, endings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk.dynamics._steps import StepControl, first_step, follow, start_stepper

DTYPE = jnp.result_type(float)
RATES = np.array([0.5, 1.0, 4.0])
"""One a lane: fast lanes take short steps, slow ones long."""


def decay(state):
    return {"y": -jnp.asarray(RATES, DTYPE)[:, None] * state["y"], "z": -jnp.asarray(RATES, DTYPE) * state["z"]}


def both(state):
    return (state["y"], state["z"])


def never(state):
    return jnp.zeros(3, bool)


def start():
    return {"y": jnp.ones((3, 2), DTYPE), "z": jnp.full(3, 2.0, DTYPE)}


def at_start(step=0.05, size=None):
    return start_stepper(
        both(start()), start() if size is None else size, jnp.zeros((), DTYPE), jnp.full(3, step, DTYPE)
    )


def followed(times, rtol=1e-5, *, field=decay, stepper=None, arrive=True, max_steps=2000, runs_away=never):
    control = StepControl(rtol, rtol / 100, max_steps)
    stepper = at_start() if stepper is None else stepper
    run = jax.jit(lambda stepper, times: follow(field, both, runs_away, stepper, times, control, arrive=arrive))
    return run(stepper, jnp.asarray(times, DTYPE))


def exact(times, scale=1.0):
    return scale * np.exp(-RATES[:, None] * np.asarray(times))


def test_every_lane_is_right_at_all_times_with_steps_of_its_own():
    times = np.concatenate([[0.0], np.geomspace(1e-3, 6.0, 40)])
    out = followed(times)
    np.testing.assert_allclose(out.saved[0], exact(times)[..., None].repeat(2, -1), atol=2e-5)
    np.testing.assert_allclose(out.saved[1], exact(times, 2.0), atol=4e-5)
    np.testing.assert_allclose(out.stepper.time, 6.0)  # it ends there, not beyond
    np.testing.assert_allclose(out.stepper.state["z"], exact([6.0], 2.0)[:, 0], atol=4e-5)
    assert out.accepted[0] < out.accepted[2]
    assert not out.stopped.any()


def test_the_error_follows_the_tolerance_at_order_three():
    """A tolerance of a thousandth is ten times as many steps, and an error of a thousandth."""
    loose, tight = (followed([0.0, 2.0], rtol) for rtol in (1e-2, 1e-5))
    ratio = np.asarray(tight.accepted)[2] / np.asarray(loose.accepted)[2]
    assert 5 < ratio < 15
    errors = [np.abs(np.asarray(out.saved[1])[1:, -1] - exact([2.0], 2.0)[1:, 0]) for out in (loose, tight)]
    assert (errors[1] < errors[0] / 50).all()


@pytest.mark.long
def test_legs_go_on_where_the_last_step_ended():
    """No step is cut: legs make the steps of one long run, and see the same between them."""
    times = np.linspace(0, 4, 33)
    whole, stepper, seen, tried = followed(times, arrive=False), at_start(), [], 0
    for first in range(0, 32, 4):
        out = followed(times[first : first + 5], stepper=stepper, arrive=False)
        stepper, tried = out.stepper, tried + np.asarray(out.tried)
        seen.append(np.asarray(out.saved[1])[:, (first > 0) :])
    np.testing.assert_allclose(np.concatenate(seen, axis=1), whole.saved[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(tried, whole.tried)
    assert (np.asarray(whole.stepper.time) >= 4.0).all()


def test_a_first_step_is_found():
    control = StepControl(1e-5, 1e-7, 100)
    step = np.asarray(first_step(decay, start(), jnp.asarray([0.0, 1.0], DTYPE), control))
    assert (step[:-1] > step[1:]).all()  # the faster the shorter
    out = followed([0.0, 1.0], stepper=at_start()._replace(step=jnp.asarray(step, DTYPE)))
    assert (np.asarray(out.tried) - np.asarray(out.accepted) <= 1).all()


def test_an_explosion_ends_only_its_own_lane():
    """y' = y² from 1 and 2 is infinite at t = 1 and 1/2: steps grow shorter until none moves the time."""

    def explosive(state):
        grows = jnp.array([False, True, True])
        return {"y": jnp.where(grows[:, None], state["y"] ** 2, -state["y"]), "z": -state["z"]}

    first = {"y": jnp.array([[1.0, 1], [1, 1], [2, 2]], DTYPE), "z": jnp.ones(3, DTYPE)}
    times = [0.0, 0.25, 2.0]
    out = followed(times, field=explosive, stepper=at_start(size=first))
    np.testing.assert_allclose(np.asarray(out.saved[0])[:, 1, 0], [np.exp(-0.25), 4 / 3, 4.0], rtol=1e-4)
    np.testing.assert_allclose(np.asarray(out.saved[0])[0, 2], np.exp(-2.0), rtol=1e-3)
    assert np.isinf(np.asarray(out.saved[0])[1:, 2]).all()
    np.testing.assert_allclose(np.asarray(out.stepper.time), [2.0, 1.0, 0.5], atol=1e-3)
    caught = followed(
        times, field=explosive, stepper=at_start(size=first), runs_away=lambda state: state["y"][:, 0] > 10
    )
    np.testing.assert_array_equal(caught.stopped, [False, True, True])
    assert (np.asarray(caught.stepper.time)[1:] < np.asarray(out.stepper.time)[1:]).all()


@pytest.mark.parametrize("limit", [1, 7])
def test_no_more_steps_than_allowed(limit):
    out = followed([0.0, 100.0], max_steps=limit)
    np.testing.assert_array_equal(out.tried, limit)
    assert np.isinf(np.asarray(out.saved[1])[:, 1]).all()
