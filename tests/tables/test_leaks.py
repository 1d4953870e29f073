"""Leaks with known answers, the bound on chance against enumeration, and no finding in random tables."""

import itertools

import numpy as np
import pandas as pd
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays, leaks
from sharedtrunk.tables._leaks import log_chance_determined, log_chance_separated

ROWS = 300
RNG = np.random.default_rng(0)
X = RNG.standard_normal((ROWS, 3))
DIGIT = RNG.integers(0, 10, ROWS)
OTHER = RNG.integers(0, 3, ROWS)


def _found(features: dict, labels: dict, main: str) -> set[tuple]:
    frame = pd.DataFrame({**{f"x{j}": X[:, j] for j in range(3)}, **features})
    return {(leak.kind, leak.column, leak.other, leak.severe) for leak in leaks(from_arrays(frame, labels), main)}


def _named(codes):
    return np.array(["zero", "one", "two"])[codes]


_THRESHOLDS = np.digitize(X[:, 0], [-0.5, 0.7])
_LEVELS = RNG.integers(0, 40, ROWS)
_KNOWN = RNG.random(ROWS) < 0.6

_CASES = {
    "nothing": ({}, {"y": OTHER}, set()),
    "equal": ({"copy": OTHER}, {"y": OTHER}, {("feature equals label", "copy", "y", True)}),
    "recoded": ({"copy": (2 * OTHER) % 3}, {"y": _named(OTHER)}, {("feature equals label", "copy", "y", True)}),
    "category": ({"copy": _named(OTHER)}, {"y": OTHER}, {("feature equals label", "copy", "y", True)}),
    "threshold": ({}, {"y": _THRESHOLDS}, {("feature separates label", "x0", "y", True)}),
    "band": ({}, {"y": np.abs(X[:, 0]) < 0.7}, set()),
    "equal where known": (
        {"copy": np.where(_KNOWN, OTHER, (OTHER + _LEVELS) % 3)},
        {"y": np.where(_KNOWN, OTHER, np.nan)},
        {("feature equals label", "copy", "y", True)},
    ),
    "function": ({"level": _LEVELS}, {"y": _LEVELS % 3}, {("feature determines label", "level", "y", True)}),
    "of an auxiliary": (
        {"copy": OTHER},
        {"y": DIGIT % 2, "z": OTHER},
        {("feature equals label", "copy", "z", False)},
    ),
    "parity of main": (
        {},
        {"digit": DIGIT, "parity": DIGIT % 2},
        {("auxiliary follows from main", "digit", "parity", False)},
    ),
    "main is the parity": (
        {},
        {"parity": DIGIT % 2, "digit": DIGIT},
        {("main follows from auxiliary", "digit", "parity", False)},
    ),
    "same task": ({}, {"y": OTHER, "z": _named(OTHER)}, {("same labels", "z", "y", True)}),
    "no rows in common": (
        {},
        {"y": np.where(np.arange(ROWS) < 150, DIGIT, np.nan), "z": np.where(np.arange(ROWS) < 150, np.nan, DIGIT)},
        set(),
    ),
    "one exception": ({"copy": np.where(np.arange(ROWS) == 7, 1 - OTHER, OTHER)}, {"y": OTHER}, set()),
}


@pytest.mark.parametrize("name", _CASES)
def test_leaks_with_known_answers(name):
    features, labels, expected = _CASES[name]
    assert _found(features, labels, next(iter(labels))) == expected


def test_a_leak_among_missing_labels_is_found_where_both_are_known():
    some = np.where(np.arange(ROWS) % 3 == 0, DIGIT.astype(float), np.nan)
    assert ("auxiliary follows from main", "digit", "parity", False) in _found(
        {}, {"digit": some, "parity": DIGIT % 2}, "digit"
    )
    few = np.where(np.arange(ROWS) < 31, DIGIT.astype(float), np.nan)  # 31 rows of ten digits could be chance
    assert _found({}, {"digit": few, "parity": DIGIT % 2}, "digit") == set()


def test_sentences_say_what_was_found_and_severe_ones_come_first():
    frame = pd.DataFrame({"x": X[:, 0], "copy": OTHER, "twin": DIGIT % 2})
    table = from_arrays(frame, {"z": DIGIT % 2, "y": OTHER})
    first, second = leaks(table, "y")
    assert first.sentence.startswith("Feature 'copy' equals the label of 'y' in all 300 rows that have it")
    assert (first.severe, second.severe) == (True, False)
    with pytest.raises(InputError, match="the main task is a task of the table; got 'Y'"):
        leaks(table, "Y")


def test_duplicate_rows_are_counted():
    features = X.copy()
    features[10] = features[20] = features[30]
    features[40] = features[50]
    labels = OTHER.astype(float)
    labels[[10, 20, 30, 40]] = [0, 1, 1, 2]
    labels[50] = np.nan  # not labelled: it is on no side of a split
    (leak,) = leaks(from_arrays(features, labels), "task0")
    assert leak.kind == "duplicate rows"
    assert "Of 299 rows, 3 have the same features as another row (2 have the same labels too)" in leak.sentence


def test_rows_of_a_few_coarse_features_coincide_and_are_not_told():
    coarse = np.random.default_rng(5).integers(0, 9, (300, 3)).astype(float)
    assert leaks(from_arrays(coarse, OTHER.astype(float)), "task0") == ()
    twice = np.concatenate([X, X[:3]])
    (leak,) = leaks(from_arrays(twice, np.concatenate([OTHER, OTHER[:3]]).astype(float)), "task0")
    assert leak.kind == "duplicate rows"


@pytest.mark.parametrize("groups", [(2, 2, 2), (3, 3), (1, 1, 1, 3), (1, 1, 1, 1, 1, 1)])
@pytest.mark.parametrize("codes", [(0, 0, 0, 1, 1, 1), (0, 0, 1, 1, 2, 2), (0, 1, 1, 1, 1, 1)])
def test_the_bound_on_chance_bounds_it(groups, codes):
    values = np.repeat(np.arange(len(groups)), groups)
    shuffles = list(set(itertools.permutations(codes)))
    pure = [all(len(set(np.array(each)[values == value])) == 1 for value in set(values)) for each in shuffles]
    stretched = [len(list(itertools.groupby(each))) == len(set(codes)) for each in shuffles]
    counts = np.unique(codes, return_counts=True)[1]
    assert np.mean(pure) <= np.exp(log_chance_determined(counts, len(groups))) * (1 + 1e-12)
    # Along a column of different values the second is not a bound but the probability.
    np.testing.assert_allclose(np.mean(stretched), np.exp(log_chance_separated(counts)))


@pytest.mark.long
def test_random_tables_have_no_leaks():
    rng = np.random.default_rng(11)
    for _ in range(60):
        rows = int(rng.integers(30, 120))
        discrete = [rng.integers(0, levels, (rows, 10)) for levels in (2, 4, 30)]
        features = np.hstack([rng.standard_normal((rows, 20)), *discrete])
        labels = {
            "y": rng.permutation(np.arange(rows) % 2),
            "z": rng.permutation(np.arange(rows) % 5),
            # Two positives are often the two largest of some column.
            "rare": rng.permutation(np.arange(rows) < 2),
        }
        table = from_arrays(features, labels)
        assert leaks(table, "y") == ()


def test_few_positives_that_a_column_happens_to_separate_are_no_leak():
    rows = 40
    column = np.arange(rows, dtype=float)
    table = from_arrays(np.stack([column, np.sin(column)], axis=1), {"y": column >= rows - 2})
    assert leaks(table, "y") == ()
