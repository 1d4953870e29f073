import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import centred_frame
from sharedtrunk import gaussian
from sharedtrunk.gaussian import Sobol, _curvature
from sharedtrunk.gaussian._control_variate import MOST_CLASSES, control, rotated
from sharedtrunk.gaussian._control_variate_tables import simplex_factor
from sharedtrunk.gaussian._factor import factor
from sharedtrunk.gaussian._sobol import mean_log_partition, mean_moments, over_scrambles

RULE = Sobol(1024, 32)


def near(seed, s, spread, classes=10):
    """The rotated factor of weights whose singular values are s times e^{spread · normal}."""
    rng = np.random.default_rng(seed)
    values = s * np.exp(spread * rng.standard_normal(classes - 1))
    right = np.linalg.qr(rng.standard_normal((classes - 1, classes - 1)))[0]
    A = factor(jnp.asarray(centred_frame(rng, classes, classes - 1) * values @ right.T))[0]
    return rotated(A, RULE)[0]


@jax.jit
def raw(A):
    return over_scrambles(functools.partial(mean_log_partition, A), RULE, A.shape[1], A.dtype)


@jax.jit
def subtracted(A):
    L = jnp.asarray(simplex_factor(10), A.dtype)
    return control(A, RULE, jnp.linalg.norm(L.T @ A - A.T @ L) < 1e-6 * jnp.linalg.norm(A)).free_energy


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_simplex_factor(classes):
    L = simplex_factor(classes)
    np.testing.assert_allclose(L @ L.T, np.eye(classes) - 1 / classes, atol=1e-14)
    assert np.array_equal(L, np.tril(L))


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("s", [0.5, 2.34, 11.7, 97.0])
def test_equal_variances_between_the_table_values(s):
    """Interpolation leaves a small part of the error that the nodes make."""
    A = s * jnp.asarray(simplex_factor(10))
    known = control(A, RULE)
    error = raw(A) - jnp.asarray(gaussian.random_energy_free_energy(s, 10))
    assert np.linalg.norm(error - known.free_energy) <= 0.03 * np.linalg.norm(error)
    H, G = over_scrambles(functools.partial(mean_moments, A), RULE, 9, A.dtype)
    slope = float(gaussian.random_energy_slope(s, 10)) / 9
    for value, subtracted, truth in (
        (H, known.moment, slope * simplex_factor(10)),
        (G, known.covariance, slope / s * (np.eye(10) - 0.1)),
    ):
        error = np.asarray(value) - truth
        assert np.linalg.norm(error - np.asarray(subtracted)) <= 0.1 * np.linalg.norm(error)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize(("spread", "most"), [(0.06, 0.02), (0.12, 0.06), (0.25, 0.3), (0.4, 0.6), (1.0, 1.05)])
@pytest.mark.parametrize("s", [1.0, 4.0])
def test_it_lowers_the_spread_and_nowhere_raises_it(s, spread, most):
    ratios = []
    for seed in range(4):
        A = near(seed, s, spread)
        F = raw(A)
        ratios.append(jnp.std(F - subtracted(A)) / jnp.std(F))
    assert np.mean(ratios) <= most


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("classes", [3, 14])
def test_other_numbers_of_classes(classes):
    """Three have a second order of their own, more than twelve the first order alone."""
    A = near(1, 2.0, 0.06, classes)
    F = over_scrambles(functools.partial(mean_log_partition, A), RULE, A.shape[1], A.dtype)
    assert jnp.std(F - control(A, RULE, True).free_energy) <= 0.1 * jnp.std(F)


@pytest.mark.long
@pytest.mark.float64
def test_one_scramble_is_corrected_to_first_order():
    """Over many rules of one scramble each, with the triangular factor that they use."""
    W = jnp.asarray(near(3, 3.0, 0.1))
    rules = [Sobol(256, 1, seed) for seed in range(6)]
    truth = gaussian.free_energy(W, rule=Sobol(16384, 8))
    A = factor(W)[0]
    plain = [over_scrambles(functools.partial(mean_log_partition, A), rule, 9, A.dtype)[0] for rule in rules]
    corrected = [gaussian.free_energy(W, rule=rule) for rule in rules]
    errors = [np.linalg.norm(np.array(values) - float(truth)) for values in (corrected, plain)]
    assert errors[0] <= 0.3 * errors[1]


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("s", [0.4, 2.0, 15.0])
@pytest.mark.parametrize("classes", [3, 4])
def test_second_order_is_that_of_the_free_energy(classes, s):
    """Against the second difference of F by panels, which know nothing of it."""
    L = simplex_factor(classes)
    raised = np.random.default_rng(classes).normal(size=(classes - 1, classes - 1))
    change = raised + raised.T
    change -= np.trace(change) / (classes - 1) * np.eye(classes - 1)
    change /= np.linalg.norm(change)
    h = 0.05 * s
    F = [
        float(gaussian.free_energy(jnp.asarray(L @ (s * np.eye(classes - 1) + step * change)), rule=gaussian.Panels(8)))
        for step in (-h, 0.0, h)
    ]
    g = np.array([gaussian.random_energy_slope(s, classes) / (classes - 1) / s])
    form = _curvature.exact_form(L, *_curvature.second_order(np.array([s]), g, classes))[0]
    i, j, _ = _curvature.upper_entries(classes - 1)
    exact = change[i, j] @ form @ change[i, j]
    assert (F[0] - 2 * F[1] + F[2]) / (2 * h**2) == pytest.approx(exact, rel=0.01)


@pytest.mark.long
@pytest.mark.float64
def test_second_order_over_nodes_is_a_derivative():
    rng = np.random.default_rng(0)
    L, u = simplex_factor(5), rng.normal(size=(4, 50))
    i, j, _ = _curvature.upper_entries(4)

    def half_sum(x):
        change = jnp.zeros((4, 4)).at[i, j].set(x).at[j, i].set(x)
        logits = jnp.asarray(L) @ (2.0 * jnp.eye(4) + change) @ jnp.asarray(u)
        return jnp.mean(jax.nn.logsumexp(logits, axis=0)) / 2

    P = np.asarray(jax.nn.softmax(2.0 * jnp.asarray(L @ u), axis=0))
    found = _curvature.nodes_form(_curvature.curvature_means(P, L, _curvature.products_of(u)), 4)
    np.testing.assert_allclose(found, jax.hessian(half_sum)(jnp.zeros(len(i))), atol=1e-12)
    x = rng.normal(size=len(i))
    m, n, _ = _curvature.upper_entries(len(i))
    assert _curvature.packed(found) @ (x[m] * x[n]) == pytest.approx(x @ found @ x, rel=1e-12)


@pytest.mark.float64
def test_far_from_equal_variances_nothing_is_turned():
    for spread, near_enough in ((0.3, True), (2.0, False)):
        _, R, symmetric = rotated(factor(near(1, 3.0, spread))[0], RULE)
        assert bool(symmetric) == near_enough
        np.testing.assert_allclose(R @ R.T, np.eye(9), atol=1e-12)
        assert np.array_equal(R, np.eye(9)) != near_enough


@pytest.mark.float64
def test_it_changes_no_mean():
    mean, error = gaussian.mean_and_error(subtracted(near(5, 3.0, 0.3)))
    assert abs(mean) <= error


def test_out_of_range_it_is_silent():
    L = jnp.asarray(simplex_factor(10))
    for A in (jnp.zeros((10, 9)), 1e-3 * L, 1e4 * L):
        assert not np.any(control(A, RULE).free_energy)
    assert control(jnp.zeros((MOST_CLASSES + 1, MOST_CLASSES)), RULE) is None
