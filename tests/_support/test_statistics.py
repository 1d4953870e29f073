import math

import numpy as np
import pytest
from scipy import stats

from sharedtrunk._support import statistics


def test_matches_scipys_t_interval():
    values = np.random.default_rng(0).normal(size=7)
    got = statistics.estimate(values)
    expected = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose([got.low, got.high], expected, rtol=1e-12)
    np.testing.assert_allclose([got.mean, got.standard_error], [values.mean(), stats.sem(values)], rtol=1e-12)
    assert (got.n, got.left_out) == (7, 0)


def test_paired_is_the_one_sample_test_of_differences():
    a, b = np.random.default_rng(1).normal(size=(2, 6))
    got = statistics.paired(a, b)
    expected = stats.ttest_rel(a, b).confidence_interval(0.95)
    np.testing.assert_allclose([got.low, got.high], [expected.low, expected.high], rtol=1e-12)


def test_nan_seeds_are_left_out_and_counted():
    assert statistics.estimate([1.0, np.nan, 2.0, 4.0]) == statistics.Estimate(
        **{**vars(statistics.estimate([1.0, 2.0, 4.0])), "left_out": 1}
    )
    # A pair needs both: the seeds left are 1 and 3.
    got = statistics.paired([1.0, np.nan, 5.0, 4.0], [0.5, 1.0, np.nan, 2.5])
    assert (got.mean, got.n, got.left_out) == (1.0, 2, 2)


@pytest.mark.parametrize(("values", "mean", "n"), [([2.5], 2.5, 1), ([np.nan, np.nan], math.nan, 0)])
def test_too_few_seeds_have_no_error(values, mean, n):
    got = statistics.estimate(values)
    np.testing.assert_equal(got.mean, mean)
    assert got.n == n
    assert all(math.isnan(number) for number in (got.standard_error, got.low, got.high))


def test_along_an_axis_as_one_by_one():
    values = np.random.default_rng(2).normal(size=(3, 5, 4))
    values[0, 2, 1] = np.nan
    mean, error, n = statistics.mean_and_error(values, axis=1)
    for i in range(3):
        for j in range(4):
            one = statistics.estimate(values[i, :, j])
            assert (mean[i, j], error[i, j], n[i, j]) == pytest.approx((one.mean, one.standard_error, one.n))


def test_interval_covers_at_its_rate():
    # Coverage of 4,000 intervals of five seeds: binomial, four standard errors.
    draws = np.random.default_rng(3).normal(loc=0.3, size=(4000, 5))
    mean, error, _ = statistics.mean_and_error(draws, axis=1)
    covered = np.mean(np.abs(mean - 0.3) <= statistics.t_factor(5) * error)
    assert abs(covered - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)
