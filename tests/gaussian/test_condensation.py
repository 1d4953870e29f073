"""Participation, Derrida's limit, and the isotropic approximation of G."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import gaussian
from sharedtrunk.errors import InputError

CLASSES = [2, 10, 10**8]


def sampled_participation(A, count, seed=0):
    """Mean of Σ P² over logits A ξ, and its standard error."""
    z = A @ np.random.default_rng(seed).normal(size=(A.shape[1], count))
    P = np.exp(z - z.max(axis=0))
    squares = np.square(P / P.sum(axis=0)).sum(axis=0)
    return squares.mean(), squares.std() / count**0.5


@pytest.mark.parametrize("classes", CLASSES)
def test_participation_is_one_minus_the_slope_over_s(classes):
    """Two integrals: of a positive integrand, and of the derivative of F; equal to the rounding of the second."""
    s = np.array([0.3, 0.999, 1.001, 3.0, 10.0, 1e3])
    other = 1 - gaussian.random_energy_slope(s, classes) / s
    np.testing.assert_allclose(gaussian.random_energy_participation(s, classes), other, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("classes", CLASSES)
def test_participation_limits(classes):
    """1/K for equal logits; condensation on one class at the rate m_K/s, with a next order ~ 1/s³."""
    assert gaussian.random_energy_participation(0.0, classes) == pytest.approx(1 / classes, rel=1e-10)
    left = [s * (1 - float(gaussian.random_energy_participation(s, classes))) for s in (1e2, 1e3)]
    rate = gaussian.expected_maximum(classes)
    gaps = [abs(each / rate - 1) for each in left]
    assert gaps[1] < 2e-5
    assert gaps[1] < gaps[0] / 50


@pytest.mark.parametrize(("classes", "s"), [(1000, 3.0), (1000, 5.0), (5, 1.0)])
def test_random_energy_participation_against_sampling(classes, s):
    mean, error = sampled_participation(s * np.eye(classes), 4000)
    assert abs(gaussian.random_energy_participation(s, classes) - mean) < 4 * error


def test_correlated_participation_against_sampling():
    """Y(W) = 1 − tr G(W) for general W, with inputs of general covariance."""
    rng = np.random.default_rng(1)
    W, B = rng.normal(size=(6, 9)), rng.normal(size=(9, 9)) / 3
    value, bar = gaussian.participation_with_error(jnp.asarray(W), covariance=jnp.asarray(B @ B.T))
    mean, error = sampled_participation(W @ B, 100_000)
    assert abs(float(value) - mean) < 4 * error + float(bar)
    assert float(bar) < 0.01
    np.testing.assert_allclose(gaussian.participation(jnp.asarray(W), covariance=jnp.asarray(B @ B.T)), value)


def test_participation_of_equal_logits_is_the_random_energy_model():
    classes = 8
    W = jnp.asarray(np.stack([s * np.eye(classes) for s in (0.5, 4.0)]))
    expected = gaussian.random_energy_participation(np.array([0.5, 4.0]), classes)
    np.testing.assert_allclose(gaussian.participation(W), expected, rtol=1e-5)


def test_derrida_is_the_limit_of_many_classes():
    """Deviations of F/ln K and of Y at fixed s/s_c shrink with every larger K, on both sides of the transition."""
    x = np.array([0.5, 1.0, 1.5, 3.0])
    free, weight = [], []
    for classes in (2**5, 2**10, 2**20, 10**12):
        s = x * gaussian.critical_scale(classes)
        gap = gaussian.random_energy_free_energy(s, classes) - gaussian.derrida_free_energy(s, classes)
        free.append(np.abs(gap) / np.log(classes))
        weight.append(
            np.abs(gaussian.random_energy_participation(s, classes) - gaussian.derrida_participation(s, classes))
        )
    assert (np.diff(free, axis=0) < 0).all()
    assert (np.diff(weight, axis=0) < 0).all()
    assert np.max(free[0]) > 0.2
    # below the transition corrections are exponentially small in ln K, above they fall like ln ln K / ln K only
    assert free[-1][0] < 1e-5
    assert free[-1][3] > 0.2


def test_derrida_formulas():
    critical = gaussian.critical_scale(1000)
    assert critical == pytest.approx(np.sqrt(2 * np.log(1000)))
    s = critical * np.array([0.0, 1.0, 1.0 + 1e-12, 2.0])
    np.testing.assert_allclose(gaussian.derrida_free_energy(s, 1000), np.log(1000) * np.array([1, 2, 2, 4]), rtol=1e-9)
    np.testing.assert_allclose(gaussian.derrida_participation(s, 1000), [0, 0, 0, 0.5], atol=1e-9)


def test_many_classes_do_not_break_the_integral():
    """For s → ∞ the free energy is s m_K, whose own integral is another one."""
    for classes in (10**8, 10**12):
        value = float(gaussian.random_energy_free_energy(1e6, classes)) / 1e6
        assert value == pytest.approx(gaussian.expected_maximum(classes), rel=1e-9)


def test_isotropy():
    """G = tr G/(K − 1) J exactly for equal singular values on all centred directions, and far from it in rank one."""
    U = gaussian.hadamard_vectors(8)
    equal = gaussian.softmax_covariance(jnp.asarray(3.0 * U))
    assert float(gaussian.anisotropy(equal)) < 1e-5
    np.testing.assert_allclose(gaussian.isotropic_part(equal), equal, atol=1e-6)
    single = gaussian.softmax_covariance(jnp.asarray(3.0 * U[:, :1]))
    assert 0.1 < float(gaussian.anisotropy(single)) < 1
    both = gaussian.anisotropy(jnp.stack([equal, single]))
    np.testing.assert_allclose(both[1], gaussian.anisotropy(single), rtol=1e-6)
    assert float(jnp.trace(gaussian.isotropic_part(single))) == pytest.approx(float(jnp.trace(single)), rel=1e-5)


def test_bad_input():
    with pytest.raises(InputError, match="classes must be a whole number from 2"):
        gaussian.critical_scale(1)
    for function in (
        gaussian.random_energy_participation,
        gaussian.derrida_free_energy,
        gaussian.derrida_participation,
    ):
        with pytest.raises(InputError, match="finite and not negative"):
            function([1.0, -1.0], 4)
    with pytest.raises(InputError, match="softmax covariance"):
        gaussian.anisotropy(jnp.ones((1, 1)))
