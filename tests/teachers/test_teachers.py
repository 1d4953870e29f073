"""Teachers: relatedness, noise, nested samples, labels, moments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import gaussian, teachers
from sharedtrunk.errors import InputError


def tolerance():
    return 1e-10 if jax.config.jax_enable_x64 else 1e-5


@pytest.mark.long
@pytest.mark.parametrize("r", [0.0, 0.25, 1.0, -0.5])
@pytest.mark.parametrize("rank", [None, 3, (2, 5), (5, 2)])
def test_relatedness_is_what_was_asked(key, r, rank):
    main, auxiliary = teachers.related_pair(key, relatedness=r, classes=6, features=30, rank=rank)
    found = teachers.relatedness(main, auxiliary)
    np.testing.assert_allclose(found, r * np.eye(*found.shape), atol=tolerance())
    for teacher in (main, auxiliary):
        np.testing.assert_allclose(teacher.right.T @ teacher.right, np.eye(teacher.right.shape[1]), atol=tolerance())
        np.testing.assert_allclose(teacher.left.T @ teacher.left, np.eye(teacher.left.shape[1]), atol=tolerance())


@pytest.mark.long
def test_relatedness_can_be_a_matrix(key):
    u, _, vt = np.linalg.svd(np.asarray(jax.random.normal(key, (4, 3))), full_matrices=False)
    matrix = jnp.asarray((u * np.array([1.0, 0.6, 0.1])) @ vt)
    main, auxiliary = teachers.related_pair(key, relatedness=matrix, classes=(3, 4), features=20)
    np.testing.assert_allclose(teachers.relatedness(main, auxiliary), matrix, atol=10 * tolerance())
    np.testing.assert_allclose(auxiliary.right.T @ auxiliary.right, np.eye(4), atol=10 * tolerance())


@pytest.mark.long
def test_only_what_is_asked_differs(key):
    """Common random numbers: noise and singular vectors do not know of s and r."""
    one = teachers.related_pair(key, relatedness=0.0, singular_values=(1.0, 1.0))
    two = teachers.related_pair(key, relatedness=0.7, singular_values=(3.0, 10.0))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.noise, b.noise)
        np.testing.assert_array_equal(a.left, b.left)
    np.testing.assert_array_equal(one[0].right, two[0].right)
    np.testing.assert_allclose(two[0].weights, 3 * one[0].weights, atol=tolerance())


@pytest.mark.long
def test_noise_has_the_stated_variance(key):
    teacher = teachers.random_teacher(key, classes=40, features=300, rank=2, noise=1.7)
    entries = np.asarray(teacher.noisy_weights - teacher.weights)
    assert entries.var() * 300 == pytest.approx(1.7**2, rel=5 * (2 / entries.size) ** 0.5)


@pytest.mark.long
def test_samples_are_nested_and_labels_are_argmax(key):
    teacher = teachers.random_teacher(key)
    small, large = (teachers.sample(key, teacher, n) for n in (50, 80))
    np.testing.assert_array_equal(small.inputs, large.inputs[:50])
    np.testing.assert_array_equal(small.labels, large.labels[:50])
    np.testing.assert_array_equal(large.labels, np.argmax(large.inputs @ teacher.noisy_weights.T, axis=1))
    np.testing.assert_array_equal(large.clean_labels, np.argmax(large.inputs @ teacher.weights.T, axis=1))


@pytest.mark.long
def test_soft_labels_approach_hard_ones(key):
    teacher = teachers.random_teacher(key, classes=4, features=10)
    inputs = teachers.draw_inputs(key, 200, 10)
    hard = jax.nn.one_hot(teachers.hard_labels(teacher.weights, inputs), 4, axis=0)
    cold = teachers.soft_labels(teacher.weights, inputs, 1e4)
    warm = teachers.soft_labels(teacher.weights, inputs, 1.0)
    np.testing.assert_allclose(warm.sum(axis=0), 1, rtol=1e-5)
    assert float(jnp.mean(jnp.abs(cold - hard))) < 0.01 < float(jnp.mean(jnp.abs(warm - hard)))


@pytest.mark.long
def test_inputs_have_the_stated_covariance(key):
    root = jax.random.normal(key, (5, 5))
    covariance = root @ root.T
    inputs = np.asarray(teachers.draw_inputs(key, 20000, 5, covariance))
    found = inputs.T @ inputs / 20000
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert (np.abs(found - covariance) < 6 * scale * (2 / 20000) ** 0.5).all()


@pytest.mark.long
@pytest.mark.float64
def test_the_closed_form_moment_is_the_general_one(key):
    teacher = teachers.random_teacher(key, classes=5, features=12, singular_values=2.0)
    closed, rounding = teachers.clean_label_moment(teacher)
    general, error = gaussian.label_moment_with_error(teacher.weights)
    assert float(jnp.linalg.norm(closed - general)) <= float(error) + float(rounding)
    assert float(error) < 1e-4 * float(jnp.linalg.norm(closed))


@pytest.mark.parametrize("values", [(2.0, 1.0, 0.5), 1.0], ids=["unequal", "low rank"])
def test_other_moments_match_a_sample(key, values):
    values = jnp.asarray(values)
    teacher = teachers.random_teacher(key, classes=4, features=6, rank=3, singular_values=values)
    moment, _ = teachers.clean_label_moment(teacher)
    inputs = np.random.default_rng(0).normal(size=(200_000, 6))
    labels = np.argmax(inputs @ np.asarray(teacher.weights).T, axis=1)
    each = np.eye(4)[labels][:, :, None] * inputs[:, None, :]
    error = each.std(axis=0) / len(inputs) ** 0.5
    assert (np.abs(each.mean(axis=0) - moment) < 5 * error).all()


def test_flips_and_balance_match_a_sample(key):
    teacher = teachers.random_teacher(key, classes=5, features=20, rank=3)
    inputs = np.random.default_rng(0).normal(size=(100_000, 20))
    noisy = np.argmax(inputs @ np.asarray(teacher.noisy_weights).T, axis=1)
    clean = np.argmax(inputs @ np.asarray(teacher.weights).T, axis=1)
    flips, flip_error = teachers.flip_probability(teacher)
    found = np.mean(noisy != clean)
    assert abs(float(flips) - found) < float(flip_error) + 4 * (found * (1 - found) / 1e5) ** 0.5
    balance, balance_error = teachers.class_probabilities(teacher)
    shares = np.bincount(noisy, minlength=5) / 1e5
    assert (np.abs(balance - shares) < balance_error + 4 * np.sqrt(shares * (1 - shares) / 1e5)).all()
    assert float(balance.sum()) == pytest.approx(1, abs=1e-5)


def test_a_clean_teacher_flips_nothing(key):
    assert float(teachers.flip_probability(teachers.random_teacher(key, noise=0.0))[0]) == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"relatedness": 1.2}, "between −1 and 1"),
        ({"relatedness": float("nan")}, "between −1 and 1"),
        ({"relatedness": jnp.eye(10) * 1.2}, "spectral norm at most 1"),
        ({"relatedness": jnp.eye(3)}, "shape"),
        ({"rank": 11}, "rank must lie between"),
        ({"features": 15}, "at least rank_A"),
        ({"singular_values": (-1.0, 1.0)}, "finite and ≥ 0"),
        ({"noise": -1.0}, "noise scale"),
        ({"classes": 1}, "number of classes must be a whole number of at least 2"),
        ({"singular_values": (1.0, 1.0, 1.0)}, "a pair"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_pairs(key, options, message):
    with pytest.raises(InputError, match=message):
        teachers.related_pair(key, **{"relatedness": 0.5, **options})


def test_bad_samples(key):
    teacher = teachers.random_teacher(key, classes=3, features=4)
    with pytest.raises(InputError, match="at least 1"):
        teachers.sample(key, teacher, 0)
    with pytest.raises(InputError, match="positive semidefinite"):
        teachers.sample(key, teacher, 5, -jnp.eye(4))
    with pytest.raises(InputError, match="asymmetry"):
        teachers.sample(key, teacher, 5, jnp.eye(4) + jnp.triu(jnp.ones((4, 4)), 1))
    with pytest.raises(InputError, match="one column per feature"):
        teachers.sample(key, teacher, 5, jnp.eye(3))
    with pytest.raises(InputError, match="> 0"):
        teachers.soft_labels(teacher.weights, jnp.ones((2, 4)), 0.0)
