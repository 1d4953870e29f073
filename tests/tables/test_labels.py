"""Labels that differ stay different classes, in every reader; those that look alike are named."""

import decimal
import fractions

import numpy as np
import pandas as pd
import pytest

from sharedtrunk.tables import from_arrays, read
from tables_problems import write_csv

ROWS = 60
X = np.random.default_rng(0).standard_normal((ROWS, 2))
BIG = 2**53


def _read(folder, labels):
    path = write_csv(folder / "t.csv", {"a": X[:, 0], "y": [labels[i % len(labels)] for i in range(ROWS)]})
    return read(path, tasks=["y"])


@pytest.mark.parametrize(
    ("texts", "classes"),
    [
        (["9007199254740992", "9007199254740993", "5"], (5, BIG, BIG + 1)),
        (["9223372036854775808", "9223372036854775809", "-1"], (-1, 2**63, 2**63 + 1)),
        (["01", "1", "1e0", "2"], ("01", "1", "1e0", "2")),
        (["9007199254740992", "9007199254740993", "0.5"], ("0.5", "9007199254740992", "9007199254740993")),
        (["1", "1.0", "2"], ("1", "1.0", "2")),
        (["+1", "1", "0"], ("+1", "0", "1")),
        (["-0", "0", "1"], ("-0", "0", "1")),
        (["007", "008"], ("007", "008")),
        (["1e999", "2e999", "0"], ("0", "1e999", "2e999")),
        (["True", "TRUE", "false"], ("TRUE", "True", "false")),
        (["true", "False"], (False, True)),
        (["1.0", "2.0"], (1, 2)),
        (["0.5", "1e0"], (0.5, 1.0)),
        (["1", "-3"], (-3, 1)),
    ],
)
def test_labels_of_a_file_are_as_many_classes_as_texts(tmp_path, texts, classes):
    table = _read(tmp_path, texts)
    assert table.classes["y"] == classes
    assert [type(name) for name in table.classes["y"]] == [type(name) for name in classes]
    assert len(np.unique(table.labels["y"])) == len(texts)


@pytest.mark.parametrize(
    "labels",
    [
        [BIG, BIG + 1, 5],
        [2**63, 2**63 + 1, 5],
        [10**400, 10**400 + 1],
        [BIG, BIG + 1, 0.5],
        [decimal.Decimal(BIG), decimal.Decimal(BIG + 1)],
        [decimal.Decimal("0.1"), 0.1, 2],
        [fractions.Fraction(1, 3), 1 / 3],
        [np.longdouble(1), np.longdouble(1) + np.finfo(np.longdouble).eps],
        [b"\xff", b"\xfe"],
        ["1", 1],
        [np.float32(0.1), (1, 2), "a"],
        [np.float32(0.1), 10**400, -1],
    ],
)
def test_labels_in_memory_are_as_many_classes_as_values(labels):
    repeated = [labels[i % len(labels)] for i in range(ROWS)]
    objects = np.empty(ROWS, object)
    objects[:] = repeated
    for given in ({"y": repeated}, objects, pd.DataFrame({"y": objects})):
        table = from_arrays(X, given)
        (classes,), (codes,) = table.classes.values(), table.labels.values()
        assert len(classes) == len(labels)
        assert [classes[code] for code in codes[: len(labels)]] == labels
    if (
        len({type(value) for value in labels}) == 1
        and max(map(abs, [v for v in labels if isinstance(v, int)] or [0])) < 2**63
    ):
        assert len(from_arrays(X, np.array(repeated)).classes["task0"]) == len(labels)


def test_gaps_make_no_floats_of_whole_numbers(tmp_path):
    labels = [BIG, BIG + 1, None] * (ROWS // 3)
    frame = pd.DataFrame({"y": pd.array(labels, "Int64")})
    assert from_arrays(X, frame).classes["y"] == (BIG, BIG + 1)
    assert _read(tmp_path, [BIG, BIG + 1, ""]).classes["y"] == (BIG, BIG + 1)


def test_parquet_labels_are_exact(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    tasks = {
        "whole": arrow.array([BIG, BIG + 1, None] * 20, arrow.int64()),
        "unsigned": arrow.array([2**63, 2**63 + 1, None] * 20, arrow.uint64()),
        "decimal": arrow.array([decimal.Decimal(BIG), decimal.Decimal(BIG + 1), None] * 20, arrow.decimal128(38, 0)),
        "text": arrow.array(["01", "1", None] * 20),
    }
    pyarrow.parquet.write_table(arrow.table({"a": X[:, 0], **tasks}), tmp_path / "t.parquet")
    table = read(tmp_path / "t.parquet", tasks=list(tasks))
    assert table.classes == {
        "whole": (BIG, BIG + 1),
        "unsigned": (2**63, 2**63 + 1),
        "decimal": (BIG, BIG + 1),
        "text": ("01", "1"),
    }


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["01", "1", "1e0", "2"], "'y': different classes, though spelled alike: '01', '1', '1e0'."),
        (["Yes", "yes", "no", "NO"], "'y': different classes, though spelled alike: 'NO', 'no'; 'Yes', 'yes'."),
        (["yes", "no"], None),
    ],
)
def test_classes_that_are_spelled_alike_are_named(tmp_path, labels, said):
    array = np.array([labels[i % len(labels)] for i in range(ROWS)])
    for table in (_read(tmp_path, labels), from_arrays(X, {"y": array})):
        assert [note for note in table.notes if "alike" in note] == ([said] if said else [])
