"""The Gaussian closure: right to first order, equal to the population flow where the sample is one, and it stops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import RULE, one_hot, pair, runge_kutta, sample_slope, softmax, start
from sharedtrunk import dynamics, gaussian
from sharedtrunk.trajectory import Result

TIMES = np.linspace(0, 60, 121)


def drawn(key, count, features=12):
    """A sample of two tasks on the same inputs, and the main task's clean moment."""
    main, auxiliary = pair(key, features=features)
    x = np.random.default_rng(7).normal(size=(count, features)) + 0.2
    labels = [np.argmax(np.asarray(t.noisy_weights) @ x.T, axis=0) for t in (main, auxiliary)]
    return x, labels, gaussian.label_moment(main.weights), (main, auxiliary)


@pytest.mark.parametrize("count", [5, 12, 40])
def test_root_is_the_second_moment_about_zero(key, count):
    x, labels, judge, _ = drawn(key, count)
    flow = dynamics.closure_flow([x, x], labels, judge, classes=[4, 3], rule=RULE)
    np.testing.assert_allclose(flow.roots[0] @ flow.roots[0].T, x.T @ x / count, atol=2e-6)
    np.testing.assert_allclose(flow.moments[1].sum(axis=0), 0.0, atol=1e-6)


@pytest.mark.float64
def test_drive_is_right_to_first_order(key):
    """Against the sample's own drive: the error is of second order in W, and without J it would be of order zero."""
    x, labels, judge, _ = drawn(key, 30)
    flow = dynamics.closure_flow([x], labels[:1], judge, rule=RULE)
    direction = np.asarray(jax.random.normal(key, (4, 12)))

    def error(size):
        W = size * direction
        exact = (np.eye(4)[labels[0]].T - softmax(W @ x.T)) @ x / 30
        drive = flow.drive(dynamics.Layers((), (jnp.asarray(W),))).heads[0]
        return np.linalg.norm(drive - exact)

    assert error(1e-3) < 1e-4
    assert 3.8 < error(1e-3) / error(5e-4) < 4.2


@pytest.mark.slow
@pytest.mark.float64
def test_equals_population_flow_for_an_ideal_sample(key):
    """With Ĉ = I and the population's label moment the closure is the population flow, until it stops."""
    _, _, judge, teachers = drawn(key, 30)
    population = dynamics.population_flow([t.noisy_weights for t in teachers], rule=RULE)
    roots = (jnp.eye(12),) * 2
    flow = dynamics.ClosureFlow(population.moments, roots, population.task_weights, judge, rule=RULE)
    closure = dynamics.solve(flow, start(key), TIMES)
    exact = dynamics.solve(population, start(key), TIMES)
    kept = np.isfinite(closure.composites[0]).all(axis=(1, 2))
    assert 10 < kept.sum() < len(TIMES)
    np.testing.assert_allclose(closure.composites[0][kept], exact.composites[0][kept], atol=1e-5)


def test_tracks_training_on_the_sample(key):
    """At N = 240 for 12 features the minimum of the loss is that of training on the sample, within 0.02 nats."""
    x, labels, judge, _ = drawn(key, 240)
    x = x - 0.2
    labels = [np.argmax(np.asarray(t.noisy_weights) @ x.T, axis=0) for t in pair(key)]
    flow = dynamics.closure_flow([x, x], labels, judge, classes=[4, 3])
    first = start(key)
    closure = dynamics.solve(flow, first, TIMES)
    assert closure.result == Result.SUCCESS
    onehots = [np.eye(size)[y].T for size, y in zip((4, 3), labels, strict=True)]
    state = [np.asarray(w, float) for w in (*first.trunk, *first.heads)]
    seen = runge_kutta(sample_slope(x.T, onehots), state, TIMES[:41], 2)
    weights = jnp.stack([jnp.asarray(head @ trunk, judge.dtype) for trunk, head, _ in seen])
    trained = gaussian.population_loss(weights, judge, rule=gaussian.COARSE)
    assert trained[0] - trained.min() > 0.2, "there is something to learn"
    assert abs(float(np.nanmin(closure.generalization_loss)) - float(trained.min())) < 0.02


def test_stops_after_its_minimum(key):
    x, labels, judge, _ = drawn(key, 40)
    flow = dynamics.closure_flow([x, x], labels, judge, classes=[4, 3], rule=RULE)
    trajectory = dynamics.solve(flow, start(key), TIMES)
    loss = np.asarray(trajectory.generalization_loss)
    assert trajectory.result == Result.SUCCESS
    last = np.flatnonzero(np.isfinite(loss))[-1]
    lowest = np.nanargmin(loss)
    assert 0 < lowest < last < len(TIMES) - 1
    assert TIMES[last] >= max(2 * TIMES[lowest], 5.0)
    assert loss[last] > loss[lowest]
    assert np.isfinite(loss[: last + 1]).all()
    assert np.isnan(trajectory.composites[0][last + 1 :]).all()
    early = dynamics.solve(flow, start(key), np.linspace(0, 1, len(TIMES)))
    assert early.result == Result.NOT_BRACKETED


def test_running_away_is_a_code(key):
    """Five samples are separable: the closure has no fixed point. Before its minimum is bracketed that is a failure."""
    x, labels, judge, _ = drawn(key, 5)
    flow = dynamics.closure_flow([x, x], labels, judge, classes=[4, 3], rule=RULE)
    away = dynamics.solve(flow, start(key), TIMES, dynamics.Tolerance(ceiling=3.0))
    assert away.result == Result.DIVERGED
    assert np.isnan(away.composites[0][-1]).all()


@pytest.mark.slow
def test_after_its_minimum_a_flight_does_not_matter(key):
    x, labels, judge, _ = drawn(key, 5)
    flow = dynamics.closure_flow([x, x], labels, judge, classes=[4, 3], rule=RULE)
    settled = dynamics.solve(flow, start(key), TIMES, dynamics.Tolerance(ceiling=1e6))
    assert settled.result == Result.SUCCESS


def test_one_hot_reference():
    """The reference's labels are what it says."""
    np.testing.assert_array_equal(one_hot(np.eye(2), np.array([[2.0, 0.0], [1.0, 3.0]])), np.eye(2))
