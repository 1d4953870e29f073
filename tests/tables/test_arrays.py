"""Arrays and frames: names, encoding, labels of any type, what is left out, and what is refused."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays, standardized

ROWS = 60
RNG = np.random.default_rng(0)
X = RNG.standard_normal((ROWS, 3))
Y = RNG.integers(0, 2, ROWS)


def test_arrays_get_plain_names():
    table = from_arrays(X, np.stack([Y, 1 - Y], axis=1))
    assert table.feature_names == ("x0", "x1", "x2")
    assert list(table.labels) == ["task0", "task1"]
    np.testing.assert_array_equal(table.features, X)
    assert table.features.dtype == np.float64
    np.testing.assert_array_equal(table.labels["task1"], 1 - Y)
    assert table.labels["task1"].dtype == np.int64
    assert table.notes == ()
    named = from_arrays(X.tolist(), Y.tolist(), task_names=["y"], feature_names=["a", "b", "c"])
    assert (named.feature_names, list(named.labels)) == (("a", "b", "c"), ["y"])


@pytest.mark.parametrize(
    ("values", "classes", "codes"),
    [
        ([True, False, None], (False, True), [1, 0, -1]),
        (["b", "a", None], ("a", "b"), [1, 0, -1]),
        (["1", "0", None], ("0", "1"), [1, 0, -1]),
        ([7, 3, None], (3, 7), [1, 0, -1]),
        ([7.0, 3.0, np.nan], (3, 7), [1, 0, -1]),
        ([0.5, 0.25, np.nan], (0.25, 0.5), [1, 0, -1]),
        ([-1, 2**60 + 1, 2**60], (-1, 2**60, 2**60 + 1), [0, 2, 1]),
        ([1, 0, pd.NA], (0, 1), [1, 0, -1]),
        (["x", 1, None], (1, "x"), [1, 0, -1]),
        ([("a", 1), ("a", 0), ("b", 0)], (("a", 0), ("a", 1), ("b", 0)), [1, 0, 2]),
        ([decimal.Decimal(2), decimal.Decimal(1), decimal.Decimal("NaN")], (1, 2), [1, 0, -1]),
    ],
)
def test_class_names_keep_their_type(values, classes, codes):
    labels = np.empty(3 * 20, object)
    labels[:] = [values[i % 3] for i in range(60)]
    table = from_arrays(X, {"y": labels})
    assert table.classes["y"] == classes
    assert [type(name) for name in table.classes["y"]] == [type(name) for name in classes]
    assert table.labels["y"][:3].tolist() == codes
    if all(type(value) is type(values[0]) for value in values) and not isinstance(values[0], tuple):
        assert from_arrays(X, np.array(values * 20)).classes["task0"] == classes


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "string", "category", "object"])
def test_frames_of_nullable_labels(dtype):
    plain = {"boolean": [True, False, None], "string": ["b", "a", None]}.get(dtype, [1, 0, None])
    labels = pd.Series(plain * 20, dtype=dtype)
    table = from_arrays(X, labels.to_frame("y"))
    assert table.labels["y"][:3].tolist() == [1, 0, -1]
    assert len(table.classes["y"]) == 2
    assert list(from_arrays(X, labels).labels) == ["Y"]
    assert list(from_arrays(X, labels.rename("z")).labels) == ["z"]


def test_frames_are_encoded():
    size = np.array(["small", "small", "large"])[np.arange(ROWS) % 3]
    frame = pd.DataFrame(
        {
            "a": X[:, 0],
            "size": pd.Categorical(size),
            "grade": pd.Categorical(np.array([1, 1, 1, 2, 3])[np.arange(ROWS) % 5]),
            "flag": pd.array([True, False, False, True] * (ROWS // 4), dtype="boolean"),
            "text": [f"{value:.3f}" for value in X[:, 1]],
            "count": pd.array(np.arange(ROWS) % 11, dtype="Int64"),
        }
    )
    table = from_arrays(frame, Y)
    assert table.feature_names == ("a", "size", "grade", "flag", "text", "count")
    assert table.categories == {"size": ("large", "small"), "grade": ("1", "2", "3")}
    np.testing.assert_array_equal(table.features[:, 1], size == "small")
    np.testing.assert_array_equal(table.features[:, 2], np.array([0, 0, 0, 1, 2])[np.arange(ROWS) % 5])
    np.testing.assert_array_equal(table.features[:, 3], frame["flag"].astype(float))
    np.testing.assert_allclose(table.features[:, 4], X[:, 1], atol=5e-4)
    told = "Categories, turned into indicators of their levels, with the commonest as the reference (2 columns)"
    assert f"{told}: 'size', 'grade'." in table.notes


def test_identifiers_are_left_out():
    rows = 400
    levels = np.array([f"city{min(int(i), 30)}" for i in np.random.default_rng(1).exponential(6.0, rows)])
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"city": levels, "id": [f"u{i}" for i in range(rows)], "a": rng.standard_normal(rows)})
    table = from_arrays(frame, rng.integers(0, 2, rows))
    assert table.feature_names == ("city", "a")
    np.testing.assert_array_equal(np.array(table.categories["city"])[table.features[:, 0].astype(int)], levels)
    assert any(note.startswith("Categories with more than 20 levels") for note in table.notes)
    assert any("because their texts rarely repeat: 'id'" in note for note in table.notes)


def test_constant_and_duplicate_columns_are_left_out():
    a, b, c = X.T
    columns = {
        "a": a,
        "constant": np.full(ROWS, 0.1),
        "fahrenheit": 32 + 1.8 * a,
        "minus": -a,
        "b": b,
        "shifted": 100 + 1e-3 * b,
        "nearly": b + 1e-4 * c,
        "word": ["x"] * ROWS,
    }
    table = from_arrays(pd.DataFrame(columns), Y)
    assert table.feature_names == ("a", "b", "nearly")
    assert any("constant: 'constant', 'word'" in note for note in table.notes)
    assert any("'fahrenheit' (of 'a'), 'minus' (of 'a'), 'shifted' (of 'b')" in note for note in table.notes)


def test_duplicates_among_many_columns_are_all_found():
    rng = np.random.default_rng(3)
    wide = rng.standard_normal((200, 150))
    signs, places = rng.choice([-2.0, 0.5], 50), rng.permutation(150)[:50]
    table = from_arrays(np.hstack([wide, wide[:, places] * signs + 3]), rng.integers(0, 2, 200))
    assert table.feature_names == tuple(f"x{j}" for j in range(150))


def test_standardized():
    values = np.stack([X[:, 0] * 5 + 1, np.full(ROWS, 0.1)], axis=1)
    scaled, mean, scale = standardized(values)
    np.testing.assert_allclose(scaled[:, 0].mean(), 0, atol=1e-12)
    np.testing.assert_allclose(scaled[:, 0].std(), 1)
    np.testing.assert_allclose(scaled * scale + mean, values)
    assert scale[1] == 1
    np.testing.assert_allclose(scaled[:, 1], 0, atol=1e-12)


@pytest.mark.parametrize("size", [1e-310, 1e-180, 1e-3, 1e180, 1e299])
def test_standardized_at_any_size(size):
    """The square of 1e−180 is 0 and that of 1e180 infinite; the deviations are neither."""
    scaled, mean, scale = standardized(X * size / np.abs(X).max())
    expected, centre, spread = standardized(X / np.abs(X).max())
    rtol = 1e-9 if size > 1e-300 else 1e-6  # below, a double has fewer digits
    np.testing.assert_allclose(scaled, expected, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(mean / size, centre, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(scale / size, spread, rtol=rtol)


_BAD = {
    "huge sparse": (
        scipy.sparse.csr_array((10**6, 10**6)),
        Y,
        r"made dense up to 1 GiB, at 8 bytes per number; got shape .*, about 7.5e.03 GiB",
    ),
    "sparse labels": (X, scipy.sparse.csr_array(Y[:, None]), r"Y is dense; got a sparse matrix. Give Y.toarray\(\)"),
    "one axis": (X[:, 0], Y, r"axes \(sample, feature\); got shape \(60,\). Reshape"),
    "three axes": (X[:, :, None], Y, "axes"),
    "rows": (X, Y[:-1], "same rows; got 60 in X and 59 in Y"),
    "ragged": ([[1, 2], [3]] * 30, Y, "axes|unequal"),
    "no columns": (X[:, :0], Y, "got no columns"),
    "no rows": (X[:0], Y[:0], "got no rows"),
    "infinite": (np.where(X > 2, np.inf, X), Y, "features are finite"),
    "huge": (np.where(X > 2, 1e301, X), Y, r"features are finite, and below 1e\+300"),
    "complex": (X + 1j, Y, "complex numbers in 'x0'"),
    "dates as labels": (X, pd.DataFrame({"d": [pd.Timestamp("2024-01-01")] * ROWS}), "labels are classes; .*'d'"),
    "mixed dates": (pd.DataFrame({"d": [datetime.date(2024, 1, 1), 3] * (ROWS // 2)}), Y, "among other values in 'd'"),
    "word": (np.array([*map(str, X[1:, 0]), "oops"])[:, None], Y, "the text 'oops' in column 'x0', row 60"),
    "names twice": (pd.DataFrame(X, columns=["a", "a", "b"]), Y, "different names; got 'a'"),
    "levels": (pd.DataFrame(X, columns=pd.MultiIndex.from_product([["a"], list("bcd")])), Y, "one level"),
    "one class": (X, Y * 0, "at least two classes"),
    "infinite among names": (X, {"y": [np.inf, "a", "b"] * (ROWS // 3)}, "labels are finite; got an infinity in 'y'"),
    "infinite label": (X, np.where(Y > 0, np.inf, 0.0), "labels are finite"),
    "few": (X[:20], Y[:20], "at least 30 labelled rows; got 20"),
    "unlabelled": (X, [None] * ROWS, "at least 30 labelled rows; got 0"),
    "unhashable": (X, {"y": np.array([{}] * ROWS, object)}, "class names are hashable"),
    "mapping shapes": (X, {"y": np.zeros((ROWS, 2))}, "maps names to"),
    "mapping rows": (X, {"y": Y, "z": Y[:-1]}, "same rows"),
}


@pytest.mark.parametrize("name", _BAD)
def test_bad_arrays_are_told_in_one_line(name):
    features, labels, message = _BAD[name]
    with pytest.raises(InputError, match=message) as raised:
        from_arrays(features, labels)
    assert "\n" not in str(raised.value)


def test_names_must_fit():
    with pytest.raises(InputError, match="2 names for 3 columns of X"):
        from_arrays(X, Y, feature_names=["a", "b"])
    with pytest.raises(InputError, match="different names; got 'a'"):
        from_arrays(X, Y, feature_names=["a", "a", "b"])
    table = from_arrays(X, {"half\udcff": Y})
    assert list(table.labels) == ["half\\udcff"]
