import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import random_problem, rank_k_weights, weights
from references_gaussian import sampled, two_class_covariance
from sharedtrunk import gaussian
from sharedtrunk.gaussian import FINEST, Pairs, Panels, Sobol

SMALL = Sobol(points=1024, scrambles=8)
COARSE_PAIRS = Pairs(points=1024)


def distance(a, b):
    return float(np.linalg.norm(np.asarray(a) - np.asarray(b)))


def size(a):
    return float(np.linalg.norm(np.asarray(a)))


@pytest.mark.float64
@pytest.mark.parametrize("rule", [None, Sobol(4096, 8), COARSE_PAIRS])
@pytest.mark.parametrize("s", [1e-3, 1.0, 10.0, 1e3])
def test_two_classes_against_quadrature(s, rule):
    W = weights(1, [s / np.sqrt(2)], classes=2)
    exact = two_class_covariance(s) * np.array([[1, -1], [-1, 1]])
    G, error = gaussian.softmax_covariance_with_error(W, rule=rule)
    assert distance(G, exact) <= error + 1e-9 * size(exact)
    if rule is None:
        assert error <= 1e-5 * size(exact)
    elif isinstance(rule, Pairs):
        assert error <= 0.05 * size(exact)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("s", [1e-3, 1.0, 10.0, 1e3])
@pytest.mark.parametrize("rule", [None, Sobol(4096, 8), COARSE_PAIRS])
def test_equal_logits_are_the_random_energy_model(s, rule):
    W = rank_k_weights(2, s, classes=6)
    g = float(gaussian.random_energy_slope(s, 6)) / (5 * s)
    J = np.eye(6) - 1 / 6
    G, error = gaussian.softmax_covariance_with_error(W, rule=rule)
    assert distance(G, g * J) <= error + 1e-12
    M, error = gaussian.softmax_moment_with_error(W, rule=rule)
    assert distance(M, g * J @ W) <= error + 1e-12


@pytest.mark.float64
def test_limits_of_equal_logits():
    K, J = 10, np.eye(10) - 0.1
    small, large = (gaussian.softmax_covariance(rank_k_weights(3, s)) for s in (1e-5, 1e6))
    np.testing.assert_allclose(small, J / K, atol=1e-9)
    m = gaussian.expected_maximum(K)
    np.testing.assert_allclose(1e6 * large, m / (K - 1) * J, rtol=1e-9)


@pytest.mark.float64
@pytest.mark.parametrize("singular_values", [[2.0], [30.0, 1.0], [20.0, 3.0, 1.0], [1e3, 1.0, 1e-3]])
def test_low_rank_rules_agree(singular_values):
    W = weights(3, singular_values, classes=5)
    M, error = gaussian.softmax_moment_with_error(W, rule=Panels())
    G, G_error = gaussian.softmax_covariance_with_error(W, rule=Panels())
    # Stein's identity ties the two panel integrals, which are computed independently of each other
    assert distance(M, G @ W) <= 1e-4 * size(M)
    by_pairs, pairs_error = gaussian.softmax_covariance_with_error(W, rule=COARSE_PAIRS)
    assert distance(G, by_pairs) <= G_error + pairs_error
    assert pairs_error <= 0.05 * size(G)
    assert error <= 1e-3 * size(M)
    assert G_error <= 1e-2 * size(G)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("scale", [0.1, 3.0, 30.0])
def test_sobol_and_pairs_agree(scale):
    W = weights(4, scale * np.linspace(0.3, 1.5, 7), classes=8)
    for quantity in (gaussian.softmax_moment_with_error, gaussian.softmax_covariance_with_error):
        one, one_error = quantity(W, rule=Sobol(16384, 8))
        two, two_error = quantity(W, rule=COARSE_PAIRS)
        assert distance(one, two) <= one_error + two_error


@pytest.mark.long
def test_against_sampling():
    W = weights(5, np.linspace(0.5, 4, 5), classes=6, features=7)
    _, (moment, moment_error), (covariance, covariance_error), _ = sampled(np.asarray(W, float), 100_000, seed=3)
    M, error = gaussian.softmax_moment_with_error(W)
    assert distance(M, moment) <= 1.5 * size(moment_error) + error
    G, error = gaussian.softmax_covariance_with_error(W)
    assert distance(G, covariance) <= 1.5 * size(covariance_error) + error


@pytest.mark.long
def test_autodiff_gives_the_moment():
    W = weights(6, np.linspace(0.5, 2, 9))
    gradient = jax.grad(lambda W: gaussian.free_energy(W, rule=SMALL))(W)
    np.testing.assert_allclose(gradient, gaussian.softmax_moment(W, rule=SMALL), atol=20 * np.finfo(W.dtype).eps)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("singular_values", [np.linspace(0.5, 3, 9), [2.0, 1.0]])
def test_the_moment_is_the_slope_of_the_free_energy(singular_values):
    """The derivative is a rule of its own, so it is held against differences of F itself."""
    W = weights(7, singular_values)
    direction = weights(8, np.ones(9))
    h = 1e-3
    F = gaussian.free_energy_scrambles(jnp.stack([W + h * direction, W - h * direction]), rule=Sobol(2048, 16))
    slopes = (F[0] - F[1]) / (2 * h)
    slope, error = gaussian.mean_and_error(slopes)
    M, M_error = gaussian.softmax_moment_with_error(W)
    assert abs(jnp.sum(M * direction) - slope) <= error + M_error * jnp.linalg.norm(direction)
    assert error < 0.02 * abs(slope)


@pytest.mark.long
def test_moment_in_feature_space_with_a_covariance():
    rng = np.random.default_rng(9)
    W = weights(9, np.linspace(0.5, 2, 4), classes=5, features=6)
    root = rng.standard_normal((6, 6)) / 2
    C = jnp.asarray(root @ root.T, W.dtype)
    _, (moment, moment_error), *_ = sampled(np.asarray(W, float), 100_000, seed=4, root=root)
    M, error = gaussian.softmax_moment_with_error(W, covariance=C)
    assert distance(M, moment) <= 1.5 * size(moment_error) + error
    G = gaussian.softmax_covariance(W, covariance=C)
    assert distance(M, G @ W @ C) <= 5e-3 * size(M)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("rule", [Sobol(512, 8), Pairs(32)])
def test_error_is_that_of_the_moment_in_feature_space(rule):
    """Inputs of standard deviations 10 and 1: the bar of whitened inputs would be several times too short."""
    C = jnp.diag(jnp.asarray([100.0] * 10 + [1.0] * 10))
    missed = 0
    for seed in range(10):
        W = weights(seed, 0.3 * np.linspace(0.5, 1.5, 4), classes=5)
        M, error = gaussian.softmax_moment_with_error(W, covariance=C, rule=rule)
        reference, own = gaussian.softmax_moment_with_error(W, covariance=C, rule=Sobol(2**15, 8, seed=50))
        missed += distance(M, reference) > float(error + own)
        assert error <= 0.1 * size(M)
    assert missed <= 1


def test_low_rank_and_equal_values_map_their_error_back():
    """Times ten in the inputs is times ten in the moment and in its error, whatever the method."""
    for values in ([3.0, 1.0], [2.0, 2.0, 2.0, 2.0]):
        W = weights(3, values, classes=5, features=6)
        M, error = gaussian.softmax_moment_with_error(W)
        stretched, its = gaussian.softmax_moment_with_error(W / 10, covariance=100 * jnp.eye(6, dtype=W.dtype))
        assert distance(10 * M, stretched) <= 10 * error + its
        assert its >= 4 * error


def test_common_shift_and_zero_sums():
    W = weights(10, np.linspace(1, 2, 9))
    M, G = gaussian.softmax_moment(W, rule=SMALL), gaussian.softmax_covariance(W, rule=SMALL)
    shifted = W + jnp.ones_like(W) * W[:1]
    tolerance = 100 * np.finfo(W.dtype).eps
    np.testing.assert_allclose(gaussian.softmax_moment(shifted, rule=SMALL), M, atol=tolerance)
    np.testing.assert_allclose(M.sum(axis=0), np.zeros(20), atol=tolerance)
    np.testing.assert_allclose(G.sum(axis=0), np.zeros(10), atol=tolerance)
    assert np.linalg.eigvalsh(np.asarray(G)).min() > -tolerance


@pytest.mark.float64
def test_small_weights_are_exact_to_first_order():
    """The nodes have exact second moments: G W → J W / K without quadrature error."""
    W = weights(11, 1e-6 * np.linspace(0.5, 2, 9))
    M = gaussian.softmax_moment(W, rule=Sobol(64, 1))
    exact = (W - W.mean(axis=0, keepdims=True)) / 10
    assert distance(M, exact) <= 1e-9 * size(exact)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("rank", [2, 9])
def test_large_weights_give_the_label_moment(rank):
    W = weights(12, np.linspace(0.5, 2, rank))
    M, error = gaussian.label_moment_with_error(W)
    soft, soft_error = gaussian.softmax_moment_with_error(1e4 * W)
    assert distance(M, soft) <= error + soft_error + 1e-6
    assert soft_error <= 2e-3 * size(M)


@pytest.mark.float64
def test_float32_agrees():
    for s in (0.01, 1.0, 100.0):
        W = weights(13, s * np.linspace(0.5, 1.5, 9))
        M = gaussian.softmax_moment(W, rule=SMALL)
        low = gaussian.softmax_moment(W.astype(jnp.float32), rule=SMALL)
        assert low.dtype == jnp.float32
        assert distance(M, low) <= 1e-5 * size(M)


@pytest.mark.float64
def test_extreme_scales():
    for singular_values in (np.logspace(-6, 6, 9), [1e6] * 9, [1e-6] * 9, [1e6, 1e-6]):
        W = weights(14, singular_values)
        for rule in (Sobol(1024, 1), Pairs(64)):
            assert np.isfinite(np.asarray(gaussian.softmax_moment(W, rule=rule))).all()
            assert np.isfinite(np.asarray(gaussian.softmax_covariance(W, rule=rule))).all()


def check_coverage(seeds):
    """Error bars of ∇F and G that miss an independent, finer reference; largest relative errors."""
    missed, worst = 0, [0.0, 0.0]
    for seed in seeds:
        W = random_problem(seed)
        s = size(W - W.mean(axis=0, keepdims=True)) / 3
        rule = Pairs(32768, seed=99) if s > 5 else Sobol(2**17, 8, seed=99)
        for n, quantity in enumerate([gaussian.softmax_moment_with_error, gaussian.softmax_covariance_with_error]):
            value, error = quantity(W)
            reference, own = quantity(W, rule=rule)
            missed += distance(value, reference) > float(error + own / 3)
            worst[n] = max(worst[n], distance(value, reference) / size(reference))
    return missed, worst


@pytest.mark.slow
@pytest.mark.float64
def test_coverage_of_the_error():
    missed, worst = check_coverage(range(40))
    assert missed <= 4
    assert worst[0] <= 1e-3
    assert worst[1] <= 1e-2


@pytest.mark.long
@pytest.mark.float64
def test_finest_is_what_moderate_moments_get():
    W = weights(15, np.linspace(0.5, 2, 9))
    np.testing.assert_allclose(gaussian.softmax_moment(W), gaussian.softmax_moment(W, rule=FINEST), rtol=1e-10)
