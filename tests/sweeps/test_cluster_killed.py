"""Workers, clients and schedulers really killed: nothing stored is lost, and only what was in flight runs twice."""

import os
import signal
import threading
import time
from collections import Counter

import psutil
import pytest
from cluster_processes import HERE, descendants, kill, scheduler, start, wait_until, worker
from cluster_toy import calls, holders, let_go, logged_sweep
from distributed import Client, LocalCluster

from sharedtrunk.sweeps import Store, SweepError, plan, run

CHUNKS = 12
FREE = 5  # chunks that end by themselves; the others are held, so that a kill finds them in the middle
IN_FLIGHT = 3  # chunks that a cluster of two threads has: being computed, or their bytes on the way


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=20)  # a killed one is replaced by its nanny
        yield client


@pytest.fixture
def sweep(tmp_path):
    yield logged_sweep(tmp_path / "log", chunks=CHUNKS, free=FREE)
    let_go(tmp_path / "log")


@pytest.fixture
def check_whole(tmp_path, sweep, stored_bytes):
    """Checks that a store has the bytes of a local run, and that at most so many chunks ran twice, the others once."""

    def check(store, twice):
        count = Counter(calls(tmp_path / "log"))
        run([sweep], Store(tmp_path / "reference"), processes=0)
        assert stored_bytes(store) == stored_bytes(Store(tmp_path / "reference"))
        assert len(count) == CHUNKS
        assert max(count.values()) <= 2
        assert 1 <= sum(times == 2 for times in count.values()) <= twice, count

    return check


def _shards(store):
    return {path: path.read_bytes() for path in store.folder.glob("*.shard")}


def _start_script(store, address, log, free=FREE):
    return start(HERE / "cluster_script.py", store.folder, address, log, CHUNKS, free)


def _wait_until_held(store, log):
    """Until the free chunks are stored and two more are in the middle."""
    wait_until(lambda: len(_shards(store)) == FREE and len(holders(log)) == 2)


def test_a_killed_worker_loses_no_more_than_it_had(tmp_path, client, sweep, check_whole):
    store, victim = Store(tmp_path / "store"), min(client.run(os.getpid).values())
    left = set()

    def kill_in_the_middle():
        try:
            wait_until(lambda: victim in holders(tmp_path / "log"))
            left.update(descendants(victim))
            os.kill(victim, signal.SIGKILL)
        finally:
            let_go(tmp_path / "log")

    killing = threading.Thread(target=kill_in_the_middle)
    killing.start()
    summary = run([sweep], store, cluster=client)
    killing.join()
    assert left
    wait_until(lambda: not any(map(psutil.pid_exists, left)), seconds=5)
    assert summary.computed == 2 * CHUNKS
    check_whole(store, twice=2)  # what it was computing, and what it had computed and not yet sent


def test_a_killed_client_loses_no_more_than_the_chunks_in_flight(tmp_path, client, sweep, check_whole):
    store = Store(tmp_path / "store")
    process = _start_script(store, client.scheduler.address, tmp_path / "log")
    _wait_until_held(store, tmp_path / "log")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = _shards(store)
    assert len(kept) == FREE
    let_go(tmp_path / "log")
    wait_until(lambda: not any(client.processing().values()), seconds=5)  # the scheduler lets go of what nobody wants
    summary = run([sweep], store, cluster=client)
    assert summary.resumed == 2 * len(kept)
    assert _shards(store).items() >= kept.items()
    check_whole(store, twice=IN_FLIGHT)


def test_ctrl_c_ends_what_runs_on_the_cluster(tmp_path, client):
    store, log = Store(tmp_path / "store"), tmp_path / "log"
    workers = client.run(os.getpid).values()
    others = descendants(*workers)  # a killed client's, which wait a minute for it
    process = _start_script(store, client.scheduler.address, log, free=0)
    wait_until(lambda: len(holders(log)) == 2)
    ours = descendants(*workers) - others
    assert len(ours) == 2
    before = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert time.monotonic() - before < 5
    assert process.returncode == -signal.SIGINT
    assert errors.count("KeyboardInterrupt") == 1, errors
    wait_until(lambda: not ours & descendants(*workers), seconds=5)
    assert len(calls(log)) == 2


def test_a_killed_and_restarted_scheduler(tmp_path, free_port, sweep, check_whole):
    store, address = Store(tmp_path / "store"), f"tcp://127.0.0.1:{free_port}"
    kinds = {"folder": tmp_path / "scratch"}
    with scheduler(free_port) as process, worker(address, **kinds) as one:

        def kill_in_the_middle():
            try:
                _wait_until_held(store, tmp_path / "log")
            finally:
                kill(process)

        killing = threading.Thread(target=kill_in_the_middle)
        killing.start()
        with pytest.raises(
            SweepError, match=f"the scheduler at {address} was lost, .*and the same command resumes once"
        ):
            run([sweep], store, cluster=address)
        killing.join()
        assert len(kept := _shards(store)) == FREE
        let_go(tmp_path / "log")
        wait_until(lambda: one.poll() is not None)  # workers end with their scheduler once their chunks have ended
    with scheduler(free_port), worker(address, **kinds):
        summary = run([sweep], store, cluster=address)
    assert summary.resumed == 2 * len(kept)
    assert _shards(store).items() >= kept.items()
    check_whole(store, twice=IN_FLIGHT)


def test_a_cluster_without_workers_is_told_and_waited_for(tmp_path, sweep, caplog):
    summaries = []
    let_go(tmp_path / "log")
    with (
        LocalCluster(processes=False, n_workers=0, threads_per_worker=2, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        store = Store(tmp_path / "store")
        running = threading.Thread(target=lambda: summaries.append(run([sweep], store, cluster=client)))
        running.start()
        wait_until(lambda: "the cluster has no workers yet; the work waits for them" in caplog.messages)
        cluster.scale(1)
        running.join(20)
    assert [summary.computed for summary in summaries] == [2 * CHUNKS]
    assert len(calls(tmp_path / "log")) == len(plan(sweep))


@pytest.mark.slow
def test_a_chunk_that_loses_every_worker_ends_the_run(tmp_path, client):
    log, store = tmp_path / "log", Store(tmp_path / "store")
    with pytest.raises(SweepError, match=r"workers of the cluster were lost 4 times at the same work.*resumes"):
        run([logged_sweep(log, "kills_its_worker", chunks=3)], store, cluster=client)
    assert calls(log).count("3 4") == 4
    assert len(_shards(store)) == 2
