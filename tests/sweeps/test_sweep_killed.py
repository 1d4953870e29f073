"""Real processes, really killed: what they leave is consistent, nothing runs on, and the same command resumes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sweeps_toy import slow_sweep

from sharedtrunk.sweeps import Store, collect, run

SCRIPT = Path(__file__).with_name("toy_script.py")
SECONDS = 0.15  # a chunk takes this long


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The slow sweep's files and arrays from one uninterrupted run."""
    store = Store(tmp_path_factory.mktemp("uninterrupted"))
    run([slow_sweep(SECONDS)], store, processes=4)
    return _files(store.folder), collect(slow_sweep(SECONDS), store)


def _files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def start():
    """Starts a script in a process and session of its own; whatever of it is left at the end is killed."""
    processes = []

    def start(script, *arguments):
        process = subprocess.Popen(
            [sys.executable, str(script), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SCRIPT.parent), os.environ.get("PYTHONPATH", "")])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _session(process):
    """Ids of the live processes in the session that `process` leads."""
    alive = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == process.pid and fields[0] != "Z":
            alive.append(int(folder.name))
    return alive


def _wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def _shards(folder):
    return list(folder.glob("*.shard"))


def _check_resumes(start, folder, whole, kept):
    files, dataset = whole
    assert all(files[path.name] == content for path, content in kept.items())
    process = start(SCRIPT, folder, 4, SECONDS)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "finished\n", "")
    assert _files(folder) == files
    assert collect(slow_sweep(SECONDS), Store(folder)).identical(dataset)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for orphans in /proc")
@pytest.mark.parametrize("processes", [0, 2])
def test_kill_9(start, tmp_path, whole, processes):
    process = start(SCRIPT, tmp_path, processes, SECONDS)
    _wait(lambda: len(_shards(tmp_path)) >= 3)
    assert len(_session(process)) > processes
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    _wait(lambda: not _session(process), seconds=5)
    kept = {path: path.read_bytes() for path in _shards(tmp_path)}
    assert 3 <= len(kept) < 20
    (tmp_path / f".{next(iter(kept)).name}.0123456789abcdef.tmp").write_bytes(b"cut")
    _check_resumes(start, tmp_path, whole, kept)


@pytest.mark.long
@pytest.mark.parametrize(("processes", "to_group"), [(0, False), (2, False), (2, True)])
def test_ctrl_c(start, tmp_path, whole, processes, to_group):
    process = start(SCRIPT, tmp_path, processes, SECONDS)
    _wait(lambda: len(_shards(tmp_path)) >= 3)
    sent = time.monotonic()
    # A terminal sends the signal to the parent and to the workers.
    (os.killpg if to_group else os.kill)(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert time.monotonic() - sent < 5
    assert process.returncode == -signal.SIGINT
    assert errors.count("KeyboardInterrupt") == 1, errors
    assert "Process SpawnProcess" not in errors
    _wait(lambda: not _session(process), seconds=5)  # the resource tracker goes last
    kept = {path: path.read_bytes() for path in _shards(tmp_path)}
    assert 3 <= len(kept) < 20
    # A worker that is ended while it writes leaves its temporary file, which the next run removes; this process none.
    leftovers = list(tmp_path.glob(".*"))
    assert len(leftovers) <= processes
    assert all(path.suffix == ".tmp" for path in leftovers)
    _check_resumes(start, tmp_path, whole, kept)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nobody_waits_for_a_long_chunk(start, tmp_path, number):
    process = start(SCRIPT, tmp_path, 2, 60)
    _wait(lambda: len(_session(process)) == 4)  # itself, two workers and multiprocessing's resource tracker
    time.sleep(1)  # by now they compute
    os.kill(process.pid, number)
    process.communicate(timeout=5)
    assert process.returncode == -number
    _wait(lambda: not _session(process), seconds=5)


def test_ctrl_c_while_workers_start(start, tmp_path):
    for delay in (0.0, 0.02, 0.1):
        process = start(SCRIPT, tmp_path, 4, SECONDS)
        _wait(lambda process=process: len(_session(process)) > 1)
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert errors.count("KeyboardInterrupt") == 1, errors
        _wait(lambda process=process: not _session(process), seconds=5)


def test_two_processes_at_once_in_one_folder(start, tmp_path, whole):
    both = [start(SCRIPT, tmp_path, 2, SECONDS) for _ in range(2)]
    for process in both:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output, errors) == (0, "finished\n", "")
    assert _files(tmp_path) == whole[0]


def test_a_script_without_a_main_guard_runs_once(start, tmp_path):
    output, errors = (process := start(SCRIPT, tmp_path, 2, SECONDS)).communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "finished\n", "")


def test_a_script_that_names_its_own_function_without_a_main_guard_is_refused(start, tmp_path):
    # The worst case: each worker imports the script for its function, and the import calls `run` again.
    script = tmp_path / "careless.py"
    script.write_text(
        "from sharedtrunk.sweeps import Grid, Store, Sweep, Variable, run\n"
        "def function(settings, lanes):\n"
        "    return {'y': [lane['x'] for lane in lanes]}\n"
        "sweep = Sweep('s', 'careless:function', Grid({'x': (1, 2)}), {'y': Variable()}, chunk_limit=1)\n"
        f"run([sweep], Store({str(tmp_path / 'store')!r}), processes=2)\n"
    )
    process = start(script)
    seen, end = 0, time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end and seen < 20:
        seen = max(seen, len(_session(process)))
        time.sleep(0.01)
    assert seen <= 4  # itself, two workers and multiprocessing's resource tracker
    assert process.wait(timeout=5) == 1
    errors = process.stderr.read()
    assert "InputError: a sweep must not be run inside a worker of a sweep" in errors
    assert 'Put the call under `if __name__ == "__main__":`' in errors
