import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import centred_frame
from sharedtrunk import gaussian
from sharedtrunk.gaussian import Sobol
from sharedtrunk.gaussian._control import MOST_CLASSES, control, simplex_factor
from sharedtrunk.gaussian._factor import factor
from sharedtrunk.gaussian._sobol import mean_log_partition, mean_moments, over_scrambles

RULE = Sobol(1024, 32)


def near(seed, s, spread, classes=10):
    """The factor of weights whose singular values are s times e^{spread · normal}."""
    rng = np.random.default_rng(seed)
    values = s * np.exp(spread * rng.standard_normal(classes - 1))
    right = np.linalg.qr(rng.standard_normal((classes - 1, classes - 1)))[0]
    return factor(jnp.asarray(centred_frame(rng, classes, classes - 1) * values @ right.T))[0]


@jax.jit
def raw(A):
    return over_scrambles(functools.partial(mean_log_partition, A), RULE, A.shape[1], A.dtype)


@jax.jit
def subtracted(A):
    return control(A, RULE).free_energy


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_simplex_factor(classes):
    L = simplex_factor(classes)
    np.testing.assert_allclose(L @ L.T, np.eye(classes) - 1 / classes, atol=1e-14)
    assert np.array_equal(L, np.tril(L))


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


@pytest.mark.float64
@pytest.mark.parametrize(("spread", "most"), [(0.06, 0.15), (0.12, 0.35), (0.4, 1.05), (1.0, 1.05)])
@pytest.mark.parametrize("s", [1.0, 4.0])
def test_it_lowers_the_spread_and_nowhere_raises_it(s, spread, most):
    ratios = []
    for seed in range(4):
        A = near(seed, s, spread)
        F = raw(A)
        ratios.append(jnp.std(F - subtracted(A)) / jnp.std(F))
    assert np.mean(ratios) <= most


@pytest.mark.float64
def test_it_changes_no_mean():
    mean, error = gaussian.mean_and_error(subtracted(near(5, 3.0, 0.3)))
    assert abs(mean) <= error


def test_out_of_range_it_is_silent():
    L = jnp.asarray(simplex_factor(10))
    for A in (jnp.zeros((10, 9)), 1e-3 * L, 1e4 * L):
        assert not np.any(control(A, RULE).free_energy)
    assert control(jnp.zeros((MOST_CLASSES + 1, MOST_CLASSES)), RULE) is None
