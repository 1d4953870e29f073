"""Where work is done: in this process, or in worker processes that leave nothing behind.

`run_inline` calls a function here; `run_in_processes` has it called in fresh interpreters, one argument at a time each. An
executor decides where and when, never what: of a sweep, chunks, keys and bytes are the same. `run_on_cluster` is one
more function of the same form, and so could another be.

Workers hold one end of a pipe, the *lifeline*, whose other end only the parent holds. When the parent closes it or
dies, even by kill -9, a watching thread ends the worker at once.
"""

import abc
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Generic, TypeVar

from sharedtrunk.sweeps._job import SweepError

T = TypeVar("T")
R = TypeVar("R")

Environment = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""Variables that workers start with, or an importable function that makes them on the worker's machine."""


class Line(abc.ABC, Generic[T]):
    """Arguments in an order that may depend on who asks."""

    @abc.abstractmethod
    def after(self, done: T | None) -> T | None:
        """The next argument of a worker that is new or has just done one; None where nothing is left."""


class _InOrder(Line[T]):
    def __init__(self, arguments: Iterable[T]):
        self._left = iter(arguments)

    def after(self, done: T | None) -> T | None:
        return next(self._left, None)


def variables(environment: Environment) -> Mapping[str, str]:
    """The variables of `environment` on this machine."""
    return environment() if callable(environment) else environment


def run_inline(work: Callable[[T], R], arguments: Sequence[T]) -> Generator[R, None, None]:
    """Call `work` in this process, in order."""
    for argument in arguments:
        yield work(argument)


def run_in_processes(
    work: Callable[[T], R], arguments: Sequence[T] | Line[T], *, processes: int, environment: Environment
) -> Generator[R, None, None]:
    """Call `work`, importable by name, in that many new processes, started with `environment`; results as they come.

    `arguments` (none of them None) are called in order, or as a `Line` deals them out.

    Closing the iterator, an interrupt or a lost worker ends the workers at once; a call that failed lets the others in
    flight finish first. Raises `SweepError` or what `work` raised.
    """
    if multiprocessing.parent_process() is not None:
        # A work function's module that starts a sweep when it is imported would otherwise multiply without end.
        raise SweepError(
            "a worker process must not start a sweep of its own; this one does so when its module is imported. Put the "
            'call of run under `if __name__ == "__main__":`, or use processes=0'
        )
    context = multiprocessing.get_context("spawn")
    lifeline, parents_end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(processes, context, initializer=_enter_worker, initargs=(lifeline,))
    line = _InOrder(arguments) if isinstance(arguments, Sequence) else arguments
    try:
        # As many calls as workers are handed out, no more: the pool could not take back what it has queued, and the only
        # idle worker, which takes a call, is the one that has just done the call before.
        with _worker_start(variables(environment)):
            running = _submit(pool, work, [line.after(None) for _ in range(processes)])
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            results = [future.result() for future in done]
            running |= _submit(pool, work, [line.after(running.pop(future)) for future in done])
            yield from results
    except BrokenProcessPool as error:
        raise SweepError(
            "a worker process ended before its work did, perhaps for want of memory. What a store holds is kept and the "
            "same command resumes; fewer processes (--processes N on the command line) need less memory"
        ) from error
    except BaseException as error:
        if not isinstance(error, Exception):  # an interrupt, or nobody wants the rest
            parents_end.close()
        raise
    finally:
        try:
            pool.shutdown(wait=True, cancel_futures=True)
        finally:
            parents_end.close()
            lifeline.close()


def _submit(pool: ProcessPoolExecutor, work: Callable[[T], R], arguments: list[T | None]) -> dict[Future[R], T]:
    return {pool.submit(work, argument): argument for argument in arguments if argument is not None}


@contextlib.contextmanager
def _worker_start(environment: Mapping[str, str]) -> Iterator[None]:
    """What new workers inherit: the environment, no Ctrl-C, and not the caller's main module."""
    before = {name: os.environ.get(name) for name in environment}
    main = sys.modules["__main__"]
    # A new interpreter would die noisily of a Ctrl-C before it could ignore it, so it starts with the signal blocked.
    # One that comes meanwhile, or a SIGTERM, reaches this process at the end.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        os.environ.update(environment)
        # Spawning runs the main module again in each worker, where a script without `if __name__ == "__main__"` would
        # start its sweep anew. Chunk functions are imported by name, so workers do without it.
        sys.modules["__main__"] = ModuleType("__main__")
        yield
    finally:
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


_inside_worker = False


def inside_worker() -> bool:
    """Whether this process is a worker, in which a sweep that starts workers of its own would never end."""
    return _inside_worker


def enter_worker() -> None:
    """Make this process a worker: it starts no sweep, and leaves a Ctrl-C to its parent."""
    global _inside_worker
    _inside_worker = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _enter_worker(lifeline: Connection) -> None:
    enter_worker()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # with which the pool ends workers once one is lost
    threading.Thread(target=_end_with_parent, args=(lifeline,), name="lifeline", daemon=True).start()


def _end_with_parent(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent: it returns when the other end is closed
    os._exit(1)
