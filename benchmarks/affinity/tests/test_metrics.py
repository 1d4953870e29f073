"""The measures of the evaluation on cases with known answers."""

import numpy as np
import pytest
from scipy import stats

pytest.importorskip("jax")

from benchmarks.affinity import metrics
from benchmarks.affinity.truth import Truth, components, pool_share, standard_error

TRUTH = np.array([0.2, -0.1, 0.05, -0.3])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([4, 1, 3, 0], 1.0), ([0, 3, 1, 4], 0.0), ([1, 1, 1, 1], 0.5), ([4, 3, 1, 0], 0.75)],
)
def test_auc_counts_pairs_in_the_right_order(scores, expected):
    assert metrics.auc(np.array(scores, float), TRUTH > 0) == expected


def test_auc_is_the_share_of_pairs(random):
    scores, positive = random.integers(0, 5, 60).astype(float), random.random(60) < 0.4
    pairs = np.subtract.outer(scores[positive], scores[~positive])
    assert metrics.auc(scores, positive) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert np.isnan(metrics.auc(scores, np.ones(60, bool)))


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ([False] * 4, (0.2 + 0.05) / 4),
        ([True] * 4, (0.1 + 0.3) / 4),
        ([True, False, True, False], 0.0),
        ([False, True, False, True], (0.2 + 0.1 + 0.05 + 0.3) / 4),
    ],
    ids=["never", "always", "oracle", "the opposite"],
)
def test_regret_is_what_is_lost_against_the_oracle(use, expected):
    assert metrics.regret(np.array(use), TRUTH) == pytest.approx(expected)


def test_threshold_of_least_regret_beats_every_other(random):
    scores, truth = random.standard_normal(40), random.standard_normal(40)
    best = metrics.regret(scores > metrics.best_threshold(scores, truth), truth)
    tried = [metrics.regret(scores > cut, truth) for cut in np.linspace(-3, 3, 2001)]
    assert best == pytest.approx(min(tried))


def test_thresholds_come_from_other_groups_alone():
    # In group b low scores are the right ones; with its own trials the threshold would be another.
    scores = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])
    truth = np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -9.0])
    groups = np.array(["a"] * 3 + ["b"] * 3)
    use = metrics.crossed_decisions(scores, truth, groups)
    np.testing.assert_array_equal(use[3:], [False, True, True])
    changed = metrics.crossed_decisions(scores, np.concatenate([truth[:3], -truth[3:]]), groups)
    np.testing.assert_array_equal(changed[3:], use[3:])


def test_ranks_are_compared_within_groups_only():
    # Within each group the order is right, across groups it is reversed.
    scores = np.array([11.0, 12.0, 13.0, 1.0, 2.0, 3.0])
    truth = np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
    groups = np.repeat(["a", "b"], 3)
    for given, expected in ((scores, 1.0), (-scores, -1.0), (np.zeros(6), 0.0)):
        found, places = metrics.ranks_within(given, truth, groups)
        assert found == pytest.approx(expected)
        assert groups[places].tolist() == ["a", "b"]
    assert metrics.ranks_within(scores[:2], truth[:2], groups[:2])[0].size == 0


def test_true_classes_need_two_errors_and_more_than_negligible():
    truth = np.array([0.1, 0.1, -0.1, 0.005, 0.005, 0.0])
    error = np.array([0.04, 0.06, 0.01, 0.001, 0.003, 0.01])
    expected = ["helps", "unclear", "hurts", "negligible", "unclear", "unclear"]
    assert metrics.true_class(truth, error, negligible=0.01).tolist() == expected


def test_coverage_with_the_truth_s_own_error_is_95_percent(random):
    # Both are estimates of the same number: only the sum in quadrature covers 95 times in 100.
    count, s, t = 20000, 1.0, 0.7
    mean, truth = random.normal(0, s, count), random.normal(0, t, count)
    half = stats.norm.ppf(0.975) * s
    covers, present = metrics.coverage(mean, mean - half, mean + half, truth, np.full(count, t))
    assert present.all()
    assert covers.mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / count))
    assert metrics.coverage(mean, mean - half, mean + half, truth)[0].mean() < 0.9


def test_coverage_leaves_out_what_has_no_interval():
    covers, present = metrics.coverage(*np.array([[0.0, 0], [-1, np.nan], [1, np.nan], [0.5, 0.5]]))
    assert (covers.tolist(), present.tolist()) == ([True, False], [True, False])


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [(0, 200, (0, 0.018275)), (5, 50, (0.033275, 0.218135)), (3, 3, (0.292402, 1))],
)
def test_clopper_pearson_agrees_with_scipy(hits, trials, expected):
    found = metrics.clopper_pearson(hits, trials)
    reference = stats.binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert found == pytest.approx((reference.low, reference.high))
    assert found == pytest.approx(expected, abs=1e-4)


def test_bootstrap_takes_clusters_whole(random):
    # Ten clusters of one value each are like ten numbers, however often each is repeated.
    values = random.standard_normal(10)
    clusters = np.repeat(np.arange(10), 50)
    columns = np.repeat(values, 50)
    mean, low, high = metrics.by_clusters(lambda rows: columns[rows].mean(), clusters, resampled=2000)
    assert mean == pytest.approx(values.mean())
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(10), rel=0.1)


@pytest.mark.parametrize(("by_draw", "by_row"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.5), (0.3, 0.5)])
def test_components_of_variance_are_found_again(random, by_draw, by_row):
    of_rows = random.normal(0, by_row, 3000)
    draws = []
    for effect in random.normal(0, by_draw, 400):
        rows = random.permutation(3000)[:300]
        draws.append((rows, 0.2 + effect + of_rows[rows] + random.normal(0, 1, 300)))
    found = components(draws)
    # Four standard errors: 400 draws, each mean with a noise of about 0.06, and 3000 rows seen 40 times each.
    assert found[0] == pytest.approx(by_draw, abs=4 * (by_draw + 0.08) / np.sqrt(2 * 400) + 0.04 * (by_draw == 0))
    assert found[1] == pytest.approx(by_row, abs=4 * (by_row + 0.16) / np.sqrt(2 * 3000) + 0.06 * (by_row == 0))


def test_auc_within_groups_ignores_what_groups_differ_by():
    # Group b scores higher and helps more often, but within neither group is the score of any use.
    scores = np.array([0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 9.0])
    positive = np.array([False, True, False, True, True, False, True])
    groups = np.array(["a"] * 3 + ["b"] * 3 + ["c"])
    won, pairs, places = metrics.pairs_within(scores, positive, groups)
    assert metrics.share_of(won, pairs) == 0.5 < metrics.auc(scores, positive)
    assert (pairs.tolist(), groups[places].tolist()) == ([2, 2], ["a", "b"])
    won, pairs, _ = metrics.pairs_within(positive + scores, positive, groups)
    assert metrics.share_of(won, pairs) == 1
    assert np.isnan(metrics.share_of(*metrics.pairs_within(scores, positive, np.arange(7))[:2]))


@pytest.mark.parametrize("relative", [0.0, 0.5, 1.0])
def test_expected_coverage_is_that_of_perfect_intervals(random, relative):
    # Student intervals of 30 numbers, and truths that err by `relative` times the mean's error.
    count, size = 4000, 30
    samples = random.standard_normal((count, size))
    mean, error = samples.mean(axis=1), samples.std(axis=1, ddof=1) / np.sqrt(size)
    half = stats.t.ppf(0.975, size - 1) * error
    truth_error = np.full(count, relative / np.sqrt(size))
    truth = random.normal(0, 1, count) * truth_error
    covers, _ = metrics.coverage(mean, mean - half, mean + half, truth)
    expected = metrics.expected_coverage(mean - half, mean + half, error, truth_error)
    assert covers.mean() == pytest.approx(expected.mean(), abs=4 * np.sqrt(0.25 / count))
    if not relative:
        assert expected == pytest.approx(0.95)


def made_truth(draws: np.ndarray, bound: float, *, paired: bool = True) -> Truth:
    return Truth(float(draws.mean()), 0.0, tuple(draws.tolist()), paired, 0.1, 0.0, bound)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_what_draws_from_a_pool_have_in_common_is_found_again(random, share):
    # Var d = 1 with covariance C between draws of different pairs and none within a pair.
    bound, count, pairs = 0.5, 3000, 20
    common = share * bound
    pool = random.normal(0, 1, (count, 1)) * np.sqrt(common)
    apart = random.normal(0, 1, (count, pairs)) * np.sqrt(common)
    own = random.normal(0, 1, (count, 2 * pairs)) * np.sqrt(1 - 2 * common) if common < 0.5 else 0
    sign = np.tile([1, -1], pairs)
    draws = pool + sign * np.repeat(apart, 2, axis=1) + own
    found = pool_share([made_truth(each, bound) for each in draws])
    # An estimate of C from 20 pairs errs by about √(2/20) of the variance, here 1.
    assert found == pytest.approx(share, abs=4 * np.sqrt(2 / pairs / count) / bound)
    errors = [standard_error(made_truth(each, bound), share) for each in draws[:500]]
    assert draws.mean(axis=1).std() == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.1)


def test_without_pairs_the_bound_stands():
    draws = np.array([1.0, 3.0, 1.0, 3.0])
    assert pool_share([made_truth(draws, 0.1, paired=False)]) == 1
    assert standard_error(made_truth(draws, 0.1), 0.5) == pytest.approx(np.sqrt(draws.var(ddof=1) / 4 + 0.05))
