import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import sharedtrunk
from sharedtrunk import cli, sweeps
from sharedtrunk.cli import _terminal
from sharedtrunk.paper import figures
from sharedtrunk.paper.figures import _reproduce

NEEDLESS = ("jax", "matplotlib", "xarray", "pandas", "scipy", "diffrax", "equinox")


@pytest.fixture
def toys(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "paper" / "figures"))
    import figures_toy

    from sharedtrunk import plots

    # Pictures take a second each and have tests of their own; the redraw in a process of its own draws truly.
    monkeypatch.setattr(plots, "render", lambda figure, kind: b"blank")

    # The sources may be edited while the tests run; the fingerprint has tests of its own.
    monkeypatch.setattr(_reproduce, "fingerprint", lambda: "toy")

    def put(function="toy_lanes"):
        for name, figure in figures_toy.toy_figures(function).items():
            monkeypatch.setitem(figures.FIGURES, name, figure)

    put()
    return put


def call(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def python(code):
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_list_names_every_figure_with_minutes():
    done = call("list")
    assert done.exit_code == 0
    for figure, line in zip(figures.FIGURES.values(), done.stdout.splitlines(), strict=True):
        assert line.startswith(figure.name)
        assert f"{figure.minutes:g} min" in line
        assert figure.claim in line


def test_version_and_help():
    assert call("--version").stdout == f"sharedtrunk {sharedtrunk.__version__}\n"
    assert all(word in call("--help").stdout for word in ("list", "reproduce", "redraw"))
    assert all(word in call("reproduce", "--help").stdout for word in ("--quick", "--out", "--fresh", "--processes"))


def test_help_and_list_load_nothing_slow():
    code = f"import sys, sharedtrunk.cli; print([name for name in {NEEDLESS!r} if name in sys.modules])"
    assert python(code) == "[]\n"


@pytest.mark.long
def test_redraw_works_where_jax_is_not_installed(toys, tmp_path):
    assert call("reproduce", "fig2-left", "--quick", "--seeds", 2, "--processes", 1, "--out", tmp_path).exit_code == 0
    block = "import sys; sys.modules.update(dict.fromkeys(['jax', 'jaxlib', 'equinox', 'diffrax', 'jaxtyping']))"
    told = python(
        f"{block}; sys.argv = ['', 'redraw', 'fig2-left', '--quick', '--out', {str(tmp_path)!r}]\n"
        "from sharedtrunk.cli import main; main()"
    )
    assert "fully related tasks help" in told


@pytest.mark.long
def test_reproduce_tells_verdicts_files_and_counts(toys, tmp_path):
    toys("failing_lanes")
    done = call("reproduce", "fig2-left", "fig2-right", "--quick", "--processes", 2, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    told = " ".join(done.stdout.split())
    assert "holds" in told
    assert "undecided" in told
    assert "float32" in told
    assert "JAX_ENABLE_X64=1" in told
    assert "diverged: the weights stopped being finite numbers" in told
    for name in ("fig2-left", "fig2-right"):
        for kind in ("png", "pdf", "nc", "json"):
            assert str(tmp_path / f"{name}-quick.{kind}") in told
    # The lines of the table agree with the file of checks.
    import json

    for check in json.loads((tmp_path / "fig2-right-quick.json").read_text())["checks"]:
        if check["n_seeds"] > 1:
            assert f"{check['number']:+.4f} ± {check['standard_error']:.4f} n = {check['n_seeds']}" in told


@pytest.mark.long
def test_a_damaged_shard_is_redone_and_told(toys, tmp_path):
    words = ("reproduce", "fig2-left", "--quick", "--seeds", 1, "--processes", 1, "--out", tmp_path)
    assert "60 lanes: 60 trained" in call(*words).stdout
    told = call(*words).stdout
    assert "0 trained" in told
    assert "float32" not in told
    shard = sorted((tmp_path / ".sharedtrunk").glob("*.shard"))[0]
    shard.write_bytes(shard.read_bytes()[:-3])
    told = call(*words).stdout
    assert "1 stored files were damaged or foreign and were computed again" in told
    assert shard.name in told.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reproduce", "fig9"], "got 'fig9'. Did you mean fig"),
        (["reproduce", "FIG2-LEFT"], "Did you mean fig2-left?"),
        (["redraw", "fig2-left"], "needs its stored dataset"),
        (["reproduce", "fig2-left", "--seeds", "0"], "seeds must be a whole number, at least 1; got 0"),
        (["reproduce", "fig2-left", "--processes", "-1"], "processes must be a whole number, not negative; got -1"),
        (["reproduce", "fig2-left", "--training", "adam"], "training must be 'flow' or 'descent'; got 'adam'"),
        (["reproduce", "fig2-left", "--out", "/proc/nowhere"], "/proc/nowhere"),
    ],
)
def test_bad_input_is_one_line_and_code_2(toys, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    done = call(*words)
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stderr.startswith("sharedtrunk: ")
    assert not done.stdout
    assert done.stderr.count("\n") == 1


def test_a_failing_chunk_is_one_line_and_code_1(toys, tmp_path):
    toys("broken_lanes")
    done = call("reproduce", "fig2-left", "--quick", "--processes", 1, "--out", tmp_path)
    assert done.exit_code == 1
    assert not done.stdout
    assert "ZeroDivisionError: the toy broke (lanes: n_samples=800" in done.stderr
    assert done.stderr.count("\n") == 1


def command(*words, **options):
    return subprocess.run([sys.executable, "-m", "sharedtrunk", *words], capture_output=True, text=True, **options)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reproduce", "fig2-left", "--seeds", "abc"], "Invalid value for '--seeds'"),
        (["reproduce"], "Missing argument"),
        (["nonsense"], "No such command 'nonsense'. See"),
    ],
)
def test_wrong_words_are_one_line_and_code_2(words, says):
    done = command(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("sharedtrunk: ")
    assert says in done.stderr
    assert done.stderr.endswith("--help.\n")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


def test_a_damaged_dataset_is_one_line(tmp_path):
    (tmp_path / "fig2-left.nc").write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    done = command("redraw", "fig2-left", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "whole NetCDF file" in done.stderr
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


def test_a_terminal_without_unicode_gets_question_marks():
    done = command("reproduce", "fig…", env={"PATH": "", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert done.returncode == 2
    assert "got 'fig?'" in done.stderr
    done = command("reproduce", "--help", env={"PATH": "", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert "FIGURE?" in done.stdout


def test_the_bar_opens_at_the_first_call_and_tells_no_rate_of_nothing():
    def told(*calls, error=None):
        console = Console(file=io.StringIO(), force_terminal=True, width=100)
        with contextlib.suppress(KeyError), _terminal.lanes_bar(console) as progress:
            for now in calls:
                progress(now)
            if error:
                raise error
        return console.file.getvalue()

    assert told() == told(error=KeyError()) == ""
    assert "30 of 30 lanes" in told(sweeps.Progress(30, 30, 0.0, 0.0))
    assert "lanes/s" not in told(sweeps.Progress(30, 30, 0.0, 0.0))
    assert "7 lanes/s" in told(sweeps.Progress(20, 30, 7.0, 1.0))


def test_an_interrupt_while_the_imports_run_is_one_line_and_code_130():
    code = (
        "import os, signal, sys, types\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from sharedtrunk.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "sharedtrunk: Interrupted before the command began.\n"


@pytest.fixture
def toy_ledger(monkeypatch):
    from sharedtrunk.paper import claims

    def planted(number):
        readings = (claims.at_most("toy case", number, 1.0, error=0.1, unit="nats"),)
        return claims.Claim(
            f"eq-{number}", f"({number})", f"toy statement {number}", "toy hypotheses", "by hand",
            lambda seed, thorough: claims.Evidence(readings, instead=readings), truth="toy truth",
        )  # fmt: skip

    toys = {f"eq-{number}": planted(number) for number in (0, 2)}
    monkeypatch.setattr("sharedtrunk.paper.claims.equations._measure.CLAIMS", toys)
    monkeypatch.setattr("sharedtrunk._support.environment.worker_environment", dict)
    return toys


def test_claims_prints_a_row_each_and_writes_them(toy_ledger, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    file = tmp_path / "new" / "ledger.json"
    done = call("claims", "--processes", 0, "--json", file)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "2 claims: 1 hold, 1 fail." in said
    for word in ("Toy statement 0.", "(Toy hypotheses)", "Counterexample: toy case: 2 ± 0.1 nats"):
        assert word in said
    ledger = json.loads(file.read_text())
    assert [row["verdict"] for row in ledger["claims"]] == ["holds", "fails"]
    assert ledger["seed"] == 0
    assert "jax" in ledger["versions"]


def test_claims_refuses_in_one_line(toy_ledger, tmp_path):
    for words, told in [
        (("claims", "eq-99"), "Unknown claim"),
        (("claims", "--seed", -1), "whole number"),
        (("claims", "--json", tmp_path), "results are written to a file"),
        (("claims", "--json", "/proc/nowhere/x.json"), "/proc/nowhere"),
    ]:
        done = call(*words, "--processes", 0)
        assert done.exit_code == 2, done.output
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_an_interrupted_ledger_says_so(toy_ledger, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("sharedtrunk.paper.claims.equations.measure", interrupted)
    done = call("claims", "--processes", 0)
    assert done.exit_code == 130
    assert "Interrupted" in done.stderr
