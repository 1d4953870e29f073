import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import rank_k_weights, weights
from references_gaussian import sampled
from sharedtrunk import gaussian
from sharedtrunk.gaussian import Pairs


def distance(a, b):
    return float(np.linalg.norm(np.asarray(a, float) - np.asarray(b, float)))


def size(a):
    return float(np.linalg.norm(np.asarray(a)))


@pytest.mark.float64
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_rank_one_labels_two_classes(classes):
    rng = np.random.default_rng(1)
    u, v = rng.standard_normal(classes), rng.standard_normal(7)
    M, error = gaussian.label_moment_with_error(jnp.asarray(np.outer(u, v)))
    exact = np.zeros((classes, 7))
    exact[u.argmax()] = v / np.linalg.norm(v) / np.sqrt(2 * np.pi)
    exact[u.argmin()] = -exact[u.argmax()]
    np.testing.assert_allclose(M, exact, atol=1e-12)
    assert error < 1e-10


@pytest.mark.float64
@pytest.mark.parametrize("classes", [3, 10, 20])
def test_equal_singular_values_closed_form(classes):
    W = rank_k_weights(2, 3.0, classes=classes, features=30)
    J = np.eye(classes) - 1 / classes
    exact = gaussian.expected_maximum(classes) / (classes - 1) * J @ np.asarray(W) / 3.0
    np.testing.assert_allclose(gaussian.label_moment(W), exact, atol=1e-12)


@pytest.mark.float64
def test_pairs_reach_the_closed_form():
    """A perturbation too small to matter sends the same teacher through the general method."""
    W = rank_k_weights(2, 1.0)
    exact = gaussian.label_moment(W)
    nearly = W * (1 + 1e-9 * jnp.arange(10.0)[:, None])
    M, error = gaussian.label_moment_with_error(nearly)
    assert 0 < distance(M, exact) <= error
    assert error <= 1e-4 * size(exact)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("rank", [2, 3, 9])
def test_against_sampling_and_itself(rank):
    W = weights(3, np.linspace(0.5, 2, rank), features=9)
    M, error = gaussian.label_moment_with_error(W)
    *_, (moment, standard_error) = sampled(np.asarray(W), 200_000, seed=5)
    assert distance(M, moment) <= 1.5 * size(standard_error)
    finer = gaussian.label_moment(W, rule=Pairs(16384, seed=3))
    assert distance(M, finer) <= error
    assert error <= 5e-4 * size(M)


@pytest.mark.float64
def test_errors_cover_and_fall():
    misses = 0
    for seed in range(10):
        W = weights(seed, np.logspace(-1, 1, 5), classes=6)
        reference = gaussian.label_moment(W, rule=Pairs(4096, seed=77))
        M, error = gaussian.label_moment_with_error(W, rule=Pairs(256, seed=seed))
        finer = gaussian.label_moment_with_error(W, rule=Pairs(1024, seed=seed))[1]
        misses += distance(M, reference) > float(error)
        assert finer < 0.7 * error
    assert misses <= 1


def test_only_the_direction_counts_and_classes_are_balanced_in_sum():
    W = weights(4, np.linspace(0.5, 2, 4), classes=5)
    rule = Pairs(1024)
    M = gaussian.label_moment(W, rule=rule)
    shift = jnp.ones_like(W) * W[:1]
    rtol = 200 * np.finfo(W.dtype).eps
    for other in (1e5 * W, 1e-5 * W, W + shift):
        assert distance(gaussian.label_moment(other, rule=rule), M) <= rtol * size(M)
    np.testing.assert_allclose(M.sum(axis=0), np.zeros(20), atol=rtol)
    assert M.dtype == W.dtype


def test_euler_identity():
    """⟨M, W⟩ is E max_c (W x)_c, homogeneous of degree one."""
    W = weights(5, np.linspace(0.5, 2, 9))
    rng = np.random.default_rng(8)
    z = rng.standard_normal((200_000, 20)) @ np.asarray(W, float).T
    top = z.max(axis=1)
    M = gaussian.label_moment(W, rule=Pairs(1024))
    assert abs(float(jnp.sum(M * W)) - top.mean()) <= 5 * top.std() / np.sqrt(len(top))


@pytest.mark.float64
def test_covariance():
    rng = np.random.default_rng(9)
    W = weights(6, np.linspace(0.5, 2, 4), classes=5, features=6)
    root = rng.standard_normal((6, 6)) / 2
    M = gaussian.label_moment(W, covariance=jnp.asarray(root @ root.T))
    through = gaussian.label_moment(W @ root) @ root.T
    assert distance(M, through) <= 1e-4 * size(M)
    *_, (moment, standard_error) = sampled(np.asarray(W), 200_000, seed=6, root=root)
    assert distance(M, moment) <= 1.5 * size(standard_error)


@pytest.mark.float64
def test_error_is_that_of_the_moment_in_feature_space():
    C = jnp.diag(jnp.asarray([100.0] * 10 + [1.0] * 10))
    missed = 0
    for seed in range(10):
        W = weights(seed, np.linspace(0.5, 2, 4), classes=5)
        M, error = gaussian.label_moment_with_error(W, covariance=C, rule=Pairs(32, seed=seed))
        missed += distance(M, gaussian.label_moment(W, covariance=C, rule=Pairs(4096, seed=77))) > float(error)
    assert missed <= 1


@pytest.mark.float64
def test_equal_classes_share_evenly_as_the_soft_limit_does():
    W = weights(7, [2.0, 1.0, 0.5], classes=4)
    twins = jnp.concatenate([W, W[:1]])
    M = gaussian.label_moment(twins)
    np.testing.assert_allclose(M[0], M[4], atol=1e-14)
    np.testing.assert_allclose(M[0] + M[4], gaussian.label_moment(W)[0], atol=1e-4)
    soft = gaussian.softmax_moment(1e5 * twins, rule=Pairs(4096))
    assert distance(M, soft) <= 1e-3 * size(M)


@pytest.mark.float64
def test_collinear_classes():
    """Three classes on a line, one between the two others: it never wins."""
    a, b = np.eye(6)[0], np.eye(6)[1]
    W = jnp.asarray(np.stack([a, b, 0.5 * (a + b), -a - b]))
    M = gaussian.label_moment(W)
    np.testing.assert_allclose(M[2], np.zeros(6), atol=1e-14)
    without = gaussian.label_moment(W[np.array([0, 1, 3])])
    np.testing.assert_allclose(M[np.array([0, 1, 3])], without, atol=1e-9)


@pytest.mark.float64
def test_batch_and_nearly_dependent_rows():
    W = jnp.stack([weights(n, [3.0, 1.0, 1e-5]) for n in range(3)])
    M, error = gaussian.label_moment_with_error(W)
    assert M.shape == W.shape
    assert error.shape == (3,)
    for n in range(3):
        soft, soft_error = gaussian.softmax_moment_with_error(1e7 * W[n], rule=Pairs(2048))
        assert distance(M[n], soft) <= float(error[n] + soft_error)
