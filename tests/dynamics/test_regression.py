"""The regression twin: closed forms against gradient flow, descent in NumPy, and draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import dynamics, teachers
from sharedtrunk.errors import InputError

TIMES = np.linspace(0, 8, 9)
FINE_TIMES = np.linspace(0, 20, 201)


def close(seen, expected, factor=1.0):
    """Equal to the tolerance of a solution in this precision."""
    single = jnp.result_type(float) == jnp.float32
    np.testing.assert_allclose(seen, expected, atol=factor * (2e-4 if single else 1e-6))


@pytest.mark.parametrize("depth", [1, 2])
def test_closed_growth_solves_its_equation(depth):
    """ds/dt = L s^{2−2/L} (ŝ − s) by central differences, and both limits."""
    observed, start = np.array([0.3, 1.0, 4.0]), np.array([0.01, 2.0, 0.5])
    t, h = np.linspace(0.5, 3, 6), 1e-4
    before, now, after = (
        np.asarray(dynamics.regression_growth(t + shift, observed, start, depth=depth), float) for shift in (-h, 0, h)
    )
    tolerance = 2e-2 if jnp.result_type(float) == jnp.float32 else 1e-6
    np.testing.assert_allclose(
        (after - before) / (2 * h), depth * now ** (2 - 2 / depth) * (observed - now), atol=tolerance
    )
    ends = dynamics.regression_growth(np.array([0.0, 1e3]), observed, start, depth=depth)
    np.testing.assert_allclose(ends, [start, observed], rtol=1e-5)


def test_growth_at_its_edges():
    """A mode at 0 stays there; one without data decays like s₀/(1 + 2 s₀ t); nothing overflows."""
    t = np.array([0.0, 1.0, 1e6])
    seen = dynamics.regression_growth(t, np.array([2.0, 0.0, 1e3]), np.array([0.0, 0.5, 1e-3]))
    np.testing.assert_allclose(seen[:, 0], 0)
    np.testing.assert_allclose(seen[:, 1], 0.5 / (1 + t), rtol=1e-5)
    np.testing.assert_allclose(seen[:, 2], [1e-3, 1e3, 1e3], rtol=1e-5)


def test_descent_in_numpy_has_the_same_time():
    """Plain gradient descent on ½‖Σ̂ − W₂W₁‖², time = steps × step, converges to the closed form in first order."""
    rng = np.random.default_rng(0)
    target = rng.normal(size=(4, 6))
    U, s_hat, Vt = np.linalg.svd(target, full_matrices=False)
    frame = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    closed = np.asarray(dynamics.regression_growth(np.array([0.0, 2.0]), s_hat, 0.05), float)[-1]
    gaps = []
    for step in (1e-3, 5e-4):
        first, second = 0.05**0.5 * frame @ Vt, 0.05**0.5 * U @ frame.T
        for _ in range(round(2.0 / step)):
            error = target - second @ first
            first, second = first + step * second.T @ error, second + step * error @ first.T
        gaps.append(np.abs(np.diag(U.T @ second @ first @ Vt.T) - closed).max())
    assert gaps[0] < 5e-3
    if jnp.result_type(float) == jnp.float64:
        assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.05)


@pytest.mark.long
def test_stacked_closed_form_is_the_flow_of_a_shared_trunk(key):
    """Two heads on one trunk from a balanced start along the stacked singular vectors: composites and error in time."""
    main, auxiliary = teachers.related_pair(
        key, relatedness=0.5, classes=(3, 4), rank=2, features=20, singular_values=(2.0, 3.0)
    )
    noisy = [main.noisy_weights, auxiliary.noisy_weights]
    U, s, Vt = np.linalg.svd(np.concatenate(noisy), full_matrices=False)
    begin = 0.05 * U @ Vt
    start = dynamics.balanced_start([jnp.asarray(begin[:3]), jnp.asarray(begin[3:])])
    flow = dynamics.regression_flow(noisy)
    trajectory = dynamics.solve(flow, start, TIMES)
    growth = np.asarray(dynamics.regression_growth(TIMES, s, 0.05))
    close(np.concatenate(trajectory.composites, axis=1), np.einsum("ck,tk,kf->tcf", U, growth, Vt), 10)
    off = np.asarray(trajectory.composites[0]) - np.asarray(main.weights)
    size = np.sum(np.square(main.weights))
    joint = dynamics.regression_benefit(TIMES, noisy, main.weights, 0.05).joint
    close(joint, np.sum(off**2, axis=(1, 2)) / size, 100)


@pytest.mark.slow
def test_deep_growth():
    """Three layers against the implicit solution ∫ ds/(3 s^{4/3} (ŝ − s)) = t, and many layers still to rest at ŝ."""
    observed, start = np.array([1.0, 2.0]), 0.1
    seen = np.asarray(dynamics.regression_growth(np.array([0.2, 0.5, 1.0]), observed, start, depth=3), float)
    for s_hat, path in zip(observed, seen.T, strict=True):
        # s = z³ makes the integrand smooth: ∫ dz / (z² (ŝ − z³))
        for t, s in zip((0.2, 0.5, 1.0), path, strict=True):
            z, w = np.polynomial.legendre.leggauss(60)
            low, high = start ** (1 / 3), s ** (1 / 3)
            z = low + (high - low) * (z + 1) / 2
            time = np.sum(w / (z**2 * (s_hat - z**3))) * (high - low) / 2
            assert time == pytest.approx(t, rel=1e-3 if jnp.result_type(float) == jnp.float32 else 1e-6)


def draws(strengths, r, count, classes=10, features=100):
    """Benefits of rank-one tasks along fixed directions, one per draw of the noise; the same noise for every r."""
    out = []
    for seed in range(count):
        noise = np.random.default_rng(seed).normal(size=(2, classes, features)) / features**0.5
        clean = np.zeros((2, classes, features))
        clean[0, 0, 0] = strengths[0]
        clean[1, 0, :2] = strengths[1] * r, strengths[1] * (1 - r * r) ** 0.5
        noisy = list(jnp.asarray(clean + noise))
        out.append(dynamics.regression_benefit(FINE_TIMES, noisy, jnp.asarray(clean[0]), 1e-3).benefit)
    return np.asarray(out)


def test_transfer_benefit_and_its_prediction():
    """Related tasks help, unrelated ones hurt, and at equal strength relatedness ½ hurts more than 0: not monotone in r.

    Spiked overlaps predict the average over draws, to what is left of finite size (K = 10), and the dip.
    """
    seen, predicted = {}, {}
    for r in (0.0, 0.5, 1.0):
        seen[r] = draws((2.0, 2.0), r, 150)
        predicted[r] = float(
            dynamics.regression_prediction(FINE_TIMES, (2.0, 2.0), r, 1e-3, classes=10, features=100).benefit
        )
        error = seen[r].std(ddof=1) / len(seen[r]) ** 0.5
        assert abs(seen[r].mean() - predicted[r]) < 3 * error + 0.01
    assert seen[0.0].max() < 0.02
    assert seen[1.0].min() > 0.02
    # the draws share their noise, so the difference is a paired one
    dip = seen[0.5] - seen[0.0]
    assert dip.mean() < -2 * dip.std(ddof=1) / len(dip) ** 0.5
    assert predicted[0.5] < predicted[0.0] < 0


def test_without_noise_nothing_is_gained_for_good():
    """Clean teachers: either arm learns A exactly, so both minima go to zero."""
    pair = teachers.related_pair(
        jax.random.key(0), relatedness=0.7, classes=4, features=20, rank=2, singular_values=(2.0, 3.0), noise=0.0
    )
    out = dynamics.regression_benefit(FINE_TIMES, [task.noisy_weights for task in pair], pair[0].weights, 1e-3)
    assert float(out.single[-1]) < 1e-6
    assert abs(float(out.benefit)) < 1e-5


def test_bad_input():
    W = jnp.ones((2, 3))
    with pytest.raises(InputError, match="at least one task"):
        dynamics.regression_flow([])
    with pytest.raises(InputError, match="same features"):
        dynamics.regression_flow([W, jnp.ones((2, 4))])
    with pytest.raises(InputError, match="finite and ≥ 0"):
        dynamics.regression_growth(TIMES, np.array([-1.0]), 0.1)
    with pytest.raises(InputError, match="depth of 1 layer"):
        dynamics.regression_growth(TIMES, np.array([1.0]), 0.1, depth=0)
    with pytest.raises(InputError, match="A's rows first"):
        dynamics.regression_error(TIMES, W, jnp.ones((3, 3)), 0.1)
    with pytest.raises(InputError, match="not all 0"):
        dynamics.regression_error(TIMES, W, jnp.zeros((2, 3)), 0.1)
    for bad in ({"singular_values": (0.0, 1.0)}, {"relatedness": 2.0}, {"classes": 1}, {"noise": 0.0}):
        given = {"singular_values": (1.0, 1.0), "relatedness": 0.5, "classes": 10, "features": 50, "noise": 1.0} | bad
        with pytest.raises(InputError):
            dynamics.regression_prediction(TIMES, start=1e-3, **given)
