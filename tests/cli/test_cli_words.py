"""Words of the command line that no system and no memory takes: one line each, with the rule and a hint."""

import errno
import os
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from sharedtrunk import cli
from sharedtrunk._support.json_files import write_json
from sharedtrunk.paper import claims, figures

LONG = "a" * 300
HUGE = 99999999999999999999


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sharedtrunk._support.environment.worker_environment", dict)
    rows = "".join(f"{row % 2},{row % 3},{(row * 7) % 61}.5\n" for row in range(60))
    (tmp_path / "t.csv").write_text(f"a,b,x\n{rows}")
    record = {"figure": "fig2-left", "checks": [], "provenance": {}}
    write_json(tmp_path / "fig2-left.json", record, checksum=True)


def refused(words, code=2):
    """What the command says, in one line on standard error, having ended with that code."""
    done = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert done.exit_code == code, (done.output, done.exception)
    assert done.stderr.startswith("sharedtrunk: ")
    assert done.stderr.count("\n") == 1
    assert not done.stdout
    return done.stderr


ADVISE = ["advise", "t.csv", "--main", "a", "--aux", "b"]


@pytest.mark.parametrize(
    "words",
    [
        ["redraw", "fig2-left", "--out", LONG],
        ["reproduce", "fig2-left", "--processes", 1, "--out", LONG],
        ["report", "--out", LONG],
        ["report", "--out", ".", "--page", LONG],
        ["claims", "stored", "--from", LONG],
        ["claims", "eq-2", "--json", LONG],
        ["predict", "--no-simulation", "--json", LONG],
        ["advise", f"{LONG}.csv", "--main", "a", "--aux", "b"],
        [*ADVISE, "--json", LONG],
        [*ADVISE, "--csv", LONG],
        [*ADVISE, "--picture", f"{LONG}.png"],
        [*ADVISE, "--json", f"{LONG}/x.json"],
    ],
)
def test_a_name_of_300_bytes(words):
    assert "has at most 255 bytes, and a path 4095; got 'File name too long' at" in refused(words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "--page", "out"], "results are written to a file; got a pipe or socket, out"),
        (["claims", "eq-2", "--json", "out"], "got a pipe or socket"),
        (["predict", "--json", "out"], "got a pipe or socket"),
        ([*ADVISE, "--json", "out"], "got a pipe or socket"),
        ([*ADVISE, "--csv", "out"], "got a pipe or socket"),
        ([*ADVISE, "--picture", "out.png"], "got a pipe or socket"),
        (["advise", "out.csv", "--main", "a", "--aux", "b"], "a table is a file; got a pipe or socket, out.csv"),
        (["report", "--out", "out"], "a folder of results; got a pipe or socket, out"),
    ],
)
def test_a_pipe_in_the_place_of_a_file_stays(tmp_path, words, says):
    if "report" in words and "--page" in words:
        words = [*words, "--out", "."]
    for name in ("out", "out.png", "out.csv"):
        os.mkfifo(tmp_path / name)
    assert says in refused(words)
    assert all(stat.S_ISFIFO((tmp_path / name).lstat().st_mode) for name in ("out", "out.png", "out.csv"))


@pytest.mark.parametrize("kind", ["nc", "png", "pdf", "json"])
def test_a_pipe_in_the_place_of_a_figures_file_is_found_before_training(tmp_path, kind):
    (tmp_path / "fig2-left.json").unlink()
    os.mkfifo(tmp_path / f"fig2-left.{kind}")
    assert f"got a pipe or socket, fig2-left.{kind}" in refused(["reproduce", "fig2-left", "--out", "."])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reproduce", "fig2-left", "--seeds", HUGE], "seeds must be at most 10,000, whose standard error is"),
        (["reproduce", "fig2-left", "--seeds", 300_000_000], "seeds must be at most 10,000"),
        (["reproduce", "fig2-left", "--processes", HUGE], "processes must be at most 1,000, because each takes"),
        (["claims", "eq-2", "--processes", 300_000_000], "processes must be at most 1,000"),
        (
            ["claims", "eq-2", "--seed", HUGE, "--processes", 0],
            "a seed must be at most 4,294,967,295, because a key is made of 32",
        ),
        (["predict", "--seeds", 300_000_000], "seeds must be at most 10,000"),
        (["predict", "--seeds", HUGE], "seeds must be at most 10,000"),
        (["predict", "--samples", "9" * 400], "samples must be at most 1,000,000,000, beyond which nothing fits"),
        (["predict", "--classes", HUGE], "classes must be at most 10,000"),
        (["predict", "--features", HUGE], "features must be at most 10,000"),
        (["predict", "--hidden", HUGE], "hidden must be at most 10,000"),
        (
            ["predict", "--hidden", 10_000, "--seeds", 1_000],
            "all students together must have at most 2e+09 weights",
        ),
        (["predict", "--noise", "nan"], "noise must be a finite number, at least 0; got nan"),
        (["predict", "--s-aux", "inf"], "s_aux must be a finite number, at least 0; got inf"),
        ([*ADVISE, "--seed", HUGE], "a seed must be at most 4,294,967,295"),
        ([*ADVISE, "--repeats", HUGE], "repeats must be at most 1,000, because beyond a few dozen"),
        ([*ADVISE, "--metric", "f1"], "the metric is one of log_loss, accuracy, balanced_accuracy, roc_auc, "),
        ([*ADVISE, "--negligible", "inf"], "negligible must be a finite number of nats, at least 0; got inf"),
        ([*ADVISE, "--hidden", "1000000000"], "a width in hidden must be at most 10,000, beyond which"),
        ([*ADVISE, "--hidden", "9" * 5000], "hidden units are whole numbers, at least 1 per layer; got '999"),
        ([*ADVISE, "--hidden", ",".join(["1"] * 21)], "tasks share a trunk of 1 to 20 layers; got 21 layers"),
    ],
)
def test_numbers_have_limits_with_a_reason(words, says):
    said = refused(words)
    assert says in said
    assert len(said) < 400
    assert sorted(os.listdir()) == ["fig2-left.json", "t.csv"]


@pytest.mark.parametrize("option", ["--aux", "--drop"])
def test_a_carriage_return_among_column_names(option):
    said = refused([*ADVISE, option, "x\ry"])
    assert "column names are separated by commas; got 'new-line character seen in unquoted field" in said


def test_control_characters_of_a_name_do_not_reach_the_terminal():
    assert "no file ?]0;title?/fig2-left.nc" in refused(["redraw", "fig2-left", "--out", "\x1b]0;title\x07"])
    for words in (["\x1b[31m"], ["predict", "--\x1b[31m"], ["predict", "--samples", "\x1b[31m"]):
        done = subprocess.run([sys.executable, "-m", "sharedtrunk", *words], capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr.removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EMFILE, "Too many open files", "x"), "the system refused: 'Too many open files' at x. "),
        (MemoryError(), "there is not enough memory"),
        (RuntimeError("INTERNAL: Out of memory allocating 160000000000 bytes."), "there is not enough memory"),
    ],
)
def test_what_no_package_catches_is_one_line_and_code_1(monkeypatch, error, says):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(figures, "redraw", fail)
    assert says in refused(["redraw", "fig2-left"], code=1)


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("a fault")

    monkeypatch.setattr(figures, "redraw", fail)
    assert isinstance(CliRunner().invoke(cli.app, ["redraw", "fig2-left"]).exception, RuntimeError)


def test_json_through_a_link_keeps_the_link_and_the_mode(tmp_path, monkeypatch):
    (tmp_path / "shared.json").write_text("old")
    (tmp_path / "shared.json").chmod(0o664)
    (tmp_path / "link.json").symlink_to("shared.json")
    monkeypatch.setattr("sharedtrunk.paper.claims.equations.measure", lambda *_, **__: [])
    done = CliRunner().invoke(cli.app, ["claims", "eq-2", "--json", "link.json"])
    assert done.exit_code == 0, done.output
    assert os.readlink("link.json") == "shared.json"
    assert stat.S_IMODE(os.stat("shared.json").st_mode) == 0o664
    assert claims.read_json("shared.json") == []


def test_a_folder_whose_name_is_not_utf_8(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sharedtrunk", "report", "--out", b"\xff"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "got no folder ?." in done.stderr
    os.mkdir(b"\xff")
    os.rename("fig2-left.json", b"\xff/fig2-left.json")
    done = subprocess.run(
        [sys.executable, "-m", "sharedtrunk", "report", "--out", b"\xff"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert b"report.html" in os.listdir(b"\xff")
