"""The clean processes of a Dask worker: one for each thread and run, used by one call at a time."""

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
    """Call `work` in a clean process of this run, starting one if none is idle; return or raise the result of `work`.

    Raises `LostProcessError`, and the errors of `CleanProcess` where it does not start.
    """
    process = _idle_process(run) or CleanProcess(environment, expected)
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
            # `end_run` may have removed it in the meantime.
            if process in _busy.get(run, []):
                _busy[run].remove(process)
                if not lost:
                    _idle.setdefault(run, []).append(process)
                _drop_ended()


def end_run(run: str) -> None:
    """End all processes of the run at once, busy or idle."""
    with _lock:
        processes = [*_idle.pop(run, []), *_busy.pop(run, [])]
    for process in processes:
        process.kill()


def _drop_ended() -> None:
    """Drop the processes of any run that have ended: a run's client may have been killed."""
    for processes in (_idle, _busy):
        for run in list(processes):
            processes[run] = [process for process in processes[run] if not process.ended()]
            if not processes[run]:
                del processes[run]


def _idle_process(run: str) -> CleanProcess | None:
    while True:
        with _lock:
            if not _idle.get(run):
                return None
            process = _idle[run].pop()
        if process.alive():
            return process
