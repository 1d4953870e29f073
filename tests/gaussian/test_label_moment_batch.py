"""Label moments of a batch of teachers against the general method, which is another code for the same formula."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import covariance
from sharedtrunk import gaussian, teachers

RULE = gaussian.Pairs(points=256, scrambles=8)
REFERENCE = gaussian.Pairs(points=2048, scrambles=8, seed=5)


def noisy(key, lanes, classes=6, **options):
    keys = jax.random.split(key, lanes)
    return jnp.stack([teachers.random_teacher(k, classes=classes, features=12, **options).noisy_weights for k in keys])


@pytest.mark.parametrize("correlated", [False, True])
def test_against_the_general_method(key, correlated):
    C = covariance() if correlated else None
    W = noisy(key, 6)
    values, errors = gaussian.label_moments(W, covariance=C, rule=RULE)
    for w, value, error in zip(W, values, errors, strict=True):
        reference, apart = gaussian.label_moment_with_error(w, covariance=C, rule=REFERENCE)
        assert np.linalg.norm(value - reference) < 2 * (error + apart), "99 % bars of both"
        assert error < 3e-3 * np.linalg.norm(reference)
    np.testing.assert_allclose(values.sum(axis=1), 0, atol=1e-6)


def test_other_teachers_go_to_the_general_method(key):
    """Two classes, low rank without noise, more classes than features: exactly what `gaussian.label_moment` says."""
    plain = noisy(key, 1, classes=2)[0]
    low = teachers.random_teacher(key, classes=6, features=12, rank=2).weights
    narrow = jax.random.normal(key, (6, 3))
    for W in (plain, low, narrow):
        value, _ = gaussian.label_moments(W, rule=RULE)
        np.testing.assert_allclose(value, gaussian.label_moment(W, rule=RULE), atol=1e-6)


def test_mixed_batch_and_scale(key):
    """Lanes keep their places, and the scale of a teacher does not matter."""
    W = noisy(key, 2)
    low = teachers.random_teacher(key, classes=6, features=12, rank=2).weights
    batch = jnp.stack([W[0], low, 1e3 * W[0]])[None]
    values, errors = gaussian.label_moments(batch, rule=RULE)
    assert values.shape == (1, 3, 6, 12)
    assert errors.shape == (1, 3)
    np.testing.assert_allclose(values[0, 0], values[0, 2], atol=1e-5)
    np.testing.assert_allclose(values[0, 1], gaussian.label_moment(low, rule=RULE), atol=1e-6)


@pytest.mark.slow
def test_error_covers_and_shrinks(key):
    """The 99 % bars cover sixty teachers of sixty, and four times the points halve the error or better.

    Bars that cover less often than 0.95 do so with a probability below 0.95⁶⁰ = 0.046: one miss in sixty would not prove it.
    """
    W = noisy(key, 60, classes=10)
    reference, apart = gaussian.label_moments(W, rule=gaussian.Pairs(points=2048, scrambles=8, seed=5))
    misses = []
    for points in (64, 256):
        values, errors = gaussian.label_moments(W, rule=gaussian.Pairs(points=points, scrambles=4))
        misses.append(np.linalg.norm(np.asarray(values - reference, float), axis=(1, 2)))
        # whatever the reference misses counts against the bar
        assert np.all(misses[-1] + np.asarray(apart) <= np.asarray(errors))
    assert np.sqrt(np.mean(misses[1] ** 2)) < 0.5 * np.sqrt(np.mean(misses[0] ** 2))
