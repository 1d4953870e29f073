"""The step control of a batch: diffrax's own controller, told one number a lane, and lanes that are lost."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk.students._diffrax import LaneController, worst_lane_norm

PID = diffrax.PIDController(rtol=1e-3, atol=1e-5, norm=worst_lane_norm, dtmin=1e-6)
START, END = jnp.asarray(1.0), jnp.asarray(1.5)


def state(key, lanes=4, size=1.0):
    first, second = jax.random.split(key)
    return {"a": size * jax.random.normal(first, (lanes, 3, 5)), "b": size * jax.random.normal(second, (lanes, 2))}


def adapted(controller, before, after, error):
    """Whether the step is kept, and where the next one ends."""
    first = (jnp.asarray(0.7), jnp.asarray(0.9), jnp.asarray(False))
    kept, _, until, *_ = controller.adapt_step_size(START, END, before, after, None, error, 5, first)
    return bool(kept), float(until)


def only(tree, lanes):
    return jax.tree.map(lambda leaf: leaf[jnp.asarray(lanes)], tree)


@pytest.mark.parametrize("size", [1e-9, 1e-4, 1e-3, 1e-2, 1.0])
def test_finite_lanes_are_controlled_as_by_diffrax(key, size):
    before, after, error = state(key), state(jax.random.fold_in(key, 1)), state(jax.random.fold_in(key, 2), size=size)
    kept, until = adapted(LaneController(PID), before, after, error)
    expected, end = adapted(PID, before, after, error)
    assert kept == expected
    np.testing.assert_allclose(until, end, rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_lane_that_is_lost_does_not_decide(key, value):
    before, after, error = state(key), state(jax.random.fold_in(key, 1)), state(jax.random.fold_in(key, 2), size=1e-4)
    before["a"] = before["a"].at[2, 0, 0].set(value)
    after["a"] = after["a"].at[2].set(jnp.nan)
    error["a"] = error["a"].at[2].set(jnp.nan)
    others = [0, 1, 3]
    expected = adapted(PID, *(only(tree, others) for tree in (before, after, error)))
    np.testing.assert_allclose(adapted(LaneController(PID), before, after, error), expected, rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["after", "error"])
def test_a_step_that_would_lose_a_lane_is_tried_again_shorter(key, where, value):
    trees = {
        "before": state(key),
        "after": state(jax.random.fold_in(key, 1)),
        "error": jax.tree.map(jnp.zeros_like, state(key)),
    }
    trees[where]["b"] = trees[where]["b"].at[1, 0].set(value)
    kept, until = adapted(LaneController(PID), **trees)
    assert not kept
    np.testing.assert_allclose(until - 1.0, 0.5 * PID.factormin, rtol=1e-6)


def test_at_the_shortest_step_a_lane_is_let_go(key):
    """Diffrax marks the step that must be kept."""
    before, after, error = state(key), state(jax.random.fold_in(key, 1)), state(jax.random.fold_in(key, 2))
    error["b"] = error["b"].at[1].set(jnp.inf)
    last = (jnp.asarray(0.7), jnp.asarray(0.9), jnp.asarray(True))
    kept, *_ = LaneController(PID).adapt_step_size(START, START + 1e-6, before, after, None, error, 5, last)
    assert kept


def test_where_every_lane_is_lost_the_rest_of_the_time_is_passed_quickly(key):
    lost = jax.tree.map(lambda leaf: jnp.full_like(leaf, jnp.nan), state(key))
    assert adapted(LaneController(PID), lost, lost, lost) == (True, 1.0 + 0.5 * (1 + PID.factormax))


def test_its_settings_are_kept(key):
    trees = state(key), state(jax.random.fold_in(key, 1)), state(jax.random.fold_in(key, 2), size=1e-4)
    careful = diffrax.PIDController(
        rtol=1e-3, atol=1e-5, norm=worst_lane_norm, pcoeff=0.3, icoeff=0.4, factormax=2.0, safety=0.7
    )
    np.testing.assert_allclose(adapted(LaneController(careful), *trees), adapted(careful, *trees), rtol=1e-6)
    assert adapted(LaneController(careful), *trees) != adapted(LaneController(PID), *trees)
