"""The convexity bounds on the benefit: against the benefit itself, sampled labels, closed forms, and as printed."""

import importlib.util
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import references
from sharedtrunk import benefit, gaussian
from sharedtrunk.errors import InputError

RULE = gaussian.Sobol(points=1024, scrambles=8)


def benchmark():
    path = Path(__file__).parents[2] / "benchmarks" / "bounds.py"
    spec = importlib.util.spec_from_file_location("benchmark_bounds", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def triple(seed=0, classes=4, features=7, scale=2.0, lanes=()):
    """W_A, W̃ near each other and a teacher, with its label moment."""
    rng = np.random.default_rng(seed)
    clean, single, step = rng.standard_normal((3, *lanes, classes, features)) * scale / features**0.5
    weights = [jnp.asarray(w) for w in (single + 0.4 * step + 0.3 * clean, single, clean)]
    return (*weights, gaussian.label_moment(weights[2], rule=gaussian.Pairs(points=256, scrambles=8)))


def check_draws(draws, **options):
    module = benchmark()
    found = module.measure(draws, **options)
    assert len(found["kind"]) >= draws
    assert module.violated(found).sum() == 0
    gap = np.minimum(found["above"], found["below"])
    # An error bar that swallows the gaps would make the count above worthless.
    assert (gap > found["error"]).mean() > 0.75
    assert np.all(found["width"] > -2 * found["error"])
    # The printed ones fail: often where the teacher is weak, hardly where G(W̄)W̄ is near the label moment.
    printed = module.violated(found, "printed_")
    assert printed[found["scale"] < 1].mean() > 0.5
    assert printed[found["scale"] > 10].mean() < 0.25
    return found


@pytest.mark.long
@pytest.mark.float64
def test_hundreds_of_random_students_never_leave_the_bounds():
    check_draws(240, classes=(6,), rules=(gaussian.Sobol(points=4096, scrambles=16),))


@pytest.mark.slow
@pytest.mark.float64
def test_ten_thousand_random_students_never_leave_the_bounds():
    check_draws(10_000)


@pytest.mark.parametrize("correlated", [False, True], ids=["identity", "covariance"])
def test_the_bounds_hold_for_the_loss_on_sampled_labels(correlated):
    """An independent route: the benefit from a test set of argmax labels, which knows no free energy and no moment."""
    joint, single, clean, moment = triple(3)
    rng = np.random.default_rng(11)
    root = np.eye(7) if not correlated else np.linalg.cholesky(np.cov(rng.standard_normal((7, 30))) + 0.1 * np.eye(7))
    covariance = jnp.asarray(root @ root.T, joint.dtype) if correlated else None
    if correlated:
        moment = gaussian.label_moment(clean, covariance=covariance, rule=gaussian.Pairs(points=256, scrambles=8))
    inputs = rng.standard_normal((400_000, 7)) @ root.T
    labels = np.argmax(inputs @ np.asarray(clean, float).T, axis=1)
    # paired: both students meet the same points
    losses = [-np.log(_probabilities(W, inputs)[np.arange(len(labels)), labels]) for W in (single, joint)]
    difference = losses[0] - losses[1]
    mean, error = difference.mean(), difference.std(ddof=1) / len(labels) ** 0.5
    bounds = benefit.benefit_bounds(joint, single, moment, covariance=covariance, rule=RULE)
    gaps = benefit.benefit_gaps(joint, single, moment, covariance=covariance, rule=RULE)
    assert abs(float(gaps.benefit) - mean) < 4 * error + float(gaps.error)
    assert float(bounds.lower) < mean - 4 * error - float(bounds.error)
    assert float(bounds.upper) > mean + 4 * error + float(bounds.error)


def _probabilities(W, inputs):
    return references.softmax(np.asarray(W, float) @ inputs.T).T


def test_every_rule_says_the_same_within_its_error():
    joint, single, _, moment = triple(4, classes=3)
    found = [benefit.benefit_bounds(joint, single, moment, rule=rule) for rule in (None, RULE, gaussian.Pairs())]
    gaps = [benefit.benefit_gaps(joint, single, moment, rule=rule) for rule in (None, RULE, gaussian.Pairs())]
    # Panels at rank 2 are exact to six digits: they judge the others.
    for bounds, gap in zip(found[1:], gaps[1:], strict=True):
        for name in ("lower", "upper"):
            assert abs(float(getattr(bounds, name) - getattr(found[0], name))) <= float(bounds.error + found[0].error)
        for name in ("above", "below"):
            assert abs(float(getattr(gap, name) - getattr(gaps[0], name))) <= float(gap.gap_error + gaps[0].gap_error)
    exact = found[0]
    assert float(exact.lower) < float(gaps[0].benefit) < float(exact.upper)
    np.testing.assert_allclose(gaps[0].above + gaps[0].below, exact.width, atol=float(2 * gaps[0].gap_error))


def test_the_gap_is_half_the_curvature_for_close_students():
    """Limit: a gap of D·H·D/2 with the Hessian at W = 0, ⟨H D, D⟩ = ‖J D‖²/K; D = ε times a direction."""
    rng = np.random.default_rng(1)
    direction = jnp.asarray(rng.standard_normal((4, 7)))
    direction = direction / jnp.linalg.norm(direction)
    size = jnp.asarray(1e-2, direction.dtype)
    centred = direction - direction.mean(axis=0, keepdims=True)
    half = float(size**2 * jnp.sum(centred**2) / 8)
    zero = jnp.zeros_like(direction)
    gaps = benefit.benefit_gaps(size * direction, zero, zero, rule=RULE)
    allowed = float(gaps.gap_error) + float(size) ** 2 * half  # the next order is smaller by ‖D‖²
    assert float(gaps.above) == pytest.approx(half, abs=allowed)
    assert float(gaps.below) == pytest.approx(half, abs=allowed)


def test_a_lane_does_not_know_its_neighbours():
    joint, single, _, moment = triple(5, lanes=(3,))
    together = benefit.benefit_bounds(joint, single, moment, rule=RULE)
    joint, single, moment = (part.at[0].set(part[2]) for part in (joint, single, moment))
    changed = benefit.benefit_bounds(joint, single, moment, rule=RULE)
    for a, b in zip(together, changed, strict=True):
        np.testing.assert_array_equal(b, a[jnp.asarray([2, 1, 2])])
    assert together.lower[0] != together.lower[2]


def test_one_baseline_and_one_moment_serve_all_lanes():
    joint, single, clean, moment = triple(5, lanes=(3,))
    shared = joint, single[0], moment[0]
    repeated = joint, *(jnp.stack([part] * 3) for part in shared[1:])
    for verb in (benefit.benefit_bounds, benefit.benefit_gaps):
        once, thrice = (verb(*parts, rule=RULE) for parts in (shared, repeated))
        for a, b in zip(once, thrice, strict=True):
            assert a.shape == (3,)
            np.testing.assert_array_equal(a, b)
    assert once.benefit[0] != once.benefit[1]
    printed = benefit.printed_bounds(joint, single[0], clean[0], rule=RULE)
    soft = gaussian.softmax_moment(clean[0])
    expected = benefit.benefit_bounds(joint, single[0], soft, rule=RULE)
    assert np.all(np.abs(printed.upper - expected.upper) <= printed.error)


@pytest.mark.parametrize("rule", [RULE, None], ids=["scrambles", "panels"])
def test_several_teachers_judge_one_pair_of_students(rule):
    joint, single, _, moment = triple(4, classes=3)
    moments = jnp.stack([moment, -moment, 0 * moment])
    bounds = benefit.benefit_bounds(joint, single, moments, rule=rule)
    gaps = benefit.benefit_gaps(joint, single, moments, rule=rule)
    assert bounds.lower.shape == bounds.error.shape == gaps.benefit.shape == gaps.above.shape == (3,)
    # The moment enters linearly: the mean of the first two is the third, and the gaps know none of them.
    rounding = 64 * float(jnp.finfo(joint.dtype).eps) * float(jnp.max(jnp.abs(bounds.lower)))
    assert float(bounds.lower[0] + bounds.lower[1]) == pytest.approx(2 * float(bounds.lower[2]), abs=rounding)
    assert np.all(gaps.above == gaps.above[0])
    assert bounds.lower[0] != bounds.lower[1]


def test_one_aligned_baseline_serves_all_lanes():
    rng = np.random.default_rng(9)
    U = jnp.asarray(np.linalg.qr(rng.standard_normal((4, 3)))[0])
    joint, single, signal = (jnp.asarray(rng.uniform(0.5, 3, shape), U.dtype) for shape in ((3, 3), (3,), (3,)))
    aligned = benefit.aligned_bounds(joint, single, U, signal, rule=RULE)
    matrices = [jnp.stack([U * row[None] for row in part]) for part in (joint, [single] * 3, [signal] * 3)]
    matrix = benefit.benefit_bounds(*matrices, rule=RULE)
    np.testing.assert_array_equal(aligned.lower, matrix.lower)
    np.testing.assert_array_equal(aligned.upper, matrix.upper)


def test_the_printed_bounds_are_those_of_soft_labels():
    """(24)–(25) as printed bound the loss on labels from softmax(W̄x), L(·; ∇F(W̄)), and not that on argmax labels."""
    joint, single, clean, moment = triple(6, scale=0.5)
    soft = gaussian.softmax_moment(clean)
    printed = benefit.printed_bounds(joint, single, clean, rule=RULE)
    gaps = benefit.benefit_gaps(joint, single, soft, rule=RULE)
    error = float(printed.error)
    assert float(printed.lower) - error < float(gaps.benefit) < float(printed.upper) + error
    hard = benefit.benefit_gaps(joint, single, moment, rule=RULE)
    assert not float(printed.lower) - error < float(hard.benefit) < float(printed.upper) + error


def test_aligned_bounds_are_the_matrix_bounds():
    rng = np.random.default_rng(8)
    U, V = (np.linalg.qr(rng.standard_normal((n, 3)))[0] for n in (4, 7))
    joint, single = rng.uniform(0.5, 3, (2, 3))
    teacher = jnp.asarray(U * np.array([2.0, 1.0, 0.5]) @ V.T)
    moment = gaussian.label_moment(teacher, rule=gaussian.Pairs(points=256, scrambles=8))
    signal = np.einsum("ck,cf,fk->k", U, moment, V)
    aligned = benefit.aligned_bounds(joint, single, jnp.asarray(U), signal, rule=RULE)
    matrix = benefit.benefit_bounds(jnp.asarray(U * joint @ V.T), jnp.asarray(U * single @ V.T), moment, rule=RULE)
    for name in ("lower", "upper"):
        difference = float(getattr(aligned, name) - getattr(matrix, name))
        assert abs(difference) <= float(aligned.error + matrix.error) + 1e-6 * abs(float(matrix.upper))


def test_rank_one_as_printed_differs_from_the_truth_by_the_label_moment():
    """(5): s̄ g(s̄) stands where the label moment 1/√π (K = 2, u = (1, −1)/√2) belongs; the rest is exact."""
    u = jnp.asarray([[1.0], [-1.0]]) / 2**0.5
    s, single, clean = (jnp.asarray([x]) for x in (2.0, 0.5, 1.5))
    printed = benefit.printed_aligned_bounds(s, single, u, clean, "rank one")
    true = benefit.aligned_bounds(s, single, u, jnp.asarray([1 / np.pi**0.5]))
    response = float(gaussian.softmax_moment(u * clean[None])[0, 0]) * 2**0.5  # s̄ g(s̄)
    shift = (response - 1 / np.pi**0.5) * float(s[0] - single[0])
    error = float(printed.error + true.error) + 1e-5
    assert float(printed.lower) == pytest.approx(float(true.lower) + shift, abs=error)
    assert float(printed.upper) == pytest.approx(float(true.upper) + shift, abs=error)
    assert abs(shift) > 10 * error


def test_high_and_low_signal_as_printed_at_equal_singular_values():
    """Where (16) is exact, all singular values equal, (30) and (33) are sums of the scalar response."""
    K = 5
    U = jnp.asarray(np.linalg.qr(np.eye(K) - 1 / K)[0][:, : K - 1])
    s, single = jnp.full(K - 1, 2.0, U.dtype), jnp.full(K - 1, 1.0, U.dtype)
    slope = [float(gaussian.random_energy_slope(x, K)) / (K - 1) for x in (2.0, 1.0)]  # g(s) s
    low = benefit.printed_aligned_bounds(s, single, U, s, "low")
    assert float(low.lower) == pytest.approx(-(K - 1) * slope[0], abs=float(low.error) + 1e-6)
    assert float(low.upper) == pytest.approx(-(K - 1) * slope[1], abs=float(low.error) + 1e-6)
    # s̄ = s on the first two directions and 0 beyond: only the modulus is left, and it has the wrong sign for s > s̃
    high = benefit.printed_aligned_bounds(s, single, U, s, "high")
    assert float(high.lower) == pytest.approx(0.0, abs=float(high.error) + 1e-6)
    clean = s.at[2:].set(0.0)
    high = benefit.printed_aligned_bounds(s, single, U, clean, "high")
    target = np.trace(gaussian.softmax_covariance(U * clean[None, :])) / (K - 1) * 2.0
    expected = 2 * (target - slope[0]) + (K - 3) * slope[0]
    assert float(high.lower) == pytest.approx(expected, abs=float(high.error) + 1e-5)
    assert np.isinf(high.upper)


def test_what_no_bound_exists_for_is_refused():
    joint, single, clean, moment = triple(7)
    with pytest.raises(InputError, match="same classes and features, and lanes that broadcast"):
        benefit.benefit_bounds(jnp.stack([joint] * 3), jnp.stack([single, single]), moment)
    with pytest.raises(InputError, match="finite"):
        benefit.benefit_bounds(joint, single * float("nan"), moment)
    with pytest.raises(InputError, match="shape of W"):
        benefit.benefit_gaps(jnp.stack([joint, joint]), jnp.stack([single, single]), jnp.stack([moment] * 3))
    with pytest.raises(InputError, match="at least 4 scrambles"):
        benefit.benefit_bounds(joint, single, moment, rule=gaussian.COARSE)
    with pytest.raises(InputError, match="one singular value per left vector"):
        benefit.aligned_bounds(jnp.ones((3, 1)), jnp.ones((2, 1)), clean[:, :1], jnp.ones(1))
    with pytest.raises(InputError, match="orthonormal"):
        benefit.aligned_bounds(jnp.ones(1), jnp.ones(1), clean[:, :1], jnp.ones(1))
    u = jnp.linalg.qr(clean)[0][:, :2]
    with pytest.raises(InputError, match="one singular value in the regime"):
        benefit.printed_aligned_bounds(jnp.ones(2), jnp.ones(2), u, jnp.ones(2), "rank one")
