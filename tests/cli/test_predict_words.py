"""What `predict` takes on the command line: numbers, lists and matrices, in words or in files."""

import json

import pytest
from typer.testing import CliRunner

from sharedtrunk import cli, prediction
from sharedtrunk.cli import _task_values
from sharedtrunk.errors import InputError

HALF = [[1.0, 0.0], [0.0, 0.5]]


@pytest.fixture
def asked(monkeypatch):
    """Call the command with `predict` replaced, and return what it was asked; the error where it was refused."""
    seen = {}

    def predict(samples, *, s_main, s_aux, relatedness, **others):
        seen.update(samples=samples, s_main=s_main, s_aux=s_aux, relatedness=relatedness)
        raise InputError("asked")

    monkeypatch.setattr(prediction, "predict", predict)

    def call(*words):
        seen.clear()
        done = CliRunner().invoke(cli.app, ["predict", *map(str, words)])
        assert done.exit_code == 2
        return dict(seen) or done.stderr

    return call


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ((), {"samples": 400, "s_main": 1.0, "s_aux": 10.0, "relatedness": 0.5}),
        (("--relatedness", "-0.5", "--s-main", "1e1"), {"relatedness": -0.5, "s_main": 10.0}),
        (("--s-main", "1,0.5"), {"s_main": [1.0, 0.5]}),
        (("--s-aux", "1,0.5"), {"s_aux": [[1.0, 0.5]]}),
        (("--relatedness", "1,0;0,0.5"), {"relatedness": HALF}),
        (
            ("--s-aux", "10", "--s-aux", "1,0.5", "--relatedness", "1,0;0,0.5", "--relatedness", "0"),
            {"s_aux": [10.0, [1.0, 0.5]], "relatedness": [HALF, 0.0]},
        ),
    ],
)
def test_words_mean_numbers_lists_and_matrices(asked, words, values):
    found = asked(*words)
    assert {name: found[name] for name in values} == values


@pytest.mark.parametrize("name", ["R.csv", "R.json"])
def test_a_matrix_comes_from_a_file(asked, tmp_path, name):
    path = tmp_path / name
    path.write_text(json.dumps(HALF) if name == "R.json" else "1,0\n0, 0.5\n\n")
    assert asked("--relatedness", path)["relatedness"] == HALF
    assert "every output is a file of its own; got --json in the place of a matrix" in asked(
        "--relatedness", path, "--json", path
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--s-main", "x"), "--s-main is a number, or numbers separated by commas; got 'x'"),
        (("--s-aux", "1,"), "--s-aux is a number, or numbers separated by commas; got '1,'"),
        (("--relatedness", "1,0;0"), "relatedness must be a number between"),
        (
            ("--relatedness", "1,0;x"),
            "--relatedness is a number, a matrix, or a .csv or .json file with one; got '1,0;x'",
        ),
        (("--relatedness", "none.csv"), "--relatedness names a file with a matrix; got no file none.csv"),
        (
            ("--s-aux", "10", "--s-aux", "1"),
            "--relatedness is given once for each --s-aux; got 1 for 2 auxiliary tasks",
        ),
        (
            ("--s-main", "1,0.5"),
            "s_main needs one singular value for each of the 10 components of a teacher; got 2 values",
        ),
    ],
)
def test_other_words_are_refused_in_one_line(words, complaint):
    done = CliRunner().invoke(cli.app, ["predict", *words])
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("R.csv", b"a,b\n1,0\n"),
        ("R.csv", b""),
        ("R.csv", b"\xff\xfe1"),
        ("R.json", b"[" * 100_000),
        ("R.json", b"not json"),
    ],
)
def test_a_file_without_a_matrix_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="a file with a matrix has numbers only"):
        _task_values.relatedness(str(tmp_path / name))


def test_a_file_may_not_be_endless(tmp_path, monkeypatch):
    (tmp_path / "R.csv").write_text("1,0\n0,1\n")
    monkeypatch.setattr(_task_values, "_MOST_BYTES", 4)
    with pytest.raises(InputError, match="has at most 4 bytes"):
        _task_values.relatedness(str(tmp_path / "R.csv"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="got a folder"):
        _task_values.relatedness(str(tmp_path / "folder.csv"))
