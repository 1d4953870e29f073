"""Starts: variance of the random one, singular values of the aligned one, common random numbers."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.errors import InputError


def test_random_start_has_the_stated_variance(key):
    start = students.random_start(key, features=200, hidden=(300, 100), classes=(50,), scale=(0.3, 1.0, 2.0))
    for weights, scale in zip([*start.trunk, *start.heads], (0.3, 1.0, 2.0), strict=True):
        expected = scale**2 / weights.shape[1]
        # the variance of a sample variance of n normals is 2/n
        assert float(jnp.var(weights)) == pytest.approx(expected, rel=5 * (2 / weights.size) ** 0.5)


def test_the_main_task_starts_alike_with_and_without_others(key):
    alone = students.random_start(key, features=20, classes=(4,))
    joint = students.random_start(key, features=20, classes=(4, 7))
    np.testing.assert_array_equal(alone.trunk[0], joint.trunk[0])
    np.testing.assert_array_equal(alone.heads[0], joint.heads[0])


def test_single_and_double_precision_start_alike(key):
    low = students.random_start(key, features=20, dtype=jnp.float32)
    again = students.random_start(key, features=20)
    np.testing.assert_allclose(low.trunk[0], again.trunk[0], rtol=1e-6)


@pytest.mark.parametrize("hidden", [(12,), (9, 15)])
def test_aligned_start_shares_the_teachers_singular_vectors(key, hidden):
    noisy = jax.random.normal(key, (5, 8))
    values = jnp.asarray([1.0, 0.5, 0.25, 0.1, 0.05])
    start = students.aligned_start(key, noisy, values, hidden=hidden)
    u, _, vt = jnp.linalg.svd(noisy, full_matrices=False)
    middle = u.T @ students.composites(start)[0] @ vt.T
    np.testing.assert_allclose(middle, jnp.diag(values), atol=1e-5)
    layers = [*start.trunk, *start.heads]
    for below, above in itertools.pairwise(layers):
        np.testing.assert_allclose(below @ below.T, above.T @ above, atol=1e-5)


def test_aligned_start_needs_room(key):
    with pytest.raises(InputError, match="at least as wide"):
        students.aligned_start(key, jnp.ones((5, 8)), 0.1, hidden=(3,))


def pair_of_teachers(key):
    return [jax.random.normal(k, (size, 12)) for k, size in zip(jax.random.split(key), (4, 3), strict=True)]


def test_an_aligned_start_of_two_tasks_is_aligned_with_each(key):
    noisy = pair_of_teachers(key)
    start = students.aligned_tasks_start(key, noisy, 0.09, hidden=8)
    for weights, composite in zip(noisy, students.composites(start), strict=True):
        left, _, right = jnp.linalg.svd(weights, full_matrices=False)
        np.testing.assert_allclose(composite, 0.09 * left @ right, atol=1e-6)
    # each head sees its own frame only, and is balanced with it
    np.testing.assert_allclose(start.heads[0] @ start.heads[1].T, 0, atol=1e-6)
    gram = sum(head.T @ head for head in start.heads)
    np.testing.assert_allclose(start.trunk[0] @ start.trunk[0].T @ start.heads[0].T, gram @ start.heads[0].T, atol=0.02)


def test_of_one_task_it_is_the_aligned_start_up_to_a_rotation_of_the_hidden_layer(key):
    (noisy, _) = pair_of_teachers(key)
    ours, other = (
        students.aligned_tasks_start(key, [noisy], 0.09, hidden=8),
        students.aligned_start(jax.random.key(1), noisy, 0.09, hidden=(8,)),
    )
    problem = students.make_problem(jax.random.normal(key, (30, 12)), [jnp.arange(30) % 4], classes=4)
    times = jnp.linspace(0, 5, 6)
    found = [
        students.train(start, problem, times, students.Descent(step=0.25)).composites[0] for start in (ours, other)
    ]
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


@pytest.mark.parametrize(("hidden", "value"), [(6, 0.1), (8, -0.1)])
def test_an_aligned_start_of_two_tasks_needs_room_and_a_value(key, hidden, value):
    with pytest.raises(InputError, match="as wide as their ranks"):
        students.aligned_tasks_start(key, pair_of_teachers(key), value, hidden=hidden)
