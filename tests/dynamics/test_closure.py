"""The Gaussian closure: right to first order, equal to the population flow where the sample is one, and it stops.

One batch serves most of the tests, a lane per sample: one that is like the population, 240 points, 40 and 5.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import RULE, pair, runge_kutta, sample_slope, softmax, stacked, start
from sharedtrunk import benefit, dynamics, gaussian, students, teachers
from sharedtrunk.flows.trajectory import Result

TIMES = np.linspace(0, 60, 121)
COUNTS = (240, 40, 5)
LOOSE = dynamics.Tolerance(rtol=1e-5, atol=1e-7, max_steps=1000)
KEY = jax.random.key(20261121)


def drawn(count, shift=0.0, features=12):
    """A sample of two tasks on the same inputs."""
    x = np.random.default_rng(7).normal(size=(count, features)) + shift
    return x, [np.argmax(np.asarray(t.noisy_weights) @ x.T, axis=0) for t in pair(KEY, features=features)]


def clean_moment():
    return gaussian.label_moment(pair(KEY)[0].weights)


def batch(moments, roots, like):
    """Flows of several samples as one, with the judge and weights of `like` for all. Roots of fewer points get columns of
    zeros, which change nothing."""
    roots = [[jnp.pad(root, ((0, 0), (0, 12 - root.shape[1]))) for root in lane] for lane in roots]
    return dynamics.ClosureFlow(
        moments=tuple(jnp.stack(lanes) for lanes in zip(*moments, strict=True)),
        roots=tuple(jnp.stack(lanes) for lanes in zip(*roots, strict=True)),
        task_weights=like.task_weights,
        rule=RULE,
        judge=like.judge,
    )


@pytest.fixture(scope="module")
def population():
    noisy = [teacher.noisy_weights for teacher in pair(KEY)]
    return dynamics.population_flow(noisy, judge=clean_moment(), rule=RULE)


@pytest.fixture(scope="module")
def lanes(population):
    """Moments and roots by lane: lane 0 is the population itself, then the samples."""
    eye = jnp.eye(12, dtype=population.moments[0].dtype)
    samples = [drawn(count) for count in COUNTS]
    closures = [dynamics.closure_flow([x, x], y, clean_moment(), classes=[4, 3], rule=RULE) for x, y in samples]
    moments = [population.moments, *(flow.moments for flow in closures)]
    return moments, [(eye, eye), *(flow.roots for flow in closures)]


@pytest.fixture(scope="module")
def flows(lanes, population):
    return batch(*lanes, population)


@pytest.fixture(scope="module")
def solved(flows):
    return dynamics.solve(flows, stacked([start(KEY)] * 4), TIMES, LOOSE)


@pytest.fixture(scope="module")
def minimum(flows):
    return dynamics.solve_until_bracketed(flows, stacked([start(KEY)] * 4), chunk=4)


@pytest.mark.parametrize("count", [5, 12, 40])
def test_root_is_the_second_moment_about_zero(count):
    x, labels = drawn(count, shift=0.2)
    flow = dynamics.closure_flow([x, x], labels, clean_moment(), classes=[4, 3], rule=RULE)
    np.testing.assert_allclose(flow.roots[0] @ flow.roots[0].T, x.T @ x / count, atol=2e-6)
    np.testing.assert_allclose(flow.moments[1].sum(axis=0), 0.0, atol=1e-6)


def test_a_batch_of_samples_is_its_samples():
    """Inputs shared or lane by lane, indices or probabilities: the same moments and roots as one by one."""
    samples = [drawn(count) for count in (30, 30)]
    x = np.stack([samples[0][0], -samples[0][0]])
    labels = [np.stack([y, y]) for y in samples[0][1]]
    batch = dynamics.closure_flow([x, x], labels, clean_moment(), classes=[4, 3], rule=RULE)
    soft = [np.eye(size)[y].swapaxes(-1, -2) for size, y in zip((4, 3), labels, strict=True)]
    by_probability = dynamics.closure_flow([x[0], x[1]], soft, clean_moment(), classes=[4, 3], rule=RULE)
    for lane in range(2):
        alone = dynamics.closure_flow(
            [x[lane]] * 2, [y[lane] for y in labels], clean_moment(), classes=[4, 3], rule=RULE
        )
        for task in range(2):
            np.testing.assert_allclose(batch.moments[task][lane], alone.moments[task], atol=1e-6)
            np.testing.assert_allclose(batch.roots[task][lane], alone.roots[task], atol=1e-5)
        np.testing.assert_allclose(by_probability.moments[lane][0], alone.moments[lane], atol=1e-6)
    assert by_probability.roots[0].ndim == 2


@pytest.mark.float64
def test_drive_is_right_to_first_order(key):
    """Against the sample's own drive: the error is of second order in W, and without J it would be of order zero."""
    x, labels = drawn(30, shift=0.2)
    flow = dynamics.closure_flow([x], labels[:1], clean_moment(), rule=RULE)
    direction = np.asarray(jax.random.normal(key, (4, 12)))

    def error(size):
        W = size * direction
        exact = (np.eye(4)[labels[0]].T - softmax(W @ x.T)) @ x / 30
        drive = flow.drive(dynamics.Layers((), (jnp.asarray(W),))).heads[0]
        return np.linalg.norm(drive - exact)

    assert error(1e-3) < 1e-4
    assert 3.8 < error(1e-3) / error(5e-4) < 4.2


@pytest.mark.long
def test_equals_population_flow_for_an_ideal_sample(minimum, population):
    """With Ĉ = I and the population's label moment the closure is the population flow, judge and stop included."""
    exact = dynamics.solve_until_bracketed(population, stacked([start(KEY)] * 4), chunk=4)
    assert exact.result.tolist() == [Result.SUCCESS] * 4
    np.testing.assert_allclose(minimum.loss[0], exact.loss[0], atol=2e-5)
    assert minimum.time[0] == exact.time[0]
    both = np.isfinite(minimum.trajectory.generalization_loss[0][: len(exact.trajectory.times)])
    curves = [m.trajectory.generalization_loss[0][: both.size][both] for m in (minimum, exact)]
    assert both.sum() > 20
    np.testing.assert_allclose(*curves, atol=1e-4)


def test_tracks_training_on_the_sample(solved):
    """On 240 points for 12 features: the sample's own weights, many times nearer than the population flow's, which knows
    nothing of the sample; the advantage shrinks as the weights grow."""
    x, labels = drawn(240)
    first = start(KEY)
    onehots = [np.eye(size)[y].T for size, y in zip((4, 3), labels, strict=True)]
    state = [np.asarray(w, float) for w in (*first.trunk, *first.heads)]
    seen = runge_kutta(sample_slope(x.T, onehots), state, TIMES[:11], 2)
    trained = np.stack([head @ trunk for trunk, head, _ in seen])
    population, closure = (
        np.linalg.norm(np.asarray(solved.composites[0][lane, :11], float) - trained, axis=(1, 2)) for lane in (0, 1)
    )
    assert (closure[[1, 4]] < 0.1 * population[[1, 4]]).all(), "t = 0.5 and 2"
    assert closure[10] < 0.5 * population[10], "t = 5"


@pytest.mark.slow
@pytest.mark.parametrize("count", [40, 240, 1000])
def test_minima_are_those_of_training_on_the_sample(population, count):
    """Over twelve samples the closure's lowest loss misses the trained one by less than half as much as the population's."""
    seeds = range(12)
    x = np.stack([np.random.default_rng(seed).normal(size=(count, 12)) for seed in seeds])
    labels = [np.argmax(np.einsum("cf,snf->scn", t.noisy_weights, x), axis=1) for t in pair(KEY)]
    flow = dynamics.closure_flow([x, x], labels, clean_moment(), classes=[4, 3], rule=RULE)
    first = stacked([start(KEY)] * len(seeds))
    closure = dynamics.solve_until_bracketed(flow, first)
    ideal = dynamics.solve_until_bracketed(population, first)
    assert (closure.result == Result.SUCCESS).all()
    sample = jnp.asarray(x, first.trunk[0].dtype)
    problem = students.make_problem(sample, [jnp.asarray(y) for y in labels], classes=[4, 3])
    network = students.SharedTrunk(first.trunk, first.heads)
    trained = students.train(network, problem, jnp.linspace(0, 30, 121, dtype=sample.dtype))
    lowest = np.asarray(gaussian.population_loss(trained.composites[0], clean_moment(), rule=RULE)).min(axis=1)
    errors = [np.sqrt(np.mean((m.loss - lowest) ** 2)) for m in (closure, ideal)]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("lane", [1, 2])
def test_stops_after_its_minimum(solved, lane):
    loss = np.asarray(solved.generalization_loss[lane])
    assert solved.result[lane] == Result.SUCCESS
    last = np.flatnonzero(np.isfinite(loss))[-1]
    lowest = np.nanargmin(loss)
    assert 0 < lowest < last < len(TIMES) - 1
    assert TIMES[last] >= max(2 * TIMES[lowest], 5.0)
    assert not TIMES[last - 1] >= max(2 * TIMES[lowest], 5.0), "and no later than it must"
    assert loss[last] > loss[lowest]
    assert np.isfinite(loss[: last + 1]).all()
    assert np.isnan(solved.composites[0][lane, last + 1 :]).all()
    assert benefit.bracketed(TIMES[: last + 1], loss[: last + 1]), "the rule of `benefit`"


@pytest.mark.long
def test_not_bracketed_and_run_away_are_codes(flows):
    """Over too short a time nothing is bracketed; weights beyond the ceiling before that are a failure of their own."""
    early = dynamics.solve(flows, stacked([start(KEY)] * 4), np.linspace(0, 1, len(TIMES)), LOOSE)
    assert early.result.tolist() == [Result.NOT_BRACKETED] * 4
    assert np.isfinite(early.generalization_loss).all()


@pytest.mark.slow
def test_running_away_is_a_code(flows):
    """Five samples are separable: the closure has no fixed point. After its minimum a flight does not matter."""
    first = stacked([start(KEY)] * 4)
    away = dynamics.solve(flows, first, TIMES, dynamics.Tolerance(ceiling=3.0))
    assert away.result[3] == Result.RAN_AWAY
    assert np.isnan(away.composites[0][3, -1]).all()
    low = dynamics.solve_until_bracketed(flows, first, chunk=4, tolerance=dynamics.Tolerance(ceiling=3.0))
    assert low.result[3] == Result.RAN_AWAY
    assert np.isnan(low.loss[3])
    assert np.isnan(low.weights[3]).all()
    settled = dynamics.solve(flows, first, TIMES, dynamics.Tolerance(ceiling=1e6))
    assert settled.result[3] == Result.SUCCESS


@pytest.mark.slow
def test_without_stop_the_curve_goes_on(flows, solved):
    whole = dynamics.solve(flows, stacked([start(KEY)] * 4), TIMES, stop=False)
    kept = np.isfinite(solved.generalization_loss)
    assert np.isfinite(whole.generalization_loss[:3]).all()
    np.testing.assert_allclose(
        np.asarray(whole.generalization_loss)[kept], np.asarray(solved.generalization_loss)[kept], atol=1e-5
    )


def test_minimum_is_that_of_the_curve(solved, minimum):
    """Leg by leg or in one go: the same minimum, stop, weights and code, to the tolerances and the spacing of the times."""
    assert minimum.result.tolist() == solved.result.tolist()
    for lane in range(4):
        curves = np.asarray(solved.generalization_loss[lane]), minimum.trajectory.generalization_loss[lane]
        _, here, there = np.intersect1d(TIMES, minimum.trajectory.times, return_indices=True)
        common = [curve[index] for curve, index in zip(curves, (here, there), strict=True)]
        followed = np.isfinite(common).all(axis=0)
        assert followed.sum() > 8
        np.testing.assert_allclose(*(curve[followed] for curve in common), atol=2e-4)
        assert abs(TIMES[np.nanargmin(curves[0])] - minimum.time[lane]) <= 0.5, "the spacing of the coarser times"
        again = gaussian.population_loss(jnp.asarray(minimum.weights[lane]), clean_moment(), rule=gaussian.FINE)
        # the value is that of the weights, less the parabola's correction (twice its share of the error)
        assert abs(minimum.loss[lane] - float(again) + 2 * minimum.refinement[lane]) < minimum.error[lane] + 1e-5
    assert (minimum.error < 5e-3).all()
    assert (np.abs(minimum.scrambles.mean(axis=1) - minimum.loss) < 1e-6).all()


def test_legs_and_chunks_change_nothing(flows, lanes, population, minimum):
    """Lanes packed in another way and followed by two threads are the same lanes; a short limit leaves them open."""
    twice = batch(*(part + part[::-1] for part in lanes), population)
    again = dynamics.solve_until_bracketed(twice, stacked([start(KEY)] * 8), chunk=4, workers=2)
    np.testing.assert_allclose(again.loss[:4], minimum.loss, atol=1e-5)
    np.testing.assert_allclose(again.loss[:3:-1], minimum.loss, atol=1e-5)
    np.testing.assert_array_equal(again.time[:4], minimum.time)
    short = dynamics.solve_until_bracketed(flows, stacked([start(KEY)] * 4), chunk=4, time_limit=1.0)
    assert short.result.tolist() == [Result.NOT_BRACKETED] * 4
    assert np.isfinite(short.loss).all()
    assert short.trajectory.times[-1] == 1.0


def test_average_over_samples():
    """The mean curve is the mean of the samples' curves, with its standard error; arms with one key share their inputs."""
    tasks = pair(KEY)
    average = dynamics.averaged_closure(jax.random.key(2), tasks, 60, start(KEY), draws=4, rule=RULE, chunk=4)
    curves = np.asarray(average.minimum.trajectory.generalization_loss)
    steps = len(average.times)
    assert average.draws == 4
    assert 20 < steps <= curves.shape[1]
    np.testing.assert_allclose(average.mean, curves[:, :steps].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(average.error, curves[:, :steps].std(axis=0, ddof=1) / 2, rtol=1e-4)
    assert average.error[0] < 1e-6 < average.error[-1], "one start, different samples"
    both, main = (dynamics.sampled_closures(jax.random.key(2), arm, 60, 4, rule=RULE) for arm in (tasks, tasks[:1]))
    np.testing.assert_array_equal(both.roots[0], main.roots[0])
    np.testing.assert_array_equal(both.moments[0], main.moments[0])


def test_drawn_samples_have_their_covariance():
    """Second moments of many points are near the covariance given, and the judge belongs to it."""
    C = np.diag(np.linspace(0.5, 2.0, 12))
    flow = dynamics.sampled_closures(jax.random.key(2), pair(KEY), 4000, 2, covariance=C, rule=RULE)
    second = np.asarray(flow.roots[0][0] @ flow.roots[0][0].T)
    assert np.abs(second - C).max() < 6 * np.sqrt(2 / 4000) * C.max()
    expected = gaussian.label_moment(pair(KEY)[0].weights, covariance=C)
    np.testing.assert_allclose(flow.judge.moment, expected, atol=1e-6)


@pytest.mark.slow
def test_benefit_of_the_average_is_paired():
    """Shared inputs make the benefit's standard error smaller than those of the losses it is made of."""
    tasks, first = pair(KEY), start(KEY)
    joint = dynamics.averaged_closure(jax.random.key(2), tasks, 60, first, draws=8).minimum
    alone = dynamics.Layers(first.trunk, first.heads[:1])
    single = dynamics.averaged_closure(jax.random.key(2), tasks[:1], 60, alone, draws=8).minimum
    assert np.std(single.loss - joint.loss) < 0.7 * np.std(single.loss)


def test_clean_moment_of_the_standard_judge():
    """`averaged_closure` takes the judge in closed form where there is one."""
    teacher = teachers.random_teacher(KEY, classes=3, features=12)
    flow = dynamics.sampled_closures(KEY, [teacher], 10, 2, rule=RULE)
    np.testing.assert_allclose(flow.judge.moment, gaussian.label_moment(teacher.weights), atol=1e-5)
