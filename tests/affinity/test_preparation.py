"""The preparation of features: what each kind of column becomes, estimated from training rows alone."""

import numpy as np
import pytest

from sharedtrunk.affinity._preparation import (
    FENCE,
    MOST_DEVIATIONS,
    Bounded,
    DateParts,
    LevelIndicators,
    Standardized,
    preparation,
)
from sharedtrunk.affinity._split_inputs import SplitInputs, padded_width
from sharedtrunk.tables import standardized

RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 3))


def test_ordinary_numbers_are_standardized_and_nothing_else():
    names = ("a", "b", "c")
    found = preparation(names, {}, ()).fit_transform(X)
    np.testing.assert_allclose(found, standardized(X)[0], atol=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e299])
def test_numbers_of_any_size(size):
    found = preparation(("a", "b", "c"), {}, ()).fit_transform(X * size / np.abs(X).max())
    np.testing.assert_allclose(found, standardized(X)[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.05, 0.2])
def test_a_sentinel_ends_near_the_others_and_leaves_them_their_scale(share):
    """Whether the training rows have it (up to a fifth of them) or not, it is a few deviations from the rest."""
    percent = RNG.uniform(0, 100, (1000, 1))
    percent[: int(share * 1000)] = 999999.4
    fitted = preparation(("term",), {}, ()).fit(percent)
    clean, strange = fitted.transform(np.array([[0.0], [100.0], [999999.4]])), fitted.transform(np.array([[999999.4]]))
    assert clean[1, 0] - clean[0, 0] > 0.5  # √12 without a sentinel, and 0.00025 if a fifth are not bounded
    assert clean[1, 0] < strange[0, 0] < 11


def test_lognormal_incomes_keep_their_order_and_most_of_their_scale():
    incomes = np.exp(RNG.standard_normal((1000, 1)))
    found = Bounded().fit_transform(incomes)[:, 0]
    order = np.argsort(incomes[:, 0])
    assert (np.diff(found[order]) > 0).all()
    low, high = np.quantile(incomes, [0.25, 0.75])
    ordinary = incomes[:, 0] < high + (FENCE - 0.1) * (high - low)
    assert ordinary.mean() > 0.95
    slope = np.polyfit(incomes[ordinary, 0], found[ordinary], 1)[0]
    np.testing.assert_allclose(np.diff(found[ordinary]), slope * np.diff(incomes[ordinary, 0]), atol=1e-9)
    # A linear model of the logarithm loses nothing: the bounded incomes tell it better than the incomes themselves.
    logs = np.log(incomes[:, 0])
    assert np.corrcoef(found, logs)[0, 1] > np.corrcoef(incomes[:, 0], logs)[0, 1] > 0.5


def test_columns_that_are_mostly_zero_stay_as_they_are():
    counts = np.where(RNG.random((1000, 1)) < 0.9, 0, RNG.integers(1, 17, (1000, 1))).astype(float)
    np.testing.assert_allclose(preparation(("n",), {}, ()).fit_transform(counts), standardized(counts)[0], atol=1e-12)


def test_rare_values_of_a_sparse_column_are_not_hundreds_of_deviations_out():
    training = np.zeros((2000, 1))
    training[0] = 1.0
    fitted = Standardized().fit(training)
    found = fitted.transform(np.array([[0.0], [1.0], [8.0]]))[:, 0]
    assert abs(found[0]) < 0.1
    assert MOST_DEVIATIONS < found[1] < found[2] < MOST_DEVIATIONS + 7


def test_gaps_are_filled_with_the_median_and_marked_where_the_training_rows_have_some():
    training, other = X.copy(), X.copy()
    training[::4, 1] = np.nan
    other[0] = np.nan
    fitted = preparation(("a", "b", "c"), {}, ()).fit(training)
    assert fitted.get_feature_names_out(["a", "b", "c"]).tolist() == ["a", "b", "c", "missingindicator_b"]
    found = fitted.transform(other)
    assert np.isfinite(found).all()
    filled = X.copy()
    for j in range(3):
        known = np.sort(training[~np.isnan(training[:, j]), j])
        filled[0, j] = known[(len(known) - 1) // 2]
    np.testing.assert_allclose(found[0, :3], fitted.transform(filled)[0, :3], atol=1e-12)
    assert found[0, 3] > 1 > 0 > found[1, 3]


@pytest.mark.parametrize("value", [3.0, np.nan])
def test_what_is_constant_in_the_training_rows_is_zero_everywhere(value):
    training = X.copy()
    training[:, 1] = value
    found = preparation(("a", "b", "c"), {}, ()).fit(training).transform(X)
    np.testing.assert_array_equal(found[:, 1], 0)
    if np.isnan(value):
        np.testing.assert_array_equal(found[:, 3], 0)


def test_the_commonest_level_is_the_reference_and_a_gap_is_a_level():
    codes = np.array([1.0] * 5 + [0.0] * 3 + [np.nan] * 2)[:, None]
    levels = LevelIndicators([("red", "blue", "green")]).fit(codes)
    assert levels.get_feature_names_out(["colour"]).tolist() == ["colour=red", "colour=missing"]
    found = levels.transform(np.array([[1.0], [0.0], [np.nan], [2.0]]))
    np.testing.assert_array_equal(found, [[0, 0], [1, 0], [0, 1], [0, 0]])


def test_rare_and_unknown_levels_are_pooled():
    codes = np.concatenate([np.full(30 - k, k) for k in range(25)])[:, None].astype(float)
    levels = LevelIndicators([tuple(f"l{k}" for k in range(26))]).fit(codes)
    names = levels.get_feature_names_out(["c"]).tolist()
    assert names == [*(f"c=l{k}" for k in range(1, 19)), "c=other"]
    found = levels.transform(np.array([[0.0], [18.0], [19.0], [24.0], [25.0], [np.nan]]))
    np.testing.assert_array_equal(found.sum(axis=1), [0, 1, 1, 1, 1, 1])
    np.testing.assert_array_equal(found[2:, -1], 1)


def test_parts_of_dates_are_there_where_the_training_rows_span_two_periods():
    def parts(days):
        return DateParts().fit(np.asarray(days, float)[:, None]).parts_[0]

    assert parts(np.arange(1000)) == ["month", "weekday"]
    assert parts(np.arange(60) / 4) == ["weekday", "hour"]
    assert parts(7 * np.arange(100)) == []  # one weekday, 700 days
    assert parts(np.arange(10) / 24) == []
    day = np.datetime64("2024-02-29T18:00").astype("datetime64[h]").astype(float) / 24
    fitted = DateParts().fit(np.array([[0.0], [3000.25], [np.nan]]))
    assert fitted.get_feature_names_out(["d"]).tolist() == ["d", "d month", "d weekday", "d hour"]
    np.testing.assert_allclose(fitted.transform(np.array([[day], [np.nan]])), [[day, 2, 3, 18], [np.nan] * 4])


def test_names_that_are_no_columns_and_kinds_side_by_side():
    features = np.stack([X[:, 0], np.arange(200) % 3, np.arange(200.0) * 10], axis=1)
    fitted = preparation(("n", "c", "d"), {"c": ("p", "q", "r")}, ("d",)).fit(features)
    assert fitted.get_feature_names_out(["n", "c", "d"]).tolist() == ["n", "d", "d month", "d weekday", "c=q", "c=r"]
    np.testing.assert_allclose(fitted.transform(features).std(axis=0), 1)


def test_held_out_rows_do_not_prepare_the_rows_that_are_trained_on():
    features = np.stack([X[:, 0], np.arange(200) % 3, np.arange(200.0) * 10], axis=1)
    trained_on = np.arange(200) < 120
    changed = features.copy()
    changed[120:] = [1e6, 7, np.nan]
    found = [
        SplitInputs(each, preparation(("n", "c", "d"), {"c": tuple("pqrstuvw")}, ("d",))).of(trained_on, "float32")
        for each in (features, changed)
    ]
    assert found[0][1] == found[1][1]
    np.testing.assert_array_equal(found[0][0][:120], found[1][0][:120])
    assert not np.array_equal(found[0][0][120:], found[1][0][120:])


def test_prepared_splits_are_kept_up_to_a_limit(monkeypatch):
    from sharedtrunk.affinity import _split_inputs

    inputs = SplitInputs(X, preparation(("a", "b", "c"), {}, ()))
    masks = [np.arange(200) % 10 != fold for fold in range(10)]
    first = inputs.of(masks[0], "float32")
    assert inputs.of(masks[0], "float32") is first
    monkeypatch.setattr(_split_inputs, "KEPT_BYTES", 1)
    for mask in masks:
        inputs.of(mask, "float32")
    assert len(inputs._kept) <= _split_inputs.cores()


@pytest.mark.float64
def test_a_split_is_prepared_for_each_precision():
    inputs = SplitInputs(X, preparation(("a", "b", "c"), {}, ()))
    found = [inputs.of(np.arange(200) % 2 == 0, dtype)[0].dtype for dtype in ("float32", "float64", "float32")]
    assert found == ["float32", "float64", "float32"]


def test_padded_widths_are_few():
    assert [padded_width(n) for n in (0, 1, 8, 9, 61, 64, 65, 130, 1000, 1025)] == [
        8,
        8,
        8,
        16,
        64,
        64,
        72,
        144,
        1024,
        1152,
    ]
    widths = {padded_width(n) for n in range(1000, 2000)}
    assert len(widths) <= 9
    assert all(n <= padded_width(n) <= max(8 * -(-n // 8), 1.125 * n) for n in range(1, 3000))
