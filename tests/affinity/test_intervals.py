"""Intervals: the clustered variance against a naive one, limits in closed form, coverage on a model with known variance."""

import numpy as np
import pytest
from scipy import stats

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._intervals import clustered, holm, two_sided_p


def _tested_once_a_repeat(generator, repeats, folds, rows):
    """Which rows each split tests: every row once a repeat."""
    tested = np.zeros((repeats * folds, rows), bool)
    for repeat in range(repeats):
        fold_of = generator.permutation(rows) % folds
        for fold in range(folds):
            tested[repeat * folds + fold] = fold_of == fold
    return tested


def _naive_error(values: np.ndarray) -> float:
    """The two-way clustered standard error as a sum over all pairs of numbers that share a row or a split."""
    entries = [(j, i, values[j, i]) for j, i in zip(*np.nonzero(np.isfinite(values)), strict=True)]
    mean = np.mean([value for _, _, value in entries])
    splits, rows = len({j for j, _, _ in entries}), len({i for _, i, _ in entries})
    total = 0.0
    for j, i, a in entries:
        for k, m, b in entries:
            weight = (i == m) * rows / (rows - 1) + (j == k) * splits / (splits - 1)
            weight -= (i == m and j == k) * len(entries) / (len(entries) - 1)
            total += weight * (a - mean) * (b - mean)
    return (total / len(entries) ** 2) ** 0.5


def test_error_is_the_sum_over_pairs_that_share_a_row_or_a_split():
    generator = np.random.default_rng(0)
    tested = _tested_once_a_repeat(generator, 3, 5, 20)
    effects = generator.normal(size=(15, 1)) + generator.normal(size=20) + 0.5 * generator.normal(size=(15, 20))
    values = np.where(tested, effects, np.nan)
    found = clustered(values)
    assert found.mean == pytest.approx(np.nanmean(values))
    assert found.standard_error == pytest.approx(_naive_error(values), rel=1e-12)
    half = stats.t.ppf(0.975, 14) * found.standard_error
    assert (found.low, found.high) == pytest.approx((found.mean - half, found.mean + half))


def test_one_repeat_of_one_row_a_split_is_the_ordinary_standard_error():
    values = np.random.default_rng(1).normal(size=12)
    found = clustered(np.where(np.eye(12, dtype=bool), values, np.nan))
    assert found.standard_error == pytest.approx(values.std(ddof=1) / 12**0.5)


def test_numbers_that_only_rows_distinguish_have_the_rows_standard_error():
    generator = np.random.default_rng(2)
    rows = generator.normal(size=40)
    tested = _tested_once_a_repeat(generator, 6, 40, 40)  # one test row a split
    found = clustered(np.where(tested, rows, np.nan))
    # Repeats add nothing about the rows: V_split − V_cell is what is left of finite J.
    assert found.standard_error == pytest.approx(rows.std(ddof=1) / 40**0.5, rel=0.02)


def test_coverage_where_rows_splits_and_cells_vary():
    generator = np.random.default_rng(3)
    draws, covered = 600, 0
    for _ in range(draws):
        tested = _tested_once_a_repeat(generator, 3, 10, 60)
        values = 0.3 * generator.normal(size=(30, 1)) + generator.normal(size=60) + generator.normal(size=(30, 60))
        found = clustered(np.where(tested, values, np.nan))
        covered += found.low < 0 < found.high
    # within four standard errors of 95 %, and not wide beyond need
    assert abs(covered / draws - 0.95) < 4 * (0.95 * 0.05 / draws) ** 0.5


def test_failed_splits_are_left_out_and_counted():
    values = np.where(np.eye(4, dtype=bool), 1.0, np.nan) * np.array([[1.0], [2.0], [np.nan], [4.0]])
    found = clustered(values)
    assert (found.n, found.left_out) == (3, 1)
    assert found.mean == pytest.approx(7 / 3)
    nothing = clustered(np.full((3, 5), np.nan))
    assert nothing.n == 0
    assert np.isnan(nothing.mean)
    alone = clustered(np.array([[1.0, 2.0], [np.nan, np.nan]]))
    assert alone.mean == 1.5
    assert np.isnan(alone.standard_error)


def test_p_value_is_the_intervals():
    found = Estimate(mean=2.0, standard_error=0.8, low=0.0, high=0.0, n=11, left_out=0)
    assert two_sided_p(found) == pytest.approx(2 * stats.t.sf(2.5, 10))
    assert two_sided_p(Estimate(1.0, float("nan"), 0.0, 0.0, 1, 0)) == 1


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]) == [1, 1]
    assert holm([]) == []


def _grouped(generator, sizes, repeats=3, folds=10, noise=0.3):
    """Numbers of no effect for groups of these sizes: each has an effect of its own, and so have each split and number."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    fold_of = np.stack([generator.permutation(len(sizes)) % folds for _ in range(repeats)])[:, groups]
    tested = (fold_of[:, None] == np.arange(folds)[None, :, None]).reshape(repeats * folds, -1)
    parts = generator.normal(size=len(sizes))[groups], noise * generator.normal(size=(len(tested), 1))
    return np.where(tested, parts[0] + parts[1] + generator.normal(size=tested.shape), np.nan), groups


@pytest.mark.parametrize("sizes", [np.full(40, 8), np.arange(40) % 8 + 2, np.full(12, 20)])
def test_coverage_with_groups(sizes):
    generator = np.random.default_rng(4)
    draws, covered, by_row = 1000, 0, 0
    for _ in range(draws):
        values, groups = _grouped(generator, sizes, folds=min(10, len(sizes)))
        covered += (found := clustered(values, groups)).low < 0 < found.high
        by_row += (found := clustered(values)).low < 0 < found.high
    assert abs(covered / draws - 0.95) < 4 * (0.95 * 0.05 / draws) ** 0.5
    assert by_row / draws < 0.87  # rows of a group are not independent


def test_groups_of_one_row_are_rows():
    values, _ = _grouped(np.random.default_rng(5), np.ones(60, int))
    assert clustered(values, np.random.default_rng(6).permutation(60)) == clustered(values)


def test_error_with_groups_is_the_sum_over_pairs_that_share_a_group_or_a_split():
    values, groups = _grouped(np.random.default_rng(7), [3, 1, 4, 2, 6, 1, 5, 3, 3, 2, 7, 4])
    splits, rows = np.nonzero(np.isfinite(values))
    mine, e = groups[rows], values[splits, rows] - np.nanmean(values)
    same, together = mine[:, None] == mine, splits[:, None] == splits
    clusters, made, cells = len(set(mine)), len(set(splits)), len(set(zip(mine, splits, strict=True)))
    weight = same * clusters / (clusters - 1) + together * made / (made - 1) - (same & together) * cells / (cells - 1)
    found = clustered(values, groups)
    assert found.standard_error == pytest.approx((e @ weight @ e) ** 0.5 / len(e), rel=1e-12)
    # twelve groups are fewer than thirty splits
    assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, 11) * found.standard_error)
    assert two_sided_p(found, 12) == pytest.approx(2 * stats.t.sf(abs(found.mean) / found.standard_error, 11))


def test_blocks_that_one_split_tests_each_are_clusters_already():
    """Coverage where every block of time has an effect of its own and is tested once."""
    generator = np.random.default_rng(8)
    draws, covered = 1000, 0
    tested = np.repeat(np.eye(10, dtype=bool), 20, axis=1)
    for _ in range(draws):
        values = generator.normal(size=(10, 1)) + generator.normal(size=200)
        found = clustered(np.where(tested, values, np.nan))
        covered += found.low < 0 < found.high
    assert abs(covered / draws - 0.95) < 4 * (0.95 * 0.05 / draws) ** 0.5
