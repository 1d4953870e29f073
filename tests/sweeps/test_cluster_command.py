"""`sharedtrunk reproduce --scheduler`: the same lanes, and one line for what goes wrong."""

import sys
from pathlib import Path

import pytest
from distributed import LocalCluster
from typer.testing import CliRunner

import sharedtrunk.sweeps._client
from sharedtrunk import cli, plots
from sharedtrunk.paper import figures
from sharedtrunk.paper.figures import _reproduce
from sharedtrunk.sweeps import Store, read_dataset

# Before a cluster starts, so that its workers have the path too.
sys.path.insert(0, str(Path(__file__).parents[1] / "paper" / "figures"))

FIGURE = ("reproduce", "fig2-left", "--quick", "--seeds", "1")


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    import figures_toy

    monkeypatch.setattr(plots, "render", lambda figure, kind: b"blank")
    monkeypatch.setattr(_reproduce, "fingerprint", lambda: "toy")
    for name, figure in figures_toy.toy_figures("toy_lanes").items():
        monkeypatch.setitem(figures.FIGURES, name, figure)


def call(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def test_a_scheduler_trains_the_same_lanes(tmp_path, stored_bytes):
    kinds = {"processes": False, "protocol": "tcp://", "dashboard_address": ":0"}
    with LocalCluster(n_workers=1, threads_per_worker=2, **kinds) as cluster:
        done = call(*FIGURE, "--out", tmp_path / "cluster", "--scheduler", cluster.scheduler_address)
    assert done.exit_code == 0, done.output
    assert "60 lanes: 60 trained" in done.stdout
    assert call(*FIGURE, "--out", tmp_path / "local", "--processes", 1).exit_code == 0
    cluster, local = (stored_bytes(Store(tmp_path / name / ".sharedtrunk")) for name in ("cluster", "local"))
    assert cluster == local
    # Where lanes were trained changes none of their numbers, so it is no part of the command that made them.
    command = read_dataset(tmp_path / "cluster" / "fig2-left-quick.nc").attrs["command"]
    assert command == f"sharedtrunk reproduce fig2-left --out {tmp_path / 'cluster'} --quick --seeds 1"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--scheduler", "somewhere"], "Write tcp://HOST:8786"),
        (["--scheduler", "tcp://127.0.0.1:1"], "the scheduler of the cluster must answer; got no answer from tcp://"),
        (["--scheduler", "tcp://127.0.0.1:1", "--processes", "2"], "on a cluster; got both"),
    ],
)
def test_what_goes_wrong_is_one_line_and_code_2(tmp_path, monkeypatch, words, says):
    monkeypatch.setattr(sharedtrunk.sweeps._client, "CONNECT_SECONDS", 0.3)
    done = call(*FIGURE, "--out", tmp_path, *words)
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stderr.startswith("sharedtrunk: ")
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
