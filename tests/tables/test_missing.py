"""Texts that stand for a missing value: one list for files, arrays and frames, told in the notes, chosen by the user."""

import decimal

import numpy as np
import pandas as pd
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays, read
from sharedtrunk.tables._missing import USUAL_TEXTS
from tables_problems import write_csv

SEVERITY = ["None"] * 91 + ["Mild"] * 75 + ["Severe"] * 74
X = np.random.default_rng(0).standard_normal((240, 2))
TOLD = "'severity': 91 cells 'None' were taken for missing; if that is a class, name the texts that do mean missing: "


def _table(kind, folder, labels, **how):
    """A table whose only task has these labels, by way of a file, an array or a frame."""
    features = {"a": X[: len(labels), 0], "b": X[: len(labels), 1]}
    if kind == "csv":
        return read(write_csv(folder / "t.csv", {**features, "severity": labels}), tasks=["severity"], **how)
    if kind == "parquet":
        arrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet

        pyarrow.parquet.write_table(arrow.table({**features, "severity": labels}), folder / "t.parquet")
        return read(folder / "t.parquet", tasks=["severity"], **how)
    if kind == "npz":
        np.savez(folder / "t.npz", **features, severity=np.array(labels))
        return read(folder / "t.npz", tasks=["severity"], **how)
    given = {
        "array": np.array(labels)[:, None],
        "bytes": np.array(labels, "S")[:, None],
        "objects": np.array(labels, object)[:, None],
        "frame": pd.DataFrame({"severity": labels}),
        "categories": pd.DataFrame({"severity": pd.Categorical(labels)}),
    }[kind]
    return from_arrays(X[: len(labels)], given, task_names=["severity"], **how)


KINDS = ["csv", "parquet", "npz", "array", "bytes", "objects", "frame", "categories"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_named_none_is_said_to_be_missing_and_can_be_had_as_a_class(tmp_path, kind):
    table = _table(kind, tmp_path, SEVERITY)
    assert (table.classes["severity"], (table.labels["severity"] >= 0).sum()) == (("Mild", "Severe"), 149)
    assert any(note.startswith(TOLD) for note in table.notes)
    for missing in ("", ["NA", "?"]):
        table = _table(kind, tmp_path, SEVERITY, missing=missing)
        assert table.classes["severity"] == ("Mild", "None", "Severe")
        assert not any("taken for missing" in note for note in table.notes)


@pytest.mark.parametrize("text", USUAL_TEXTS)
def test_every_reader_takes_the_same_texts_for_missing(tmp_path, text):
    for kind in KINDS:
        labels = ["a", "b", text] * 20
        table = _table(kind, tmp_path, labels)
        assert table.classes["severity"] == ("a", "b")
        np.testing.assert_array_equal(table.labels["severity"] < 0, np.arange(60) % 3 == 2)
        assert any(f"20 cells {text!r} were taken for missing" in note for note in table.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_text_is_missing_without_a_word(tmp_path, kind):
    for missing in (None, "", "x"):
        table = _table(kind, tmp_path, ["a", "b", " "] * 20, missing=missing)
        assert table.classes["severity"] == ("a", "b")
        assert not any("taken for missing" in note for note in table.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_the_users_take_the_place_of_the_usual_ones(tmp_path, kind):
    table = _table(kind, tmp_path, ["Na", "NA", "unknown", "-"] * 20, missing=["unknown", "-"])
    assert table.classes["severity"] == ("NA", "Na")
    (note,) = [note for note in table.notes if "taken for missing" in note]
    assert note.startswith("'severity': 20 cells ")
    assert {"'unknown'", "'-'"} <= set(note.replace(" and 20 cells", "").split())


def test_a_missing_label_that_became_a_text_is_no_class():
    labels = np.array([["a", "b", np.nan][i % 3] for i in range(60)])
    assert labels.dtype.kind == "U"
    assert from_arrays(X[:60], labels).classes["task0"] == ("a", "b")
    assert from_arrays(X[:60], {"y": ["a", 1.5, None] * 20}).classes["y"] == (1.5, "a")


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "array", "objects", "frame"])
def test_a_number_that_means_missing(tmp_path, kind):
    labels = [-999, 0, 1] * 20
    for given in (labels, [float(value) for value in labels]):
        table = _table(kind, tmp_path, given, missing="-999")
        assert table.classes["severity"] == (0, 1)
        assert any("20 cells '-999" in note for note in table.notes)
    assert _table(kind, tmp_path, labels).classes["severity"] == (-999, 0, 1)


def test_numbers_that_mean_missing_are_named_besides_the_usual_texts(tmp_path):
    """As the note on 999 among small numbers proposes it."""
    numbers = [999, 999, "NA", *X[3:60, 1]]
    features = {"a": numbers, "b": X[:60, 0], "y": ["x", "z", "?"] * 20}
    path = write_csv(tmp_path / "t.csv", features)
    assert any("--missing 999 " in note for note in read(path, tasks=["y"]).notes)
    table = read(path, tasks=["y"], missing=["999", "-1"])
    assert np.isnan(table.features[:4, 0]).tolist() == [True, True, True, False]
    assert table.classes["y"] == ("x", "z")
    assert read(path, tasks=["y"], missing=["999", "NA"]).classes["y"] == ("?", "x", "z")


@pytest.mark.parametrize("missing", ["1e300", "1e400", "1_0", "18446744073709551615", "inf"])
def test_a_number_that_means_missing_may_be_of_any_size(missing):
    for labels in ([np.float32(0.1), "a", 2], [10, 1, 2**64], [0.5, 1, 10**400]):
        objects = np.empty(60, object)
        objects[:] = labels * 20
        assert len(from_arrays(X[:60], {"y": objects}, missing=missing).classes["y"]) == 3
    for dtype in (np.float32, np.float64, np.uint8, np.int64, bool):
        assert from_arrays(X[:60], (np.arange(60) % 2).astype(dtype), missing=missing).classes["task0"] == (0, 1)
    top = np.array([2**64 - 1, 2**64 - 2, 0] * 20, np.uint64)
    kept = (0, 2**64 - 2) if missing == "18446744073709551615" else (0, 2**64 - 2, 2**64 - 1)
    assert from_arrays(X[:60], top, missing=missing).classes["task0"] == kept


def test_a_missing_feature_is_a_gap(tmp_path):
    features = {"a": X[:60, 0], "alley": ["None", "Gravel", "Paved"] * 20, "y": [0, 1] * 30}
    path = write_csv(tmp_path / "t.csv", features)
    table = read(path, tasks=["y"])
    assert table.categories["alley"] == ("Gravel", "Paved")
    assert np.isnan(table.features[:3, 1]).tolist() == [True, False, False]
    assert "Categories with gaps, where a gap is a level of its own: 'alley'." in table.notes
    assert "None" in read(path, tasks=["y"], missing="").categories["alley"]
    table = read(write_csv(tmp_path / "t.csv", {**features, "a": [-9, 1.5, 2] * 20}), tasks=["y"], missing="-9")
    assert np.isnan(table.features[:3, 0]).tolist() == [True, False, False]
    assert any(note.startswith("Gaps, filled") and note.endswith(": 'a'.") for note in table.notes)


@pytest.mark.parametrize("missing", [None, ""])
def test_no_text_becomes_a_feature_that_is_not_finite(missing):
    for text in ("inf", "-Infinity", "1e999"):
        with pytest.raises(InputError, match="features are finite"):
            from_arrays(np.array([["1.5"], [text], ["2"]] * 20), np.arange(60) % 2, missing=missing)


def test_masked_entries_and_signalling_nans_are_missing():
    mask = np.arange(60) < 5
    table = from_arrays(X[:60], np.ma.masked_array(np.arange(60) % 2, mask))
    np.testing.assert_array_equal(table.labels["task0"] < 0, mask)
    labels = [decimal.Decimal("sNaN"), decimal.Decimal(1), decimal.Decimal(2)] * 20
    assert from_arrays(X[:60], {"y": labels}).classes["y"] == (1, 2)


def test_texts_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"only texts can be named as missing values; got -999\. Put it in quotes"):
        from_arrays(X[:60], np.arange(60) % 2, missing=[-999])


def test_too_few_labels_are_told_with_the_texts_that_were_taken_for_missing(tmp_path):
    labels = ["None"] * 40 + ["a", "b"] * 10
    with pytest.raises(InputError, match=r"at least 30 labelled rows; got 20 .*40 cells 'None' were taken for missing"):
        _table("csv", tmp_path, labels)


def test_several_sentinels_side_by_side_are_told_and_a_lone_full_stop_is_a_gap(tmp_path):
    children = np.array([0, 1, 2, 3, 98, 99] * 20)
    children[:60] = np.arange(60) % 4
    features = pd.DataFrame({"kids": children, "age": np.arange(120.0) % 37})
    (note,) = [note for note in from_arrays(features, np.arange(120) % 2).notes if "as if it meant missing" in note]
    assert "99 in 'kids' (10 rows)" in note
    assert "98 in 'kids' (10 rows)" in note
    path = write_csv(tmp_path / "sas.csv", {"a": [".", 1.5, 2] * 20, "b": list(range(60)), "y": [0, 1, 1] * 20})
    found = read(path, tasks=["y"])
    assert np.isnan(found.features[:3, 0]).tolist() == [True, False, False]
