"""`advise` with kinds of tasks and weights: what the options mean, and what a real run prints."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

import affinity_problems as problems
from sharedtrunk import affinity, cli
from sharedtrunk.cli._table_source import kinds_of
from sharedtrunk.errors import InputError


@pytest.fixture
def table(tmp_path):
    """A price with labels in half of the rows, a size, pain in words, cells with several tags, and copies of rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    signal = X @ np.array([1.0, -1.0, 0.5])
    price, size = signal + rng.normal(size=120), signal + rng.normal(size=120)
    pain = np.array(["low", "medium", "high"])[np.digitize(signal, [-1, 1])]
    tags = np.where(X[:, 0] > 0, "red|blue", np.where(X[:, 1] > 0, "red", "blue"))
    lines = ["a,b,c,price,size,pain,tags,copies"]
    for row in range(120):
        label = f"{price[row]:.4f}" if row < 60 else ""
        parts = [*(f"{x:.4f}" for x in X[row]), label, f"{size[row]:.4f}", pain[row], tags[row], str(1 + row % 3)]
        lines.append(",".join(parts))
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def asked(monkeypatch):
    calls = []

    def advise(table, main, auxiliaries, **how):
        calls.append((table, main, tuple(auxiliaries), how))
        return problems.advice(2, main=main)

    monkeypatch.setattr(affinity, "advise", advise)
    return calls


def call(*words):
    return CliRunner().invoke(cli.app, ["advise", *map(str, words)])


def test_kinds_are_columns_and_words():
    assert kinds_of(["age=numeric", "a=b=ordered", "pain = low<high<worst"]) == {
        "age": "numeric",
        "a=b": "ordered",
        "pain": "low<high<worst",
    }
    for wrong in (["age"], ["=numeric"], ["age=numeric", "age=classes"]):
        with pytest.raises(InputError, match="a kind is column=numeric, column=classes or column=ordered, once"):
            kinds_of(wrong)


def test_kinds_and_weights_reach_the_table(table, asked):
    done = call(
        table, "--main", "price", "--aux", "size,pain,tags", "--kind", "pain=low<medium<high", "--weights", "copies",
        "--class-weight", "balanced", "--metric", "mean_absolute_error",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    read, main, auxiliaries, how = asked[0]
    assert (main, auxiliaries) == ("price", ("size", "pain", "tags=blue", "tags=red"))
    assert (read.kind("price"), read.kind("pain"), read.classes["pain"]) == (
        "numeric",
        "ordered",
        ("low", "medium", "high"),
    )
    np.testing.assert_array_equal(read.weights, 1 + np.arange(120) % 3)
    assert (how["class_weight"], how["metric"]) == ("balanced", "mean_absolute_error")
    assert "copies" not in read.feature_names


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--main", "tags", "--aux", "price"], "a main task is one label of a cell with several"),
        (["--main", "price", "--aux", "pain", "--kind", "pain=numeric"], "a numeric task holds numbers"),
        (["--main", "price", "--aux", "pain", "--kind", "size=numeric"], "kinds are those of tasks; got 'size'"),
        (["--main", "price", "--aux", "pain", "--class-weight", "even"], "--class-weight is balanced; got 'even'"),
        (["--main", "price", "--aux", "pain", "--weights", "a"], "weights are finite numbers of at least 0"),
        (["--main", "price", "--aux", "pain", "--weights", "pain"], "groups, time and weights are neither tasks"),
        (["--main", "price", "--aux", "pain", "--metric", "accuracy"], "the metric suits the main task; got accuracy"),
    ],
)
def test_contradictions_are_told_in_one_line(table, words, message):
    done = call(table, *words)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


@pytest.mark.long
def test_a_number_beside_other_kinds(table):
    done = call(
        table, "--main", "price", "--aux", "size,pain,tags", "--kind", "pain=low<medium<high", "--weights", "copies",
        "--repeats", 1, "--hidden", 8,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = " ".join(done.stdout.split())
    assert "Gaussian" in told
    assert re.search(
        r"price alone has a held-out squared error of 0\.\d+ of the variance; the mean .* has [01]\.\d+", told
    )
    assert "'price' is taken for a number" in told
    assert "'tags' has several labels in a cell: 2 tasks" in told
    assert "accuracy" not in told
