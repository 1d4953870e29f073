"""Real schedulers and workers on this machine, and a look at the processes that they leave."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

HERE = Path(__file__).parent


def start(*words, path=(), **kinds):
    """`python words…` in a session of its own, with the toys importable."""
    paths = [*map(str, path), str(HERE), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kinds,
    )


@contextlib.contextmanager
def scheduler(port):
    """A scheduler at that port; killed at the end."""
    process = start(
        *("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"),
        *("--no-jupyter",),
    )
    try:
        yield process
    finally:
        kill(process)


@contextlib.contextmanager
def worker(address, *, path=(), folder):
    """A worker with two threads; killed at the end with all that it started."""
    words = ("--nthreads", 2, "--no-nanny", "--no-dashboard", "--local-directory", folder)
    process = start("-m", "distributed.cli.dask_worker", address, *words, path=path)
    try:
        yield process
    finally:
        kill(process)


def kill(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def descendants(*processes):
    """Ids of the live processes below these."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(process).children(recursive=True)
            found |= {child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE}
    return found


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
