"""The Marchenko–Pastur bulk: edges, mass, moments, special cases, and the self-consistent equation."""

from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from sharedtrunk import spectra

ASPECTS = [0.01, 0.1, 0.7, 1.0, 2.5]


def tolerance():
    return 1e-12 if jax.config.jax_enable_x64 else 1e-5


NODES = np.polynomial.legendre.leggauss(400)


def moment(power, aspect, noise):
    """∫ x^power ρ(x) dx; x = middle + half·sin φ takes the square-root edges out of the integrand."""
    lower, upper = (float(edge) for edge in spectra.bulk_edges(aspect, noise))
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    angles, weights = (part * np.pi / 2 for part in NODES)
    x = middle + half * np.sin(angles)
    density = np.asarray(spectra.bulk_density(x, aspect, noise), np.float64)
    return float(np.sum(weights * half * np.cos(angles) * x**power * density))


def narayana(order, aspect):
    """E[λ^order] of the squared singular values for c ≤ 1, σ = 1: Σ_j c^j/(j+1) C(order, j) C(order − 1, j)."""
    return sum(aspect**j / (j + 1) * comb(order, j) * comb(order - 1, j) for j in range(order))


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("noise", [0.4, 3.0])
def test_mass_and_moments(aspect, noise):
    """Mass 1, second moment σ² max(c, 1), and the higher even moments (Narayana polynomials)."""
    loose = 1e-8 if jax.config.jax_enable_x64 else 1e-4
    assert moment(0, aspect, noise) == pytest.approx(1, rel=loose)
    assert moment(2, aspect, noise) == pytest.approx(noise**2 * max(aspect, 1), rel=loose)
    short, scale = (aspect, noise) if aspect <= 1 else (1 / aspect, noise * aspect**0.5)
    for order in (2, 3, 4):
        expected = narayana(order, short) * scale ** (2 * order)
        assert moment(2 * order, aspect, noise) == pytest.approx(expected, rel=loose)


@pytest.mark.float64
@pytest.mark.parametrize("aspect", [0.1, 1.0, 2.5])
def test_mass_by_adaptive_quadrature(aspect):
    lower, upper = (float(edge) for edge in spectra.bulk_edges(aspect, 1.0))
    mass, _ = quad(lambda x: float(spectra.bulk_density(x, aspect, 1.0)), lower, upper, epsabs=1e-6)
    assert mass == pytest.approx(1, abs=1e-5)


def test_quarter_circle():
    """c = 1: √(4σ² − x²)/(πσ²), reaching x = 0."""
    x, noise = jnp.linspace(0.0, 5.0, 11), 2.0
    expected = np.sqrt(np.clip(4 * noise**2 - np.asarray(x) ** 2, 0, None)) / (np.pi * noise**2)
    np.testing.assert_allclose(spectra.bulk_density(x, 1.0, noise), expected, rtol=10 * tolerance())


def test_few_classes_put_everything_at_the_noise_scale():
    """c → 0: edges σ(1 ± √c), a semicircle of radius σ√c between them: its top, at σ, is 2/(π σ √c)."""
    edges = spectra.bulk_edges(1e-6, 2.0)
    np.testing.assert_allclose(edges, [2.0 * 0.999, 2.0 * 1.001], rtol=1e-6)
    assert float(spectra.bulk_density(2.0, 1e-6, 2.0)) == pytest.approx(2 / (np.pi * 2e-3), rel=1e-3)


@pytest.mark.float64
@pytest.mark.parametrize("aspect", [0.1, 0.7, 1.0])
def test_density_solves_the_self_consistent_equation(aspect):
    """m(z) = 1/(1 − c − z − c z m) for the Gram matrix's resolvent, iterated at z = x² + iη; ρ(x) = 2x Im m / π."""
    x = np.linspace(0.15, 2.2, 60)
    lower, upper = (float(edge) for edge in spectra.bulk_edges(aspect, 1.0))
    x = x[(np.abs(x - lower) > 0.05) & (np.abs(x - upper) > 0.05)]
    z = x**2 + 1e-4j
    m = 1j * np.ones_like(z)
    for _ in range(20000):
        m = (m + 1 / (1 - aspect - z - aspect * z * m)) / 2
    np.testing.assert_allclose(m * (1 - aspect - z - aspect * z * m), 1, rtol=1e-10)
    np.testing.assert_allclose(spectra.bulk_density(x, aspect, 1.0), 2 * x * m.imag / np.pi, atol=2e-3)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_transposing_changes_nothing(aspect):
    x = jnp.linspace(0.01, 4.0, 50)
    flipped = spectra.bulk_density(x, 1 / aspect, 1.2 * aspect**0.5)
    atol = 1e-10 if jax.config.jax_enable_x64 else 1e-3
    np.testing.assert_allclose(flipped, spectra.bulk_density(x, aspect, 1.2), atol=atol)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_outside_the_edges_nothing(aspect):
    lower, upper = spectra.bulk_edges(aspect, 1.5)
    outside = jnp.stack([upper * 1.001, upper * 1e5, *([lower * 0.999, 0 * lower] if aspect != 1 else [])])
    np.testing.assert_array_equal(spectra.bulk_density(outside, aspect, 1.5), jnp.zeros_like(outside))
    slope = jax.grad(lambda x: spectra.bulk_density(x, aspect, 1.5))(upper * 1.1)
    assert float(slope) == 0


@pytest.mark.parametrize("dtype", [jnp.float32, pytest.param(jnp.float64, marks=pytest.mark.float64)])
def test_scale_goes_in_and_out(dtype):
    """ρ(ax; aσ) = ρ(x; σ)/a for a from 1e-6 to 1e6, finite in either precision; jit and lanes agree."""
    scale = jnp.asarray(np.logspace(-6, 6, 13), dtype)
    density = spectra.bulk_density(0.9 * scale, jnp.asarray(0.2, dtype), scale)
    assert density.dtype == dtype
    np.testing.assert_allclose(density * scale, float(spectra.bulk_density(0.9, 0.2, 1.0)), rtol=1e-5)
    far = spectra.bulk_density(scale[::-1], 0.2, scale)
    assert bool(jnp.isfinite(far).all())
    compiled = jax.jit(spectra.bulk_density)(0.9 * scale, 0.2, scale)
    mapped = jax.vmap(spectra.bulk_density, (0, None, 0))(0.9 * scale, 0.2, scale)
    np.testing.assert_allclose(compiled, density, rtol=1e-5)
    np.testing.assert_allclose(mapped, density, rtol=1e-5)


def test_without_noise_the_edges_meet_and_a_traced_density_is_nan():
    np.testing.assert_array_equal(spectra.bulk_edges(0.3, 0.0), [0, 0])
    assert bool(jnp.isnan(jax.jit(spectra.bulk_density)(0.5, 0.3, 0.0)))
