"""Spikes: closed forms, limits, the threshold, symmetry, the inverse map, extremes, transformations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import spectra

ASPECTS = [0.01, 0.1, 0.5, 1.0, 3.0]
NOISES = [0.3, 1.0, 5.0]


def tolerance():
    return 1e-12 if jax.config.jax_enable_x64 else 1e-5


def above_threshold(aspect, noise, ratios=(1.05, 1.5, 3.0, 30.0)):
    return jnp.asarray(ratios) * spectra.threshold(aspect, noise)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("noise", NOISES)
def test_closed_forms_of_the_design(aspect, noise):
    """ŝ = σ√((1+θ²)(c+θ²))/θ; left 1 − c(1+θ²)/(θ²(θ²+c)); right 1 − (c+θ²)/(θ²(1+θ²)): another way to write them."""
    s = above_threshold(aspect, noise)
    square = (np.asarray(s, np.float64) / noise) ** 2
    np.testing.assert_allclose(
        spectra.spiked_value(s, aspect, noise),
        noise * np.sqrt((1 + square) * (aspect + square) / square),
        rtol=tolerance(),
    )
    left, right = spectra.spiked_overlaps(s, aspect, noise)
    # The differences 1 − … lose digits here, near the threshold; hence absolute.
    np.testing.assert_allclose(left, 1 - aspect * (1 + square) / (square * (square + aspect)), atol=30 * tolerance())
    np.testing.assert_allclose(right, 1 - (aspect + square) / (square * (1 + square)), atol=30 * tolerance())


def test_values_worked_by_hand():
    """c = 1/4, σ = 2, s = 4, so θ = 2: ŝ = √((16 + 4)(16 + 1))/4, left 15.75/(4 · 4.25), right 15.75/(4 · 5)."""
    assert float(spectra.threshold(0.0625, 2.0)) == pytest.approx(1.0, rel=1e-6)
    assert float(spectra.spiked_value(4.0, 0.25, 2.0)) == pytest.approx(340**0.5 / 4, rel=1e-6)
    overlaps = spectra.spiked_overlaps(4.0, 0.25, 2.0)
    assert float(overlaps.left) == pytest.approx(15.75 / (4 * 4.25), rel=1e-6)
    assert float(overlaps.right) == pytest.approx(15.75 / (4 * 5.0), rel=1e-6)
    assert float(spectra.clean_value(340**0.5 / 4, 0.25, 2.0)) == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_strong_signals_are_seen_as_they_are(aspect):
    """ŝ − s → σ²(1 + c)/(2s); 1 − left → c σ²/s²; 1 − right → σ²/s²."""
    s, noise = 200.0, 0.7
    excess = float(spectra.spiked_value(s, aspect, noise)) - s
    left, right = spectra.spiked_overlaps(s, aspect, noise)
    if jax.config.jax_enable_x64:
        assert excess == pytest.approx(noise**2 * (1 + aspect) / (2 * s), rel=1e-3)
        assert 1 - float(left) == pytest.approx(aspect * noise**2 / s**2, rel=1e-3)
        assert 1 - float(right) == pytest.approx(noise**2 / s**2, rel=1e-3)
    else:
        assert abs(excess) < 0.01
        assert min(float(left), float(right)) > 1 - 1e-4


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("noise", NOISES)
def test_at_and_below_the_threshold_only_the_bulk_is_seen(aspect, noise):
    limit = spectra.threshold(aspect, noise)
    edge = spectra.bulk_edges(aspect, noise).upper
    hidden = jnp.asarray([0.0, 1e-6, 0.5, 1.0]) * limit
    np.testing.assert_array_equal(spectra.spiked_value(hidden, aspect, noise), jnp.broadcast_to(edge, (4,)))
    for overlap in spectra.spiked_overlaps(hidden, aspect, noise):
        np.testing.assert_array_equal(overlap, np.zeros(4))
    # Just above: ŝ leaves the edge with the square, the overlaps linearly, in s/threshold − 1 = 1e-3.
    near = 1.001 * limit
    root = aspect**0.5
    rise = float(spectra.spiked_value(near, aspect, noise) / edge) - 1
    assert rise == pytest.approx(2e-6 * root / (1 + root) ** 2, rel=0.01, abs=tolerance())
    left, right = spectra.spiked_overlaps(near, aspect, noise)
    assert float(left) == pytest.approx(4e-3 / (1 + root), rel=0.01)
    assert float(right) == pytest.approx(4e-3 / (1 + 1 / root), rel=0.01)


def test_square_matrices_treat_both_sides_alike():
    """c = 1: threshold σ, ŝ = s + σ²/s, both overlaps 1 − σ²/s²."""
    s, noise = jnp.asarray([2.5, 4.0, 20.0]), 2.0
    assert float(spectra.threshold(1.0, noise)) == noise
    np.testing.assert_allclose(spectra.spiked_value(s, 1.0, noise), s + noise**2 / s, rtol=tolerance())
    left, right = spectra.spiked_overlaps(s, 1.0, noise)
    np.testing.assert_allclose(left, right, rtol=tolerance())
    np.testing.assert_allclose(left, 1 - noise**2 / s**2, rtol=tolerance())


def test_few_classes_leave_the_class_side_clean():
    """c → 0: left → 1, right → θ²/(1 + θ²): the longer side pays."""
    s, noise = jnp.asarray([0.5, 1.0, 4.0]), 1.0
    left, right = spectra.spiked_overlaps(s, 1e-9, noise)
    np.testing.assert_allclose(left, 1, atol=1e-6)
    np.testing.assert_allclose(right, s**2 / (1 + s**2), atol=1e-6)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("noise", NOISES)
def test_transposing_exchanges_the_sides(aspect, noise):
    """The transpose is N_f × K with noise variance σ²/N_f = (σ√c)²/K: aspect 1/c, noise σ√c."""
    s = above_threshold(aspect, noise, (0.5, 1.5, 3.0, 30.0))
    flipped = (1 / aspect, noise * aspect**0.5)
    np.testing.assert_allclose(spectra.threshold(*flipped), spectra.threshold(aspect, noise), rtol=tolerance())
    np.testing.assert_allclose(spectra.bulk_edges(*flipped), spectra.bulk_edges(aspect, noise), rtol=tolerance())
    np.testing.assert_allclose(
        spectra.spiked_value(s, *flipped), spectra.spiked_value(s, aspect, noise), rtol=tolerance()
    )
    left, right = spectra.spiked_overlaps(s, aspect, noise)
    flipped_left, flipped_right = spectra.spiked_overlaps(s, *flipped)
    np.testing.assert_allclose(flipped_left, right, rtol=10 * tolerance())
    np.testing.assert_allclose(flipped_right, left, rtol=10 * tolerance())


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("noise", NOISES)
def test_derivative_is_the_product_of_the_overlaps(aspect, noise):
    """First-order perturbation: dŝ/ds = (û·u)(v̂·v). It ties three formulas together without using any of them."""
    s = above_threshold(aspect, noise)
    slope = jax.vmap(jax.grad(lambda s: spectra.spiked_value(s, aspect, noise)))(s)
    left, right = spectra.spiked_overlaps(s, aspect, noise)
    np.testing.assert_allclose(slope, jnp.sqrt(left * right), rtol=100 * tolerance())


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("noise", NOISES)
def test_clean_value_inverts_the_map(aspect, noise):
    s = above_threshold(aspect, noise)
    # At the edge the map is flat, so the inverse loses digits as 1/slope; from 1.05 × threshold on, little.
    back = spectra.clean_value(spectra.spiked_value(s, aspect, noise), aspect, noise)
    np.testing.assert_allclose(back, s, rtol=50 * tolerance())
    observed = spectra.bulk_edges(aspect, noise).upper * jnp.asarray([1.01, 1.3, 10.0])
    again = spectra.spiked_value(spectra.clean_value(observed, aspect, noise), aspect, noise)
    np.testing.assert_allclose(again, observed, rtol=10 * tolerance())


@pytest.mark.parametrize("aspect", ASPECTS)
def test_clean_value_of_the_bulk_is_zero_and_jumps_to_the_threshold(aspect):
    edge = spectra.bulk_edges(aspect, 1.3).upper
    np.testing.assert_array_equal(spectra.clean_value(edge * jnp.asarray([0.0, 0.7, 1.0]), aspect, 1.3), np.zeros(3))
    eps = float(jnp.finfo(edge.dtype).eps)
    just_above = spectra.clean_value(edge * (1 + 4 * eps), aspect, 1.3)
    # √ of the step: s/threshold − 1 ≈ √(ŝ/edge − 1) (1 + √c)/c^¼.
    assert float(just_above / spectra.threshold(aspect, 1.3)) == pytest.approx(1, abs=20 * eps**0.5)
    assert float(just_above) > 0


def test_without_noise_everything_is_seen():
    s = jnp.asarray([0.0, 1e-6, 1.0, 1e6])
    np.testing.assert_allclose(spectra.spiked_value(s, 0.1, 0.0), s, rtol=tolerance())
    np.testing.assert_allclose(spectra.clean_value(s, 0.1, 0.0), s, rtol=tolerance())
    for overlap in spectra.spiked_overlaps(s, 0.1, 0.0):
        np.testing.assert_array_equal(overlap, [0, 1, 1, 1])


@pytest.mark.parametrize("dtype", [jnp.float32, pytest.param(jnp.float64, marks=pytest.mark.float64)])
def test_nothing_overflows(dtype):
    """s and σ from 1e-6 to 1e6, c from 1e-4 to 1e4: finite, of the asked precision, equal to float64's."""
    scales = np.logspace(-6, 6, 13)
    s, aspect, noise = (x.ravel() for x in np.meshgrid(scales, np.logspace(-4, 4, 9), scales))
    low = [jnp.asarray(x, dtype) for x in (s, aspect, noise)]
    value, overlaps, clean = (
        verb(*low) for verb in (spectra.spiked_value, spectra.spiked_overlaps, spectra.clean_value)
    )
    for result in (value, *overlaps, clean):
        assert result.dtype == dtype
        assert bool(jnp.isfinite(result).all())
    s, aspect, noise = (np.asarray(x, np.float64) for x in low)
    # The oracle may form θ⁴ up to 1e48: float64 holds it. At the threshold itself rounding decides the branch.
    clear = np.abs(s / (noise * aspect**0.25) - 1) > 1e-5
    above = s > noise * aspect**0.25
    square = (s / noise) ** 2
    expected = np.where(
        above, noise * np.sqrt(1 + square) * np.sqrt(aspect + square) / np.sqrt(square), noise * (1 + aspect**0.5)
    )
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    numerator = np.where(above, square**2 - aspect, 0)
    np.testing.assert_allclose(overlaps.left[clear], (numerator / (square * (square + aspect)))[clear], rtol=1e-4)
    np.testing.assert_allclose(overlaps.right[clear], (numerator / (square * (square + 1)))[clear], rtol=1e-4)


def test_batches_jit_and_vmap_agree_with_one_lane():
    s = jnp.asarray([0.1, 0.9, 2.0, 7.0])
    noise = jnp.asarray([0.5, 1.0, 1.5, 2.0])
    for verb in (spectra.spiked_value, spectra.spiked_overlaps, spectra.clean_value):
        lanes = verb(s, 0.3, noise)
        one_by_one = jax.tree.map(lambda *x: jnp.stack(x), *[verb(a, 0.3, b) for a, b in zip(s, noise, strict=True)])
        mapped = jax.vmap(verb, (0, None, 0))(s, 0.3, noise)
        compiled = jax.jit(verb)(s, 0.3, noise)
        grid = verb(s[:, None], 0.3, noise[None, :])
        diagonal = jax.tree.map(jnp.diagonal, grid)
        for other in (one_by_one, mapped, compiled, diagonal):
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance()), lanes, other)
        slopes = jax.vmap(jax.grad(lambda s, verb=verb: sum(jax.tree.leaves(verb(s, 0.3, 1.0)))))(s)
        assert bool(jnp.isfinite(slopes).all())  # below the threshold too
        assert float(slopes[0]) == 0
