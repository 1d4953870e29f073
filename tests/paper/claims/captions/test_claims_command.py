"""The second half of the ledger on the command line: alone, with measured claims, and what is refused."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from sharedtrunk import cli
from sharedtrunk.paper import claims
from sharedtrunk.paper.claims import captions


def call(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


@pytest.fixture
def folder(stored):
    return stored(lambda s_aux, relatedness, seed, **_: (relatedness - 0.4) * s_aux / (1 + s_aux), ["fig2-left"])


@pytest.fixture
def toy_claims(monkeypatch):
    from sharedtrunk.paper import claims

    monkeypatch.setattr("sharedtrunk._support.environment.worker_environment", dict)
    evidence = claims.Evidence((claims.at_most("toy case", 0.0, 1.0, error=0.1),))
    toys = {"eq-4": claims.Claim("eq-4", "(4)", "toy statement", "", "by hand", lambda seed, thorough: evidence)}
    monkeypatch.setattr("sharedtrunk.paper.claims.equations._measure.CLAIMS", toys)


def test_stored_claims_alone_need_no_jax(folder):
    code = (
        "import sys\n"
        "sys.modules['jax'] = None\n"
        "from sharedtrunk import cli\n"
        f"sys.argv = ['sharedtrunk', 'claims', 'stored', '--from', {str(folder)!r}, '--json', {str(folder / 'l.json')!r}]\n"
        "cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{len(captions.STORED)} claims: 2 hold, {len(captions.STORED) - 2} not measured." in done.stdout
    rows = claims.read_json(folder / "l.json")
    assert [row.claim.key for row in rows] == list(captions.STORED)
    assert json.loads((folder / "l.json").read_text())["datasets"]["fig2-left"]["created"] == "today"


def test_all_claims_are_measured_and_judged(toy_claims, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = call("claims", "--processes", 0, "--from", folder)
    assert done.exit_code == 0, done.output
    assert "Toy statement." in done.stdout
    assert f"{1 + len(captions.STORED)} claims: 3 hold" in done.stdout
    assert "sharedtrunk reproduce a4" in done.stdout


def test_one_of_each_half(toy_claims, folder):
    done = call("claims", "caption-2-left-signal", "eq-4", "--processes", 0, "--from", folder)
    assert "2 claims: 2 hold." in done.stdout


def test_without_a_folder_the_measured_half_and_a_hint(toy_claims):
    done = call("claims", "--processes", 0)
    assert "1 claims: 1 hold." in done.stdout
    assert f"judges {len(captions.STORED)} more claims from the figures' datasets" in done.stdout
    assert "more claims from" not in call("claims", "eq-4", "--processes", 0).stdout


def test_both_halves_are_listed():
    done = call("claims", "--list")
    assert done.exit_code == 0, done.output
    words = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"eq-15", "erratum-1", "caption-a1-relatedness", "depth-shift", "start-signs"} <= words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("caption-a4",), "claims about figures are judged from stored datasets; got caption-a4. Give --from DIR"),
        (("stored",), "got stored. Give --from DIR"),
        (("captoin-a4",), "Unknown claim; got captoin-a4. Did you mean caption-a4"),
        (("stored", "--from", "/nowhere"), "stored datasets are in a folder; got no folder /nowhere"),
    ],
)
def test_refusals_are_one_line(words, told):
    done = call("claims", *words, "--processes", 0)
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
