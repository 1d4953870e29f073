"""The population flow against what it conserves, what it descends, its fixed point, and plain simulation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import RULE, cross_entropy, one_hot, pair, runge_kutta, sample_slope, slow, start
from sharedtrunk import dynamics, gaussian
from sharedtrunk.trajectory import Result

TIMES = np.linspace(0, 8, 17)
TIGHT = dynamics.Tolerance(rtol=1e-9, atol=1e-11)


def covariance(features):
    root = np.random.default_rng(3).normal(size=(features, features)) / features**0.5
    return root @ root.T + 0.2 * np.eye(features)


@pytest.fixture
def teachers_weights(key):
    return [teacher.noisy_weights for teacher in pair(key)]


@pytest.mark.float64
@pytest.mark.parametrize(
    ("hidden", "correlated"), [((6, 5), True), slow((5,), False), slow((5, 4, 6), False), slow((5,), True)]
)
def test_conservation_law(key, teachers_weights, hidden, correlated):
    """(9), corrected: W⁽ˡ⁾W⁽ˡ⁾ᵀ − W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ is constant, with Σ headᵀhead (weighted by nothing) at the top."""
    C = covariance(12) if correlated else None
    flow = dynamics.population_flow(teachers_weights, covariance=C, task_weights=[1.0, 0.4], rule=RULE)
    first = start(key, hidden)

    def conserved(layers):
        below = [w @ w.T for w in layers.trunk]
        above = [w.T @ w for w in layers.trunk[1:]] + [sum(h.T @ h for h in layers.heads)]
        return [low - high for low, high in zip(below, above, strict=True)]

    def drift(tolerance):
        last = dynamics.solve(flow, first, TIMES, tolerance).final
        return max(float(jnp.abs(a - b).max()) for a, b in zip(conserved(first), conserved(last), strict=True))

    assert drift(TIGHT) < 1e-7
    if hidden == (5,):  # once each, in the slow cases
        assert drift(dynamics.Tolerance(rtol=1e-4, atol=1e-6)) > 1e-5, "the drift is the solver's"


@pytest.mark.parametrize(
    ("hidden", "beta"), [((5,), None), slow((), 0.7), slow((), None), slow((6, 5), 0.7), slow((5, 4, 6), None)]
)
def test_loss_never_rises(key, teachers_weights, hidden, beta):
    """(10), to the tolerance of the solver and the quadrature of the loss."""
    flow = dynamics.population_flow(teachers_weights, inverse_temperature=beta, task_weights=[1.0, 0.4])
    trajectory = dynamics.solve(flow, start(key, hidden), TIMES)
    losses = np.asarray(dynamics.flow_loss(flow, trajectory.composites))
    assert trajectory.result == Result.SUCCESS
    assert np.diff(losses).max() < 1e-5
    assert losses[-1] < losses[0] - 0.1


@pytest.mark.float64
def test_flow_loss_with_a_covariance(key, teachers_weights):
    """The whitened form of the loss equals the plain one of the gaussian room."""
    C = covariance(12)
    flow = dynamics.population_flow(teachers_weights[:1], covariance=C, rule=RULE)
    W = jax.random.normal(key, (4, 12))
    M = gaussian.label_moment(teachers_weights[0], covariance=C)
    plain = gaussian.population_loss(W, M, covariance=C, rule=RULE)
    np.testing.assert_allclose(dynamics.flow_loss(flow, (W,)), plain, rtol=1e-10)


@pytest.mark.float64
@pytest.mark.parametrize(("hidden", "correlated"), [((), False), slow((), True), slow((6,), False), slow((6,), True)])
def test_finite_temperature_fixed_point(key, teachers_weights, hidden, correlated):
    """W → βΣ̂ up to a common shift of the rows."""
    beta = 0.5
    C = covariance(12) if correlated else None
    flow = dynamics.population_flow(teachers_weights, inverse_temperature=beta, covariance=C, rule=RULE)
    trajectory = dynamics.solve(flow, start(key, hidden, scale=1.0), np.array([0.0, 30.0, 2000.0]))
    for W, teacher in zip(trajectory.composites, teachers_weights, strict=True):
        difference = np.asarray(W) - beta * np.asarray(teacher)
        centred = difference - difference.mean(axis=-2, keepdims=True)
        assert np.abs(centred[1]).max() > 10 * np.abs(centred[2]).max()
        assert np.abs(centred[2]).max() < 1e-4


@pytest.mark.float64
@pytest.mark.parametrize("hidden", [slow(()), (4,), slow((4, 3))])
def test_reduction_is_exact(key, hidden):
    """In the span of the teachers and the start the flow is the same: 40 features, 11 directions or fewer."""
    weights = [teacher.noisy_weights for teacher in pair(key, features=40)]
    flow = dynamics.population_flow(weights, rule=RULE)
    first = start(key, hidden, features=40)
    small, state, basis = flow.reduced(first)
    assert basis.shape == (40, 14 if not hidden else 11)
    assert all(m.shape[1] == basis.shape[1] for m in small.moments)
    assert state.heads[0].shape[0] == 4
    reduced, whole = (dynamics.solve(flow, first, TIMES, TIGHT, reduce=flag) for flag in (True, False))
    for a, b in zip(jax.tree.leaves(reduced.final), jax.tree.leaves(whole.final), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-7)
    for a, b in zip(reduced.composites, whole.composites, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-7)


@pytest.mark.parametrize("tasks", [slow(1), 2])
def test_against_simulation_on_fresh_samples(key, tasks):
    """Six plain NumPy trainings on 100,000 samples each: weights and losses agree within their standard errors."""
    weights = [np.asarray(teacher.noisy_weights) for teacher in pair(key, features=8)][:tasks]
    first = start(key, classes=(4, 3)[:tasks], features=8)
    times = np.array([0.0, 1.5, 3.0, 6.0])
    theory = dynamics.solve(dynamics.population_flow(weights), first, times)
    runs, losses = [], []
    for seed in range(6):
        x = np.random.default_rng(seed).normal(size=(8, 100_000)).astype(np.float32)
        onehots = [one_hot(W, x).astype(np.float32) for W in weights]
        state = [np.asarray(w, np.float32) for w in (*first.trunk, *first.heads)]
        seen = runge_kutta(sample_slope(x, onehots), state, times, 3)
        runs.append([[head @ trunk for trunk, *heads in seen for head in heads[t : t + 1]] for t in range(tasks)])
        losses.append([cross_entropy(W, x, onehots[0]) for W in runs[-1][0]])
    for task in range(tasks):
        sample = np.stack([run[task] for run in runs])
        squared_error = (sample.var(axis=0, ddof=1) / 6).sum(axis=(1, 2))[1:]
        miss = np.asarray(theory.composites[task]) - sample.mean(axis=0)
        assert ((miss[1:] ** 2).sum(axis=(1, 2)) < 9 * squared_error).all()
    curve = gaussian.population_loss(
        theory.composites[0], gaussian.label_moment(jnp.asarray(weights[0])), rule=gaussian.FINE
    )
    standard_error = np.std(losses, axis=0, ddof=1) / 6**0.5
    assert (np.abs(curve - np.mean(losses, axis=0)) < 5 * standard_error).all()


def test_lanes_and_shared_parts(key, teachers_weights):
    """A batch is its lanes; the flow may carry the lane axis or be shared."""
    keys = jax.random.split(key, 3)
    starts = [start(k) for k in keys]
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *starts)
    shared = dynamics.population_flow(teachers_weights, rule=RULE)
    stacked = dynamics.population_flow([jnp.stack([w] * 3) for w in teachers_weights], rule=RULE)
    for flow in (shared, stacked):
        trajectory = dynamics.solve(flow, batch, TIMES)
        assert trajectory.composites[1].shape == (3, 17, 3, 12)
        assert trajectory.result.shape == (3,)
        for lane, first in enumerate(starts):
            alone = dynamics.solve(shared, first, TIMES)
            np.testing.assert_allclose(trajectory.composites[0][lane], alone.composites[0], atol=2e-4)


@pytest.mark.slow
def test_vmap(key, teachers_weights):
    flow = dynamics.population_flow(teachers_weights, rule=RULE)
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[start(k) for k in jax.random.split(key, 2)])
    mapped = jax.vmap(lambda first: dynamics.solve(flow, first, TIMES).composites[0])(batch)
    np.testing.assert_allclose(mapped, dynamics.solve(flow, batch, TIMES).composites[0], atol=1e-4)


def test_failures_are_codes(key, teachers_weights):
    flow = dynamics.population_flow(teachers_weights, rule=RULE)
    few = dynamics.solve(flow, start(key), TIMES, dynamics.Tolerance(max_steps=3))
    assert few.result == Result.STEP_LIMIT
    assert np.isfinite(few.composites[0][0]).all()
    assert np.isnan(few.composites[0][-1]).all()
