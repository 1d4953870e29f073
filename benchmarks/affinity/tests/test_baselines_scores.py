"""The transfer scores on arrays whose score is known: by hand, by a limit, or by brute force."""

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.covariance import ledoit_wolf

pytest.importorskip("torch")

from benchmarks.affinity.baselines import h_score, knn_probe, leep, logme, mutual_information
from benchmarks.affinity.data import PairData


def test_leep_of_two_points_by_hand():
    # P̂(y, z) = [[.4, .1], [.2, .3]], P̂(z) = (.6, .4): both points get .8·2/3 + .2/4 = .4/3 + .6·3/4 = 7/12.
    dummy = np.array([[0.8, 0.2], [0.4, 0.6]])
    np.testing.assert_allclose(leep.leep(dummy, np.array([0, 1])), np.log(7 / 12), rtol=1e-12)


def test_leep_of_sure_predictions_is_minus_the_conditional_entropy():
    # Joint table of (main, dummy): 3 1 / 1 3, out of 8; no point has the third dummy class.
    main = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    dummy = np.eye(3)[[0, 0, 0, 0, 1, 1, 1, 1]]
    np.testing.assert_allclose(leep.leep(dummy, main), 0.75 * np.log(0.75) + 0.25 * np.log(0.25), rtol=1e-12)


def test_leep_tells_labels_from_dummies():
    # Four dummy classes determine two labels (T = 0); two dummies leave four labels undecided (T = −log 2).
    coarse, fine = np.array([0, 0, 1, 1] * 5), np.array([0, 1, 2, 3] * 5)
    np.testing.assert_allclose(leep.leep(np.eye(4)[fine], coarse), 0, atol=1e-12)
    np.testing.assert_allclose(leep.leep(np.eye(2)[coarse], fine), -np.log(2), rtol=1e-12)


def brute_force_evidence(features: np.ndarray, y: np.ndarray) -> float:
    """max over α, β of log N(y; 0, I/β + F Fᵀ/α): a grid over both, polished by a simplex search."""

    def negative(logs: np.ndarray) -> float:
        covariance = np.eye(len(y)) * np.exp(-logs[1]) + features @ features.T * np.exp(-logs[0])
        return -stats.multivariate_normal.logpdf(y, cov=covariance)

    grid = [np.array([a, b]) for a in np.linspace(-6, 8, 15) for b in np.linspace(-3, 8, 12)]
    start = min(grid, key=negative)
    return -optimize.minimize(negative, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}).fun


@pytest.mark.parametrize(("samples", "dimension"), [(25, 3), (12, 20)])
def test_logme_is_the_largest_evidence(random, samples, dimension):
    features = random.standard_normal((samples, dimension))
    labels = (features[:, 0] + 0.8 * random.standard_normal(samples) > 0).astype(int) + (features[:, 1] > 1)
    expected = np.mean([brute_force_evidence(features, (labels == k).astype(float)) for k in np.unique(labels)])
    np.testing.assert_allclose(logme.logme(features, labels), expected / samples, rtol=1e-7)


def test_logme_of_features_that_say_nothing():
    # y ~ N(0, I/β) alone, 1/β = mean y²: a third of the points in class 0 and two thirds in class 1.
    labels = np.array([0, 1, 1] * 6)
    expected = np.mean([-(np.log(2 * np.pi * share) + 1) / 2 for share in (1 / 3, 2 / 3)])
    np.testing.assert_allclose(logme.logme(np.zeros((18, 4)), labels), expected, rtol=1e-12)


def test_logme_prefers_features_that_hold_the_labels(random):
    labels = random.integers(0, 3, 60)
    noise = random.standard_normal((60, 5))
    informative = noise.copy()
    informative[:, :3] += 3 * np.eye(3)[labels]
    assert logme.logme(informative, labels) > logme.logme(noise, labels) + 0.1


def whitened(random: np.random.Generator, samples: int, dimension: int) -> np.ndarray:
    features = random.standard_normal((samples, dimension))
    left, _, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    return left * np.sqrt(samples)


def test_h_score_of_white_features_is_the_trace_of_the_class_means(random):
    features, labels = whitened(random, 60, 4), random.integers(0, 3, 60)
    expected = sum(np.mean(labels == k) * (features[labels == k].mean(axis=0) ** 2).sum() for k in range(3))
    np.testing.assert_allclose(h_score.h_score(features, labels), expected, rtol=1e-12)


def test_h_score_ignores_the_basis_and_dead_units(random):
    features, labels = random.standard_normal((60, 4)), random.integers(0, 3, 60)
    mixed = features @ random.standard_normal((4, 4)) + random.standard_normal(4)
    expected = h_score.h_score(features, labels)
    np.testing.assert_allclose(h_score.h_score(mixed, labels), expected, rtol=1e-9)
    np.testing.assert_allclose(h_score.h_score(np.hstack([mixed, np.zeros((60, 2))]), labels), expected, rtol=1e-9)


def test_h_score_of_class_codes_is_their_rank(random):
    labels = np.concatenate([np.arange(4), random.integers(0, 4, 40)])
    np.testing.assert_allclose(h_score.h_score(np.eye(4)[labels], labels), 3, rtol=1e-12)


def test_shrunk_h_score_written_out(random):
    features, labels = random.standard_normal((30, 12)) @ random.standard_normal((12, 12)), random.integers(0, 2, 30)
    amount = ledoit_wolf(features)[1]
    spread = np.cov(features.T, bias=True)
    shrunk = (1 - amount) * spread + amount * np.trace(spread) / 12 * np.eye(12)
    means = np.array([features[labels == k].mean(axis=0) for k in labels])
    expected = np.trace(np.linalg.inv(shrunk) @ np.cov(means.T, bias=True)) * (1 - amount)
    np.testing.assert_allclose(h_score.shrunk_h_score(features, labels), expected, rtol=1e-9)
    assert h_score.shrunk_h_score(features, labels) < h_score.h_score(features, labels)


def test_nearest_neighbours_of_two_clumps():
    training = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 9.0, 9.1, 9.2, 9.3, 9.4])[:, None]
    labels = np.array([0] * 5 + [1] * 5)
    held = np.array([[1.0], [8.0], [2.0]])
    assert knn_probe.knn_correct(training, labels, held, np.array([0, 1, 0])) == 3
    assert knn_probe.knn_correct(training, labels, held, np.array([0, 0, 1])) == 1


def labels_only(main: np.ndarray, aux: np.ndarray) -> PairData:
    return PairData(np.zeros((len(main), 1)), main, aux, (int(main.max()) + 1, int(max(aux.max(), 0)) + 1))


def test_mutual_information_of_a_label_with_itself_is_its_entropy():
    label = np.array([0, 1, 1, 2, 2, 2, 2, 2])
    expected = -(np.log(1 / 8) / 8 + 2 * np.log(2 / 8) / 8 + 5 * np.log(5 / 8) / 8)
    np.testing.assert_allclose(mutual_information.mutual_information(label, label), expected, rtol=1e-12)
    np.testing.assert_allclose(mutual_information.score(labels_only(label, label), 0, None), 1, rtol=1e-12)


def test_mutual_information_of_independent_labels_is_zero():
    data = labels_only(np.array([0, 0, 1, 1] * 3), np.array([0, 1, 0, 1] * 3))
    np.testing.assert_allclose(mutual_information.score(data, 0, None), 0, atol=1e-12)


def test_mutual_information_knows_which_task_is_asked_for():
    # A fine label decides the coarse one; the coarse one removes half of the fine one's uncertainty, log 2 of log 4.
    data = labels_only(np.array([0, 0, 1, 1] * 3), np.array([0, 1, 2, 3] * 3))
    np.testing.assert_allclose(mutual_information.score(data, 0, None), 1, rtol=1e-12)
    np.testing.assert_allclose(mutual_information.score(data.swapped(), 0, None), 0.5, rtol=1e-12)


def test_mutual_information_reads_only_points_with_both_labels():
    data = labels_only(np.array([0, 1, -1, -1, 0, 1]), np.array([0, 1, 0, 1, -1, -1]))
    np.testing.assert_allclose(mutual_information.score(data, 0, None), 1, rtol=1e-12)
    nothing_shared = labels_only(np.array([0, 1, -1, -1]), np.array([-1, -1, 0, 1]))
    assert np.isnan(mutual_information.score(nothing_shared, 0, None))
