"""Kinds of task: numbers, classes, ordered levels, and cells with several labels; what is inferred, and what can be said."""

import numpy as np
import pandas as pd
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays, leaks, read, with_weights
from tables_problems import columns, write_csv

ROWS = 120
X = np.random.default_rng(0).normal(size=(ROWS, 3))
NOISE = np.random.default_rng(1).normal(size=ROWS)
GRADES = np.array(["low", "mid", "high"])[np.arange(ROWS) % 3]


def table(labels, **how):
    return from_arrays(X, {"y": labels}, **how)


def test_numbers_that_cannot_be_classes_are_numeric_and_keep_their_values():
    gaps = np.where(np.arange(ROWS) % 7 == 0, np.nan, NOISE)
    found = table(gaps)
    assert found.kind("y") == "numeric"
    assert found.classes["y"] == ()
    np.testing.assert_array_equal(found.numbers["y"], gaps)
    np.testing.assert_array_equal(found.labels["y"] < 0, np.isnan(gaps))
    known = found.labels["y"] >= 0
    np.testing.assert_array_equal(np.argsort(found.labels["y"][known]), np.argsort(gaps[known]))
    assert any("'y' is taken for a number" in note for note in found.notes)


def test_whole_numbers_are_classes_unless_they_are_too_many():
    few = table(np.arange(ROWS) % 4)
    assert few.kind("y") == "classes"
    assert few.classes["y"] == (0, 1, 2, 3)
    assert few.notes == ()
    some = table(np.arange(ROWS) % 24)
    assert some.kind("y") == "classes"
    assert any("24 classes without an order (--kind y=numeric" in note for note in some.notes)
    assert table(np.arange(ROWS)[::-1]).kind("y") == "numeric"
    many = {classes: from_arrays(np.tile(X, (6, 1)), {"y": np.arange(6 * ROWS) % classes}) for classes in (100, 101)}
    assert {classes: found.kind("y") for classes, found in many.items()} == {100: "classes", 101: "numeric"}
    assert table(np.arange(ROWS) % 24 / 2).kind("y") == "classes"
    assert table(np.arange(ROWS) % 24 / 7.3).kind("y") == "numeric"


def test_what_the_user_says_counts():
    asked = table(np.arange(ROWS) % 4, kinds={"y": "numeric"})
    np.testing.assert_array_equal(asked.numbers["y"], np.arange(ROWS) % 4)
    assert not any("taken for" in note for note in asked.notes)
    ordered = table(np.arange(ROWS) % 4, kinds={"y": "ordered"})
    assert (ordered.kind("y"), ordered.classes["y"]) == ("ordered", (0, 1, 2, 3))
    levels = table(GRADES, kinds={"y": ["low", "mid", "high"]})
    assert levels.classes["y"] == ("low", "mid", "high")
    assert table(GRADES, kinds={"y": "low<mid<high"}).classes == levels.classes
    np.testing.assert_array_equal(levels.labels["y"], np.arange(ROWS) % 3)
    assert table(GRADES).kind("y") == "classes"


def test_an_ordered_categorical_is_ordered():
    grades = pd.Categorical(GRADES, ["low", "mid", "never", "high"], ordered=True)
    found = from_arrays(X, pd.DataFrame({"y": grades}))
    assert (found.kind("y"), found.classes["y"]) == ("ordered", ("low", "mid", "high"))
    assert any("'y' is ordered: low < mid < high (--kind y=classes" in note for note in found.notes)
    plain = from_arrays(X, pd.DataFrame({"y": grades}), kinds={"y": "classes"})
    assert (plain.kind("y"), plain.classes["y"]) == ("classes", ("high", "low", "mid"))
    unordered = from_arrays(X, pd.DataFrame({"y": pd.Categorical(GRADES)}))
    assert unordered.kind("y") == "classes"


def test_an_ordered_dictionary_of_parquet_is_ordered(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(X, columns=list("abc"))
    frame["y"] = pd.Categorical(GRADES, ["low", "mid", "high"], ordered=True)
    frame.to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", tasks=["y"]).classes["y"] == ("low", "mid", "high")


def test_several_labels_in_a_cell_are_a_task_each():
    cells = np.array(["red|blue", "red", "blue|green", "", "green"], object)[np.arange(ROWS) % 5]
    cells[0] = "red|blue|rare"
    found = from_arrays(X, {"color": cells, "other": np.arange(ROWS) % 2})
    assert list(found.labels) == ["color=blue", "color=green", "color=red", "other"]
    assert found.parts == {"color": ("color=blue", "color=green", "color=red")}
    assert found.tasks_of(["other", "color"]) == ("other", "color=blue", "color=green", "color=red")
    red = np.array([1, 1, 0, -1, 0])[np.arange(ROWS) % 5]
    np.testing.assert_array_equal(found.labels["color=red"], red)
    assert found.classes["color=red"] == (False, True)
    assert any("'color' has several labels in a cell: 3 tasks" in note for note in found.notes)
    assert table(cells, kinds={"y": "classes"}).kind("y") == "classes"


def test_texts_with_bars_that_are_one_label_each_stay_whole():
    found = table(np.array(["a|b", "c|d"], object)[np.arange(ROWS) % 2])
    assert found.classes["y"] == ("a|b", "c|d")


def test_one_label_of_a_file_with_several_in_a_cell(tmp_path):
    cells = np.array(["red|blue", "red", "blue", "green|red"])[np.arange(ROWS) % 4]
    path = write_csv(tmp_path / "t.csv", {**columns(ROWS), "color": cells.tolist()})
    found = read(path, tasks=["color=red", "churned"])
    assert list(found.labels) == ["color=red", "churned"]
    assert "color" not in found.feature_names
    assert found.parts == {"color": ("color=red",)}
    with pytest.raises(InputError, match=r"got 'color=pink', which is none\. There is 'color=blue'"):
        read(path, tasks=["color=pink"])
    with pytest.raises(InputError, match=r"got 'churned=yes', which is none\. Its cells have one label each"):
        read(path, tasks=["churned=yes"])


@pytest.mark.parametrize(
    ("labels", "kinds", "message"),
    [
        (GRADES, {"y": "numeric"}, "a numeric task holds numbers; got values such as 'low' in 'y'.*--kind y=classes"),
        (np.arange(ROWS) % 2, {"y": "numeric"}, "at least 3 different values; got 2 values in 'y'"),
        (np.arange(ROWS) % 2, {"y": "ordered"}, "an ordered task has at least 3 levels; got 2 levels"),
        (GRADES, {"y": "ordered"}, "an ordered task of texts needs their order.*low<medium<high"),
        (GRADES, {"y": "low<mid<top"}, "the levels of 'y' are those that were given in order; got 'high'"),
        (GRADES, {"y": "number"}, "the kind of a task is numeric, classes or ordered.*got 'number' for 'y'"),
        (GRADES, {"z": "ordered"}, "kinds are those of tasks; got 'z', which is none"),
        (NOISE, {"y": "classes"}, "Unknown label type: continuous"),
        (np.where(NOISE > 2, np.inf, NOISE), {"y": "numeric"}, "labels are finite"),
        (NOISE * 1e301, {"y": "numeric"}, "numbers of a task are at most 1e300"),
        (GRADES == "low", {"y": "numeric"}, "a numeric task holds numbers"),
    ],
)
def test_contradictions_are_told(labels, kinds, message):
    with pytest.raises(InputError, match=message):
        table(labels, kinds=kinds)


def test_a_feature_that_is_the_number_or_orders_it_is_a_leak():
    known = from_arrays(np.column_stack([X, 3 * NOISE + 1]), {"y": NOISE})
    (leak,) = leaks(known, "y")
    assert leak.severe
    assert (leak.column, leak.other) == ("x3", "y")
    assert leaks(from_arrays(X, {"y": NOISE}), "y") == ()


def test_tasks_that_follow_from_a_number_are_told():
    labels = {"y": NOISE, "same": -NOISE, "half": NOISE > 0, "other": NOISE[::-1].copy()}
    found = {(leak.column, leak.other): leak for leak in leaks(from_arrays(X, labels), "y")}
    assert {pair: leak.kind for pair, leak in found.items()} == {
        ("same", "y"): "same labels",
        ("y", "half"): "auxiliary follows from main",
    }


def test_a_sentinel_among_the_numbers_of_a_task_is_told():
    found = table(np.where(np.arange(ROWS) < 4, 9999.0, NOISE))
    assert any("9999 in 'y' (4 rows)" in note for note in found.notes)


def test_weights_from_a_column(tmp_path):
    weights = (np.arange(ROWS) % 3).tolist()
    path = write_csv(tmp_path / "t.csv", {**columns(ROWS), "count": weights})
    found = read(path, tasks=["churned"], weights="count")
    np.testing.assert_array_equal(found.weights, weights)
    assert "count" not in found.feature_names
    assert any("'count' says how much a row counts" in note for note in found.notes)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0] * 5, r"one number per row; got shape \(5,\)"),
        ([None, *[1.0] * (ROWS - 1)], "a weight is|finite numbers"),
        ([-1.0, *[1.0] * (ROWS - 1)], "at least 0.*got 1 other value"),
        ([0.0] * ROWS, "got only 0"),
        (["a"] * ROWS, "a weight is a number"),
    ],
)
def test_weights_that_are_none(weights, message):
    with pytest.raises(InputError, match=message):
        with_weights(table(GRADES), weights)
