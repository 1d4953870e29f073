"""Labels in all the forms that users have them: names of any type, gaps of any kind, and what is no label at all."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from sharedtrunk.affinity._classifier import SharedTrunkClassifier
from sharedtrunk.affinity._label_columns import label_columns
from sharedtrunk.affinity._targets import Tasks, find_tasks

GAP = None
MIXED = pd.DataFrame(
    {
        "species": ["cat", GAP, "dog", "cat"],
        "legs": [4, 4, 2, 2],
        "tame": [True, False, True, True],
        "size": [0.5, 1.5, np.nan, 0.5],
        "kind": pd.Categorical(["b", "a", GAP, "a"]),
        "count": pd.array([1, pd.NA, 2, 2], dtype="Int64"),
        "flag": pd.array([True, pd.NA, False, False], dtype="boolean"),
        "day": pd.to_datetime(["2024-01-02", GAP, "2024-01-01", "2024-01-01"]),
    }
)


def codes_of(y):
    columns, _ = label_columns(y)
    return [column.codes(column.classes()).tolist() for column in columns]


def test_columns_of_a_frame_keep_their_types():
    columns, axes = label_columns(MIXED)
    assert axes == 2
    assert [column.name for column in columns] == list(MIXED.columns)
    assert [column.classes().dtype.kind for column in columns] == list("OibfOibM")
    assert codes_of(MIXED) == [
        [0, -1, 1, 0],
        [1, 1, 0, 0],
        [1, 0, 1, 1],
        [0, 1, -1, 0],
        [1, 0, -1, 0],
        [0, -1, 1, 1],
        [1, -1, 0, 0],
        [1, -1, 0, 0],
    ]


@pytest.mark.parametrize(
    "y",
    [
        np.array([[0, 1], [np.nan, 0], [2, np.nan], [0, 0]]),
        np.array([[0, 1], [None, 0], [2, None], [0, 0]], dtype=object),
        [[0, 1], [None, 0], [2, float("nan")], [0, 0]],
        [(0, True), (None, False), (2, None), (0, False)],
        [["a", "y"], [None, "x"], ["b", None], ["a", "x"]],
        [["a", 1], [None, 0], ["b", None], ["a", 0]],
        [np.array([0, 1.0]), np.array([np.nan, 0]), np.array([2, np.nan]), np.array([0, 0.0])],
        np.ma.MaskedArray([[0, 1], [9, 0], [2, 9], [0, 0]], mask=[[0, 0], [1, 0], [0, 1], [0, 0]]),
        pd.DataFrame({"a": [0, np.nan, 2, 0], "b": ["y", "x", None, "x"]}),
        pd.DataFrame([[0, 1], [None, 0], [2, None], [0, 0]], columns=["same", "same"]),
    ],
    ids=["floats", "objects", "lists", "tuples", "texts", "mixed", "arrays", "masked", "frame", "repeated name"],
)
def test_every_kind_of_gap_is_a_missing_label(y):
    assert codes_of(y) == [[0, -1, 1, 0], [1, 0, -1, 0]]


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        ([["a", 1], ["b", 0]], "Ui"),
        ([[True, 1.5], [False, 2]], "bf"),
        (np.array([["a", 1], ["b", 0]], dtype=object), "OO"),
        (np.array([[1, 2], [3, 4]], np.int8), "ii"),
        (np.array([["a", "b"], ["b", "c"]]), "UU"),
    ],
)
def test_nested_lists_get_types_by_column_and_arrays_keep_theirs(y, kind):
    columns, _ = label_columns(y)
    assert "".join(column.classes().dtype.kind for column in columns) == kind


def test_names_that_do_not_compare_are_ordered_by_type():
    (column,), _ = label_columns(np.array(["b", 2, "a", 1, ("x", 1), None], dtype=object))
    assert column.classes().tolist() == [1, 2, "a", "b", ("x", 1)]
    assert column.codes(column.classes()).tolist() == [3, 1, 2, 0, 4, -1]


def test_labels_are_looked_up_in_what_fit_saw():
    tasks = find_tasks(np.array([["a", 1], ["b", 0], ["a", None]], dtype=object), 3)
    codes = tasks.codes([["b", 1.0], ["c", None], [None, 0]], 3)
    assert codes.tolist() == [[1, 2, -1], [1, -1, 0]]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (csr_matrix([[1, 0], [0, 1]]), r"labels are dense; got a sparse matrix. Give y.toarray\(\)"),
        (np.array([[[1], [2]], [[1], [3]]]), "y has one column per task"),
        (3, "y has one column per task"),
        (np.empty((4, 0)), "y has one column per task"),
        ([0.0, 1.0, np.inf], "labels are finite"),
        (np.linspace(0, 1, 60), r"Unknown label type: continuous\); got 58 different fractional numbers in 'task 0'"),
        ([{}, {}], "class names are hashable; got unhashable values in 'task 0'"),
        (["a", "a", None], "at least two classes; got 1 class, 'a', in 'task 0'. Leave the task out"),
    ],
)
def test_what_is_no_label_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        label_columns(y)[0][0].classes()


def test_predictions_of_several_kinds_keep_each_its_own():
    classes = (np.array(["a", "b"]), np.array([3, 4]), np.array([False, True]))
    codes = [np.array([1, 0])] * 3
    mixed = Tasks(("x", "y", "z"), classes, single=False).named(codes)
    assert mixed.tolist() == [["b", 4, True], ["a", 3, False]]
    assert [type(value) for value in mixed[0]] == [str, int, bool]
    assert Tasks(("x", "y"), classes[:1] * 2, single=False).named(codes[:2]).dtype.kind == "U"
    assert Tasks(("y",), classes[1:2], single=True).named(codes[:1]).tolist() == [4, 3]


def test_fractions_may_be_class_names():
    assert codes_of([0.5, 1.5, 0.5, 2.25]) == [[0, 1, 0, 2]]


def test_predictions_are_the_users_names():
    """Through `fit`: every task's predictions come from its own names, of its own type."""
    random = np.random.default_rng(0)
    X = random.normal(size=(80, 3))
    frame = pd.DataFrame({"species": np.where(X[:, 0] > 0, "cat", "dog"), "legs": np.where(X[:, 1] > 0, 4, 2)})
    frame["tame"] = X[:, 2] > 0
    gaps = random.uniform(size=frame.shape) < 0.2
    model = SharedTrunkClassifier(hidden=(10,), random_state=0).fit(X, frame.mask(gaps))
    predicted = model.predict(X)
    assert model.task_names_ == ["species", "legs", "tame"]
    assert predicted.dtype == object
    assert (predicted == frame.to_numpy(object)).mean(axis=0).min() > 0.8
    numbers = SharedTrunkClassifier(hidden=(10,), random_state=0).fit(X, np.where(gaps, np.nan, coded(frame)))
    for ours, theirs in zip(model.predict_proba(X), numbers.predict_proba(X), strict=True):
        np.testing.assert_array_equal(ours, theirs)  # names do not matter


def coded(frame):
    return np.stack([frame["species"] == "dog", frame["legs"] == 4, frame["tame"]], axis=1).astype(float)
