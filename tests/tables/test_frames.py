"""Frames of polars and pyarrow keep their names and whole numbers; sparse columns and matrices become dense in a bound."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from sharedtrunk.errors import InputError
from sharedtrunk.tables import _limits, from_arrays, read

ROWS = 60
X = np.random.default_rng(0).standard_normal((ROWS, 2))
BIG = 2**53
FEATURES = {
    "u": X[:, 0].tolist(),
    "v": X[:, 1].tolist(),
    "colour": ["red", "blue"] * 30,
    "flag": [True, False, False] * 20,
}
LABELS = {"a": [BIG, BIG + 1, None] * 20, "b": ["p", "q"] * 30, "c": [True, None, False] * 20}


def _makers(library):
    if library == "pandas":
        return pd.DataFrame, lambda values, name: pd.Series(values, name=name)
    if library == "polars":
        polars = pytest.importorskip("polars")
        return polars.DataFrame, lambda values, name: polars.Series(name, values)
    arrow = pytest.importorskip("pyarrow")
    return arrow.table, None


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_keep_their_names_and_whole_numbers(library):
    frame, series = _makers(library)
    table = from_arrays(frame(FEATURES), frame(LABELS))
    assert table.feature_names == ("u", "v", "colour", "flag")
    assert table.classes == {"a": (BIG, BIG + 1), "b": ("p", "q"), "c": (False, True)}
    assert table.labels["a"][:3].tolist() == [0, 1, -1]
    np.testing.assert_array_equal(table.features[:, :2], X)
    again = from_arrays(X, frame(LABELS), task_names=["one", "two", "three"])
    assert list(again.labels) == ["one", "two", "three"]
    if series is not None:
        assert list(from_arrays(X, series(LABELS["b"], "b")).labels) == ["b"]
        assert list(from_arrays(X, {"mine": series(LABELS["a"], "b")}).labels) == ["mine"]
        assert from_arrays(X, {"mine": series(LABELS["a"], "b")}).classes["mine"] == (BIG, BIG + 1)


def test_arrays_of_pyarrow_keep_whole_numbers():
    arrow = pytest.importorskip("pyarrow")
    for values in (arrow.chunked_array([LABELS["a"]]), arrow.array(LABELS["a"])):
        assert from_arrays(X, values).classes["task0"] == (BIG, BIG + 1)


def test_categories_of_polars_are_levels_even_where_they_look_like_numbers():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"a": X[:, 0], "grade": ["1", "2", "3"] * 20}, schema_overrides={"grade": polars.Categorical}
    )
    assert from_arrays(frame, np.arange(ROWS) % 2).categories == {"grade": ("1", "2", "3")}


def test_whole_numbers_of_polars_that_numpy_has_not():
    polars = pytest.importorskip("polars")
    series = polars.Series("a", [2**100, 2**100 + 1] * 30, dtype=polars.Int128)
    assert from_arrays(X, series).classes["a"] == (2**100, 2**100 + 1)


@pytest.mark.parametrize("form", ["matrix", "array", "frame"])
def test_sparse_features_become_dense_in_a_bound(monkeypatch, form):
    dense = np.where(np.random.default_rng(1).random((ROWS, 4)) < 0.3, np.arange(1.0, 1 + 4 * ROWS).reshape(ROWS, 4), 0)
    sparse = {
        "matrix": scipy.sparse.csr_matrix(dense),
        "array": scipy.sparse.coo_array(dense),
        "frame": pd.DataFrame.sparse.from_spmatrix(scipy.sparse.csr_matrix(dense)),
    }[form]
    np.testing.assert_array_equal(from_arrays(sparse, np.arange(ROWS) % 2).features, dense)
    monkeypatch.setattr(_limits, "MOST_BYTES", 8 * 4 * ROWS - 1)
    with pytest.raises(InputError, match=r"made dense up to .*; got shape \(60, 4\), about .* Give fewer rows"):
        from_arrays(sparse, np.arange(ROWS) % 2)


def test_sparse_labels_of_a_frame_are_labels():
    labels = pd.DataFrame({"y": pd.arrays.SparseArray(np.arange(ROWS) % 2)})
    assert from_arrays(X, labels).classes["y"] == (0, 1)


def test_whole_numbers_in_lists_of_parquet_may_be_large(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    lists = arrow.array([[BIG + 1, i * i] for i in range(ROWS)])
    pyarrow.parquet.write_table(arrow.table({"e": lists, "y": [0, 1] * 30}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", tasks=["y"]).feature_names == ("e[1]",)


def test_a_column_of_the_name_of_an_embeddings_place_is_refused(tmp_path):
    arrays = {"e": X, "e[0]": X[:, 0] ** 2, "y": np.arange(ROWS) % 2}
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(InputError, match=r"different names; got 'e\[0\]' more than once"):
        read(tmp_path / "t.npz", tasks=["y"])
