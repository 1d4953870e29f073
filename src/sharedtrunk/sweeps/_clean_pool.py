"""The clean processes of a Dask worker: one per thread and run, lent to one call at a time."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sharedtrunk.sweeps._clean_process import CleanProcess, LostProcessError
from sharedtrunk.sweeps._executors import Environment

_lock = threading.Lock()
_idle: dict[str, list[CleanProcess]] = {}
_busy: dict[str, list[CleanProcess]] = {}


def call_cleanly(
    run: str, environment: Environment, expected: Mapping[str, str], work: Callable[[Any], Any], argument: Any
) -> Any:
    """Call `work` in a clean process of this run, started if none is idle; returns and raises what `work` does.

    Raises `LostProcessError`, and what `CleanProcess` does when it starts.
    """
    process = _borrow(run) or CleanProcess(environment, expected)
    with _lock:
        _busy.setdefault(run, []).append(process)
    lost = False
    try:
        return process.call(work, argument)
    except LostProcessError:
        lost = True
        raise
    finally:
        with _lock:
            # `end_run` may have taken it away meanwhile.
            if process in _busy.get(run, []):
                _busy[run].remove(process)
                if not lost:
                    _idle.setdefault(run, []).append(process)
                _forget_the_dead()


def end_run(run: str) -> None:
    """End the run's processes at once, working or not."""
    with _lock:
        processes = [*_idle.pop(run, []), *_busy.pop(run, [])]
    for process in processes:
        process.kill()


def _forget_the_dead() -> None:
    """Drop what left for want of work, of this run or of one whose client was killed."""
    for processes in (_idle, _busy):
        for run in list(processes):
            processes[run] = [process for process in processes[run] if not process.ended()]
            if not processes[run]:
                del processes[run]


def _borrow(run: str) -> CleanProcess | None:
    while True:
        with _lock:
            if not _idle.get(run):
                return None
            process = _idle[run].pop()
        if process.alive():
            return process
