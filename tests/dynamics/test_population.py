"""The population flow against what it conserves, what it descends, its fixed point, and simulation.

A solver is compiled per shape, so one batch serves most of the tests: three layers, two tasks, and in the lanes hard labels
and a finite temperature, each with and without a covariance.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import RULE, covariance, one_hot, pair, runge_kutta, sample_slope, slow, softmax, stacked, start
from sharedtrunk import dynamics, gaussian, students
from sharedtrunk.dynamics._reduction import reduced, restored
from sharedtrunk.flows.trajectory import Result

TIMES = np.linspace(0, 8, 17)
TIGHT = dynamics.Tolerance(rtol=1e-9, atol=1e-11)
DEPTHS = [(6, 5), slow(()), slow((6,)), slow((6, 5, 6))]
"""No narrower than the rank 3 + 2 of both centred teachers, without which there is no fixed point at βΣ̂."""

CASES = [(None, False), (None, True), (0.5, False), (0.5, True)]
"""Inverse temperature, and whether the inputs are correlated, of every lane."""
BETA = 0.5


def tolerance():
    return TIGHT if jax.config.jax_enable_x64 else None  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture(scope="module")
def noisy():
    return [teacher.noisy_weights for teacher in pair(jax.random.key(20261121))]


@pytest.fixture(scope="module")
def flows(noisy):
    """One flow per case. White inputs carry the root I, so that all lanes have the same arrays."""
    return [
        dynamics.population_flow(
            noisy,
            inverse_temperature=beta,
            covariance=covariance() if correlated else np.eye(12),
            task_weights=[1.0, 0.4],
            rule=RULE,
        )
        for beta, correlated in CASES
    ]


def starts(hidden):
    return [start(key, hidden, scale=0.9) for key in jax.random.split(jax.random.key(5), len(CASES))]


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("hidden", [(6, 5), slow((5,)), slow((5, 4, 6))])
def test_conservation_law(flows, hidden):
    """(9), corrected: W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ − W⁽ˡ⁾W⁽ˡ⁾ᵀ is constant, with Σ headᵀhead (weighted by nothing) at the top."""
    first = stacked(starts(hidden))
    last = dynamics.solve(stacked(flows), first, TIMES, TIGHT).final
    before, after = dynamics.conserved(first), dynamics.conserved(last)
    moved = max(float(jnp.abs(a - b).max()) for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(last), strict=True))
    assert len(before) == len(hidden)
    assert moved > 0.3
    assert max(float(jnp.abs(a - b).max()) for a, b in zip(before, after, strict=True)) < 1e-7


def test_conserved_matrices_by_hand():
    """Two layers: Σ headᵀhead − W Wᵀ, against a loop."""
    layers = start(jax.random.key(1))
    (matrix,) = dynamics.conserved(layers)
    expected = sum(np.asarray(h).T @ np.asarray(h) for h in layers.heads) - layers.trunk[0] @ layers.trunk[0].T
    np.testing.assert_allclose(matrix, expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.float64
def test_drift_of_the_conserved_is_the_solvers(flows):
    first = stacked(starts((6, 5)))

    def drift(rtol):
        last = dynamics.solve(stacked(flows), first, TIMES, dynamics.Tolerance(rtol=rtol, atol=rtol / 100)).final
        pairs = zip(dynamics.conserved(first), dynamics.conserved(last), strict=True)
        return max(float(jnp.abs(a - b).max()) for a, b in pairs)

    assert drift(1e-4) > 30 * drift(1e-7)


@pytest.mark.parametrize("hidden", DEPTHS)
def test_loss_never_rises(flows, hidden):
    """(10), to the tolerance of the solver and the quadrature of the loss (largest with 512 nodes at small slopes)."""
    trajectory = dynamics.solve(stacked(flows), stacked(starts(hidden)), TIMES, tolerance())
    assert (trajectory.result == Result.SUCCESS).all()
    for lane, flow in enumerate(flows):
        losses = np.asarray(dynamics.flow_loss(flow, [W[lane] for W in trajectory.composites]))
        assert np.diff(losses).max() < 1e-4
        assert losses[-1] < losses[0] - 0.1


def test_order_of_lanes_does_not_matter(flows):
    """Every lane has its own steps: in another order each does the same, to the last bits."""
    order = np.array([2, 0, 3, 1])
    here = dynamics.solve(stacked(flows), stacked(starts((6, 5))), TIMES, tolerance())
    there = dynamics.solve(
        stacked([flows[k] for k in order]), stacked([starts((6, 5))[k] for k in order]), TIMES, tolerance()
    )
    assert here.composites[1].shape == (4, 17, 3, 12)
    assert here.result.shape == (4,)
    for a, b in zip(here.composites, there.composites, strict=True):
        np.testing.assert_allclose(np.asarray(a)[order], b, atol=1e-5)


@pytest.mark.slow
def test_lanes_and_shared_parts(flows):
    """A batch is its lanes; the flow may carry the lane axis or be shared."""
    batch = starts((5,))
    shared = dynamics.solve(flows[0], stacked(batch), TIMES, tolerance())
    repeated = dynamics.solve(stacked([flows[0]] * 4), stacked(batch), TIMES, tolerance())
    for lane, first in enumerate(batch):
        alone = dynamics.solve(flows[0], first, TIMES, tolerance())
        for trajectory in (shared, repeated):
            np.testing.assert_allclose(trajectory.composites[0][lane], alone.composites[0], atol=2e-4)


@pytest.mark.slow
def test_vmap(flows):
    batch = stacked(starts((5,)))
    mapped = jax.vmap(lambda first: dynamics.solve(flows[0], first, TIMES).composites[0])(batch)
    np.testing.assert_allclose(mapped, dynamics.solve(flows[0], batch, TIMES).composites[0], atol=1e-4)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("hidden", DEPTHS)
def test_finite_temperature_fixed_point(flows, noisy, hidden):
    """W → βΣ̂ up to a common shift of the rows, with a covariance as without."""
    late = np.concatenate([TIMES[:-2], [40.0, 2000.0]])
    trajectory = dynamics.solve(stacked(flows), stacked(starts(hidden)), late, tolerance())
    for lane in (2, 3):
        for W, teacher in zip(trajectory.composites, noisy, strict=True):
            difference = np.asarray(W[lane]) - BETA * np.asarray(teacher)
            distance = np.abs(difference - difference.mean(axis=-2, keepdims=True)).max(axis=(1, 2))
            assert distance[0] > 0.3
            assert distance[-2] > 10 * distance[-1]
            assert distance[-1] < 1e-4, distance


@pytest.mark.float64
def test_flow_loss_with_a_covariance(key, flows, noisy):
    """The whitened form of the loss equals the plain one of `gaussian`."""
    C = covariance()
    W = [jax.random.normal(key, w.shape) for w in noisy]
    M = [gaussian.label_moment(w, covariance=C) for w in noisy]
    plain = [gaussian.population_loss(w, m, covariance=C, rule=RULE) for w, m in zip(W, M, strict=True)]
    np.testing.assert_allclose(dynamics.flow_loss(flows[1], W), plain[0] + 0.4 * plain[1], rtol=1e-10)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("hidden", [slow(()), slow((4,)), (4, 3)])
def test_reduction_is_exact(key, hidden):
    """40 features, 14 directions or fewer: the drive never leaves them, and in them it is the small problem's."""
    weights = [teacher.noisy_weights for teacher in pair(key, features=40)]
    flow = dynamics.population_flow(weights, inverse_temperature=1.0, rule=RULE)
    first = start(key, hidden, features=40)
    small, state, basis = reduced(flow, first)
    assert basis.shape == (40, 14 if not hidden else 11)
    assert all(m.shape[1] == basis.shape[1] for m in small.moments)
    inside = restored(small.drive(state), basis)
    for a, b in zip(jax.tree.leaves(inside), jax.tree.leaves(flow.drive(first)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.slow
@pytest.mark.float64
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_reduced_solution_is_the_whole_one(key, hidden):
    weights = [teacher.noisy_weights for teacher in pair(key, features=40)]
    flow = dynamics.population_flow(weights, rule=RULE)
    first = start(key, hidden, features=40)
    reduced, whole = (dynamics.solve(flow, first, TIMES[::4], TIGHT, reduce=flag) for flag in (True, False))
    parts = [jax.tree.leaves((trajectory.composites, trajectory.final)) for trajectory in (reduced, whole)]
    for a, b in zip(*parts, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-7)


def simulated(weights, first, times, samples, seeds, task_weights):
    """`students.train` on a fresh sample of every seed."""
    lanes = []
    for seed in range(seeds):
        x = jnp.asarray(np.random.default_rng(seed).normal(size=(samples, weights[0].shape[1])), weights[0].dtype)
        lanes.append((x, [jnp.argmax(W @ x.T, axis=0) for W in weights]))
    labels = [jnp.stack([y[t] for _, y in lanes]) for t in range(len(weights))]
    problem = students.make_problem(
        jnp.stack([x for x, _ in lanes]), labels, classes=[len(W) for W in weights], task_weights=task_weights
    )
    network = students.SharedTrunk(*jax.tree.map(lambda w: jnp.stack([w] * seeds), (first.trunk, first.heads)))
    return students.train(network, problem, jnp.asarray(times, weights[0].dtype))


def assert_agree(theory, trained, weights, seeds):
    """Loss curves and weights of every task within the standard errors of the simulation."""
    for task, W in enumerate(weights):
        sample = np.asarray(trained[task], float)
        squared_error = (sample.var(axis=0, ddof=1) / seeds).sum(axis=(1, 2))[1:]
        miss = np.asarray(theory[task]) - sample.mean(axis=0)
        assert ((miss[1:] ** 2).sum(axis=(1, 2)) < 9 * squared_error).all()
        moment = gaussian.label_moment(W)
        losses, curve = (
            np.asarray(gaussian.population_loss(weights, moment, rule=gaussian.COARSE), float)
            for weights in (trained[task], theory[task])
        )
        standard_error = losses.std(axis=0, ddof=1) / seeds**0.5
        assert (np.abs(curve - losses.mean(axis=0))[1:] < 5 * standard_error[1:]).all()


@pytest.mark.long
def test_against_simulation(flows, noisy):
    """Trainings on fresh samples, by `students`: loss curves and weights within their standard errors.

    The mean over samples differs from infinite data by a bias of order 1/samples, beside a standard error of order
    1/√(samples · seeds), which at these sizes is larger.
    """
    first = starts((6, 5))
    theory = dynamics.solve(stacked(flows), stacked(first), TIMES, tolerance())
    trained = simulated(noisy, first[0], TIMES[::4], 5000, 8, (1.0, 0.4))
    assert_agree([W[0, ::4] for W in theory.composites], trained.composites, noisy, 8)


@pytest.mark.slow
def test_against_simulation_on_100000_samples(key):
    """The same at a real size: 10 classes, 50 features, 50 hidden units, 100,000 points, against its own sampling error."""
    teachers = pair(key, classes=(10, 10), features=50)
    weights = [teacher.noisy_weights for teacher in teachers]
    first = start(key, (50,), (10, 10), 50, scale=0.3)
    times = np.array([0.0, 2.0, 5.0, 10.0, 20.0])
    theory = dynamics.solve(dynamics.population_flow(weights), first, times)
    trained = simulated(weights, first, times, 100_000, 6, (1.0, 1.0))
    assert_agree(theory.composites, trained.composites, weights, 6)


@pytest.mark.long
def test_against_plain_numpy_on_a_sample(key):
    """The drive of a huge sample, by NumPy: the population's within the sample's standard error, entry by entry."""
    weights = [np.asarray(teacher.noisy_weights, float) for teacher in pair(key, features=8)]
    first = start(key, features=8)
    drive = dynamics.population_flow([teacher.noisy_weights for teacher in pair(key, features=8)]).drive(first)
    slopes = []
    for seed in range(8):
        x = np.random.default_rng(seed).normal(size=(8, 50_000))
        state = [np.asarray(w, float) for w in (*first.trunk, *first.heads)]
        slopes.append(sample_slope(x, [one_hot(W, x) for W in weights])(state))
    for index, ours in enumerate((*drive.trunk, *drive.heads)):
        sample = np.stack([slope[index] for slope in slopes])
        squares = (sample.var(axis=0, ddof=1) / 8).sum()
        assert ((np.asarray(ours) - sample.mean(axis=0)) ** 2).sum() < 4 * squares


@pytest.mark.long
def test_failures_are_codes(key):
    """In one batch: too few steps, weights beyond the ceiling, weights whose squares are no numbers, and done in time."""
    weights = [teacher.noisy_weights for teacher in pair(key, features=40)]
    flow = dynamics.population_flow(weights, inverse_temperature=1.0, rule=RULE)
    huge = float(jnp.finfo(weights[0].dtype).max) ** 0.3
    first = start(key, features=40)
    batch = stacked([jax.tree.map(lambda w, scale=scale: scale * w, first) for scale in (1.0, 30.0, huge, 0.0)])
    few = dynamics.solve(flow, batch, TIMES, dynamics.Tolerance(max_steps=12, ceiling=100.0))
    assert few.result.tolist() == [Result.STEP_LIMIT, Result.RAN_AWAY, Result.DIVERGED, Result.SUCCESS]
    assert np.isfinite(few.composites[0][0, 0]).all()
    assert np.isnan(few.composites[0][:3, -1]).all()
    np.testing.assert_array_equal(few.composites[1][3], 0)
    assert few.final.trunk[0].shape == (4, 5, 40)
    assert all("\n" not in Result(code).message for code in few.result.tolist())


def test_references_are_what_they_say():
    """Probabilities sum to one, labels are one-hot, and the Runge–Kutta method is of fourth order."""
    np.testing.assert_allclose(softmax(np.array([[1.0, 900.0], [2.0, 0.0]])).sum(axis=0), 1)
    np.testing.assert_array_equal(one_hot(np.eye(2), np.array([[2.0, 0.0], [1.0, 3.0]])), np.eye(2))
    errors = [abs(runge_kutta(lambda y: [-y[0]], [np.ones(())], [0.0, 1.0], n)[-1][0] - np.exp(-1.0)) for n in (4, 8)]
    assert 14 < errors[0] / errors[1] < 20
