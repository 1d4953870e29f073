"""Columns by name and by pattern: which are features, what is left out, and how a pattern without a match is told."""

import numpy as np
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import read
from tables_problems import ROWS, write_csv

TASKS = ("y", "y_late")


@pytest.fixture(params=["csv", "npz", "parquet"])
def molecules(request, tmp_path):
    """A file with bits, identifiers, other columns and two tasks."""
    rng = np.random.default_rng(0)
    names = ["bit0", "bit1", "bit10", "mass", "a[0]", "weird?", "star*", "row_id", "lab_id"]
    table = {name: rng.standard_normal(ROWS).tolist() for name in names}
    table |= {name: rng.integers(0, 2, ROWS).tolist() for name in TASKS}
    path = tmp_path / f"t.{request.param}"
    if request.param == "csv":
        return write_csv(path, table)
    if request.param == "npz":
        np.savez(path, **{name: np.array(values) for name, values in table.items()})
        return path
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow.table(table), path)
    return path


@pytest.mark.parametrize(
    ("chosen", "features"),
    [
        ({"features": ["bit*"]}, ("bit0", "bit1", "bit10")),
        ({"features": "bit*"}, ("bit0", "bit1", "bit10")),
        ({"features": ["mass", "bit1"]}, ("bit1", "mass")),
        ({"features": ["bit*", "mass"], "drop": ["bit1*"]}, ("bit0", "mass")),
        ({"features": ["*1*"]}, ("bit1", "bit10")),
        ({"features": ["*"], "drop": ["*_id", "bit*"]}, ("mass", "a[0]", "weird?", "star*")),
        ({"drop": ["*_id", "bit*"]}, ("mass", "a[0]", "weird?", "star*")),
        ({"features": ["a[0]", "weird?"]}, ("a[0]", "weird?")),  # brackets and question marks are plain characters
        ({"features": ["a*]", "*rd?"]}, ("a[0]", "weird?")),
        ({"features": ["star*"]}, ("star*",)),
        ({"features": ["*_*"]}, ("row_id", "lab_id")),  # a task is never a feature
        ({"features": ["mass"], "drop": ["row_id"]}, ("mass",)),
    ],
)
def test_names_and_patterns(molecules, chosen, features):
    table = read(molecules, tasks=TASKS, **chosen)
    assert table.feature_names == features
    assert tuple(table.labels) == TASKS
    notes = [note for note in table.notes if "named among the features" in note]
    assert len(notes) == ("features" in chosen)
    if notes:
        number = 9 - len(features)
        assert notes[0].startswith(f"Left out, because not named among the features: {number} column")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (
            {"features": ["bits*"]},
            r"features are columns of the table; got 'bits\*', which matches none. Did you mean 'bit",
        ),
        ({"features": ["masss"]}, "got 'masss', which is not one. Did you mean 'mass'"),
        (
            {"drop": ["*row_ids"]},
            r"dropped columns are columns of the table; got '\*row_ids', which matches none. .*'row_id'",
        ),
        ({"drop": ["y_l*"]}, r"got 'y_l\*', which matches tasks only"),
        ({"features": ["y"]}, "a task's column is not a feature; got 'y' under tasks and features"),
        ({"features": ["mass"], "drop": ["m*"]}, "a table needs features"),
        ({"features": []}, "a table needs features; got none"),
    ],
)
def test_patterns_without_a_match_are_told(molecules, chosen, message):
    with pytest.raises(InputError, match=message) as raised:
        read(molecules, tasks=TASKS, **chosen)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("tasks", "drop", "found"),
    [
        (["y*"], [], ("y", "y_late")),
        (["y_late", "y*"], [], ("y_late", "y")),  # a task that is named stays where it is
        (["y", "*_*"], ["*_id"], ("y", "y_late")),  # what is dropped is no task
        (["y", "y_*", "*late"], [], ("y", "y_late")),
    ],
)
def test_patterns_of_tasks(molecules, tasks, drop, found):
    table = read(molecules, tasks=tasks, drop=drop, features=["mass", "star*"])
    assert tuple(table.labels) == found
    assert table.feature_names == ("mass", "star*")
    with pytest.raises(InputError, match=r"tasks are columns of the table; got 'late\*', which matches none"):
        read(molecules, tasks=["y", "late*"])
    with pytest.raises(InputError, match=r"got 'y\*', which matches tasks only"):
        read(molecules, tasks=["y", "y_late", "y*"])


def test_all_columns_but_the_features_are_tasks(molecules):
    table = read(molecules, tasks=["y", "*"], features=["mass", "bit*", "a*", "w*", "star*", "*_id"])
    assert tuple(table.labels) == TASKS


def test_columns_that_are_not_features_may_hold_anything(tmp_path):
    table = {"mass": [i * i % 17 for i in range(ROWS)], "when": ["2024-01-01"] * ROWS, "assay": ["", "1"] * (ROWS // 2)}
    path = write_csv(tmp_path / "t.csv", {**table, "y": [0, 1] * (ROWS // 2)})
    found = read(path, tasks=["y"], features=["mass"])
    assert found.notes == ("Left out, because not named among the features: 2 columns ('when', 'assay').",)


def test_many_stars_take_no_time(tmp_path):
    path = write_csv(tmp_path / "t.csv", {"a" * 300: range(ROWS), "y": [0, 1] * (ROWS // 2)})
    with pytest.raises(InputError, match="matches none"):
        read(path, tasks=["y"], features=["*a" * 100 + "b"])


def test_a_block_of_an_archive_is_chosen_by_its_name(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"embedding": rng.standard_normal((ROWS, 3)), "age": rng.standard_normal(ROWS), "y": np.arange(ROWS) % 2}
    np.savez(tmp_path / "t.npz", **arrays)
    table = read(tmp_path / "t.npz", tasks=["y"], features=["emb*"])
    assert table.feature_names == ("embedding[0]", "embedding[1]", "embedding[2]")
    np.savez(tmp_path / "t.npz", X=arrays["embedding"], Y=arrays["y"], feature_names=["a0", "a1", "b"])
    assert read(tmp_path / "t.npz", tasks=["task0"], features=["a*"]).feature_names == ("a0", "a1")
