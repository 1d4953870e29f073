"""Chunk functions that leave a trace, for sweeps on a cluster; imported by name where they run: it must call no `run`."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from sweeps_toy import wave

from sharedtrunk.sweeps import Grid, Sweep, Variable

MOST_SECONDS = 60
"""For which a call is held."""


def logged(settings, lanes):
    """A line in the log for each call, as it begins; then the numbers, but after the `free` calls not before `let_go`."""
    line = _log(settings, lanes)
    if calls(settings["log"]).index(line) >= settings["free"]:
        _note(_held(settings["log"]), os.getppid())
        end = time.monotonic() + MOST_SECONDS  # a test that fails before it lets go must not hang
        while not _gone(settings["log"]).exists() and time.monotonic() < end:
            time.sleep(0.01)
    return wave(settings, lanes)


def dies_first(settings, lanes):
    """The first so many calls with lane x=3 are killed in the middle, process and all."""
    _log(settings, lanes)
    if any(lane["x"] == 3 for lane in lanes) and calls(settings["log"]).count("3 4") <= settings["deaths"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return wave(settings, lanes)


def kills_its_worker(settings, lanes):
    """Lane x=3 ends the Dask worker that its process belongs to, each time."""
    _log(settings, lanes)
    if any(lane["x"] == 3 for lane in lanes):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return wave(settings, lanes)


def raises_own(settings, lanes):
    raise ImportError("no such library", name="toy")


def where(settings, lanes):
    """The process, its parent, and the environment that it has."""
    count = len(lanes)
    return {
        "process": np.full(count, os.getpid()),
        "parent": np.full(count, os.getppid()),
        "threads": np.full(count, int(os.environ.get("TOY_THREADS", "-1"))),
        "made_by": np.full(count, int(os.environ.get("TOY_MADE_BY", "-1"))),
    }


def environment():
    return {"TOY_THREADS": "1", "TOY_MADE_BY": str(os.getpid())}


def calls(log):
    """The calls so far, by the lanes' x."""
    return Path(log).read_text().splitlines() if Path(log).exists() else []


def holders(log):
    """The workers whose processes have been held, one for each call."""
    return list(map(int, calls(_held(log))))


def let_go(log):
    _gone(log).touch()


def _held(log):
    return Path(f"{log}-held")


def _gone(log):
    return Path(f"{log}-go")


def _log(settings, lanes):
    """The line that it writes."""
    return _note(settings["log"], *(lane["x"] for lane in lanes))


def _note(path, *words):
    line = " ".join(map(str, words))
    # One write with O_APPEND, so that lines of several processes stay whole.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)
    return line


def logged_sweep(log, function="logged", chunks=16, free=1000, **settings):
    """Chunks of two lanes, x = 1 2, 3 4 and so on; the last is said to have most work."""
    return Sweep(
        "toy",
        f"cluster_toy:{function}",
        Grid({"x": tuple(range(1, 2 * chunks + 1)), "seed": (0,)}),
        {"value": Variable(), "curve": Variable(("time",))},
        {"frequency": 0.3, "free": free, "log": str(log), **settings},
        chunk_limit=2,
        work="x",
    )
