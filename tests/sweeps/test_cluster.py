"""A sweep on a cluster: the bytes of local processes, each chunk once, and errors that say what to do."""

import contextlib
import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster_processes import descendants, scheduler, wait_until, worker
from cluster_toy import calls, environment, logged_sweep
from distributed import Client, LocalCluster
from sweeps_toy import toy_sweep

import sharedtrunk
from sharedtrunk.errors import InputError
from sharedtrunk.sweeps import Store, SweepError, Variable, collect, plan, run, run_chunk
from sharedtrunk.sweeps._clean_process import CleanProcess, LostProcessError, identity
from sharedtrunk.sweeps._job import Job, compute_shard, receive


@pytest.fixture(scope="module")
def client():
    """Two workers of one thread each, in processes of their own."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def threads():
    """A worker of one thread in this process: what a user who knows no better has."""
    kinds = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**kinds) as cluster, Client(cluster, set_as_default=False) as client:
        yield client


@pytest.fixture
def whole(tmp_path, stored_bytes):
    """The toy sweep's files from one run in this process."""
    store = Store(tmp_path / "reference")
    run([toy_sweep()], store, processes=0)
    return stored_bytes(store)


def _workers(client):
    return client.run(os.getpid).values()


def test_a_client_or_an_address_changes_no_byte(tmp_path, client, whole, stored_bytes):
    for name, cluster in {"client": client, "address": client.scheduler.address}.items():
        store, seen = Store(tmp_path / name), []
        summary = run([toy_sweep()], store, cluster=cluster, progress=seen.append)
        assert stored_bytes(store) == whole
        assert (summary.lanes, summary.computed, summary.resumed, summary.redone) == (10, 10, 0, ())
        assert [now.done for now in (seen[0], seen[-1])] == [0, 10]
        assert len(seen) == 7
    assert client.status == "running"
    assert client.futures == {}


def test_each_chunk_runs_once_the_largest_first_and_stored_ones_not_at_all(tmp_path, threads):
    sweep, store = logged_sweep(tmp_path / "log"), Store(tmp_path / "store")
    for chunk in plan(sweep)[:3]:
        run_chunk(Job(chunk, {}, 1.0), _folder(store))
    (tmp_path / "log").unlink()
    summary = run([sweep], store, cluster=threads)
    assert (summary.computed, summary.resumed) == (26, 6)
    assert calls(tmp_path / "log") == [f"{x} {x + 1}" for x in range(31, 6, -2)]


def _folder(store):
    store.prepare()
    return str(store.folder)


def test_no_more_is_in_flight_than_the_threads_need(tmp_path, client, monkeypatch):
    submit, begun, done = type(client).submit, [], []

    def counting(self, *arguments, **kinds):
        begun.append(len(begun) - len(done) + 1)
        return submit(self, *arguments, **kinds)

    def progress(now):
        if now.done:
            done.append(now)

    monkeypatch.setattr(type(client), "submit", counting)
    run([logged_sweep(tmp_path / "log")], Store(tmp_path / "store"), cluster=client, progress=progress)
    assert len(begun) == 16
    assert max(begun) == 3  # two threads and one more


def test_work_is_done_in_clean_processes_that_end_with_the_run(tmp_path, client, threads, monkeypatch):
    monkeypatch.setenv("TOY_THREADS", "7")
    variables = {name: Variable() for name in ("process", "parent", "threads", "made_by")}
    sweep = toy_sweep("where", variables=variables)
    object.__setattr__(sweep, "function", "cluster_toy:where")
    for name, cluster in {"processes": client, "threads": threads}.items():
        workers = set(_workers(cluster))
        store = Store(tmp_path / name)
        run([sweep], store, cluster=cluster, environment=environment)
        dataset = collect(sweep, store)
        assert set(dataset.parent.values.flat) <= workers
        assert (dataset.made_by == dataset.parent).all()  # the worker was asked, not this process
        assert (dataset.threads == 1).all()
        assert len(set(dataset.process.values.flat)) <= len(workers)
        ours = set(dataset.process.values.flat)
        wait_until(lambda workers=workers, ours=ours: not ours & descendants(*workers), seconds=5)


def test_a_failing_chunk_names_its_lanes_and_the_others_in_flight_are_stored(tmp_path, client):
    sweep = toy_sweep("raises_at", settings={"frequency": 0.3, "x": 3}, seed=(0,))
    with pytest.raises(SweepError) as caught:
        run([sweep], Store(tmp_path), cluster=client)
    assert "sweeps_toy:raises_at failed with ZeroDivisionError: toy trouble in two lines" in str(caught.value)
    assert "lanes: seed=0 and (x) in (3) (4)" in str(caught.value)
    assert {path.stem for path in tmp_path.iterdir()} == {plan(sweep)[0].key, plan(sweep)[2].key}


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        ("sweeps_toy:nowhere", InputError, r"must be importable.*nowhere.*AttributeError"),
        ("cluster_toy:raises_own", SweepError, r"cluster_toy:raises_own failed with ImportError: no such library"),
    ],
)
def test_errors_come_back_as_they_are(tmp_path, client, function, error, text):
    sweep = toy_sweep()
    object.__setattr__(sweep, "function", function)
    with pytest.raises(error, match=text):
        run([sweep], Store(tmp_path), cluster=client)


def test_a_sweep_inside_a_worker_is_refused(tmp_path, client):
    sweep = toy_sweep("nested", variables={"inside": Variable()})
    run([sweep], Store(tmp_path), cluster=client)
    assert collect(sweep, Store(tmp_path)).inside.all()


def test_a_lost_process_is_replaced_and_its_chunk_alone_runs_again(tmp_path, client):
    log = tmp_path / "log"
    sweep = logged_sweep(log, "dies_first", chunks=5, deaths=2)
    assert run([sweep], Store(tmp_path / "store"), cluster=client).computed == 10
    assert sorted(calls(log)) == ["1 2", "3 4", "3 4", "3 4", "5 6", "7 8", "9 10"]


def test_a_chunk_that_loses_every_process_ends_the_run(tmp_path, client):
    log, store = tmp_path / "log", Store(tmp_path / "store")
    with pytest.raises(
        SweepError, match=r"on .* ended before its work was done, perhaps for lack of memory, 4 times.*resumes"
    ):
        run([logged_sweep(log, "dies_first", chunks=5, deaths=99)], store, cluster=client)
    assert calls(log).count("3 4") == 4
    assert len(list(store.folder.iterdir())) == 4


def test_an_error_in_the_callback_ends_the_work(tmp_path, client):
    def progress(now):
        if now.done:
            raise LookupError("the caller's own")

    log = tmp_path / "log"
    with pytest.raises(LookupError, match="the caller's own"):
        run([logged_sweep(log)], Store(tmp_path / "store"), cluster=client, progress=progress)
    assert client.futures == {}
    assert len(calls(log)) < 16


def test_damage_on_the_way_is_noticed(tmp_path):
    job = Job(plan(toy_sweep())[0], {}, 1.0)
    shard = compute_shard(job)
    with pytest.raises(SweepError, match="arrived damaged from its worker: its checksum does not match"):
        receive(job, shard[:-1] + bytes([shard[-1] ^ 1]), Store(tmp_path))
    assert list(tmp_path.iterdir()) == []


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("answer", ["object", "pickle", "tuple", "error"])
def test_what_a_worker_sends_is_bytes_or_refused(tmp_path, threads, monkeypatch, answer):
    """The shard of a worker that is not what it says, in this process so that it can be replaced."""
    mark = tmp_path / "went_off"
    answers = {
        "object": 1,
        "pickle": pickle.dumps(Bomb(mark)),
        "tuple": ("result", b""),
        "error": b"KeyboardInterrupt\ntext",
    }
    monkeypatch.setattr(sharedtrunk.sweeps._cluster, "call_on_worker", lambda *_: answers[answer])
    with pytest.raises(SweepError, match="a worker's answer was not the bytes of a chunk"):
        run([toy_sweep()], Store(tmp_path / "store"), cluster=threads)
    assert not mark.exists()


def test_another_installation_is_refused():
    before = descendants(os.getpid())
    with pytest.raises(InputError) as caught:
        CleanProcess({}, {**identity(), "numpy": "0.1"})
    assert descendants(os.getpid()) <= before
    assert f"numpy {identity()['numpy']} (the client has 0.1)" in str(caught.value)
    assert "sources" not in str(caught.value)


def test_a_clean_process_leaves_when_nobody_asks(monkeypatch):
    monkeypatch.setattr(sharedtrunk.sweeps._clean_process, "IDLE_SECONDS", 0.3)
    process = CleanProcess({}, identity())
    assert process.call(len, "abc") == 3
    assert process.alive()
    assert process.call(time.sleep, 0.5) is None  # however long the work is
    wait_until(process.ended, seconds=5)
    assert not process.alive()
    with pytest.raises(LostProcessError):
        process.call(len, "abc")


def test_a_worker_with_other_sources_is_refused(tmp_path, free_port, whole, stored_bytes):
    package = Path(sharedtrunk.__file__).parent
    shutil.copytree(package, tmp_path / "other" / "sharedtrunk", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "other" / "sharedtrunk" / "flows" / "minimum.py").open("a") as file:
        file.write("# another version\n")
    address, store = f"tcp://127.0.0.1:{free_port}", Store(tmp_path / "store")
    with scheduler(free_port), worker(address, path=[tmp_path / "other"], folder=tmp_path):
        with pytest.raises(
            InputError, match=r"must have the client's sharedtrunk.*; got on \S+ sources \w+ \(the client"
        ):
            run([toy_sweep()], store, cluster=address)
        assert stored_bytes(store) == {}


def test_an_unreachable_scheduler_is_one_line_and_costs_nothing(tmp_path, free_port, whole, stored_bytes, monkeypatch):
    monkeypatch.setattr(sharedtrunk.sweeps._client, "CONNECT_SECONDS", 0.5)
    store = Store(tmp_path / "reference")
    address = f"tcp://127.0.0.1:{free_port}"
    with pytest.raises(InputError, match=rf"scheduler of the cluster must answer; got no answer from {address}"):
        run([toy_sweep()], store, cluster=address, fresh=True)
    assert stored_bytes(store) == whole
    assert run([toy_sweep()], store, cluster=address).computed == 0  # nothing to do needs no cluster


@pytest.mark.parametrize("cluster", ["somewhere", "http://localhost:8786", "tcp://localhost", 8786])
def test_what_is_no_cluster(tmp_path, cluster):
    with pytest.raises(InputError, match=r"given by its scheduler's address or by a connected.*Write tcp://HOST:8786"):
        run([toy_sweep()], Store(tmp_path), cluster=cluster)


def test_a_closed_client(tmp_path, client):
    with contextlib.closing(Client(client.scheduler.address, set_as_default=False)) as other:
        pass
    with pytest.raises(InputError, match="a cluster's client must be connected"):
        run([toy_sweep()], Store(tmp_path), cluster=other)


def test_processes_or_a_cluster(tmp_path, client):
    with pytest.raises(InputError, match="in processes of this machine or on a cluster; got both"):
        run([toy_sweep()], Store(tmp_path), cluster=client, processes=2)


def test_without_the_extra(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "distributed" else found(name))
    with pytest.raises(InputError, match=r"reached through Dask; .*pip install 'sharedtrunk\[cluster\]'"):
        run([toy_sweep()], Store(tmp_path), cluster="tcp://localhost:8786")


def test_the_room_loads_no_dask():
    code = "import sys, sharedtrunk.sweeps; sys.exit('dask' in sys.modules or 'distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
