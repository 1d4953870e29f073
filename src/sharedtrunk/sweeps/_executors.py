"""Executors: call a function on many arguments, in this process or in worker processes.

`run_inline` calls the function in this process, `run_in_processes` in fresh interpreters that take one argument at a time,
and `run_on_cluster` (in `_cluster`) on a Dask cluster. An executor decides where and when a chunk is computed; the chunk's
key and bytes are the same everywhere.

Workers hold one end of a pipe, the *lifeline*, whose other end only the parent holds. When the parent closes that end or
dies, even by kill -9, a thread in the worker ends the worker at once.
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
"""Variables that workers start with, or an importable function that returns them on the worker's machine."""


class Dispatcher(abc.ABC, Generic[T]):
    """Hands out arguments in an order that may depend on what a worker has just done."""

    @abc.abstractmethod
    def next_after(self, done: T | None) -> T | None:
        """The next argument for a worker that has just finished `done` (None: a new worker); None if no argument is left."""


class _InOrder(Dispatcher[T]):
    def __init__(self, arguments: Iterable[T]):
        self._left = iter(arguments)

    def next_after(self, done: T | None) -> T | None:
        return next(self._left, None)


def variables(environment: Environment) -> Mapping[str, str]:
    """The variables of `environment` on this machine."""
    return environment() if callable(environment) else environment


def run_inline(work: Callable[[T], R], arguments: Sequence[T]) -> Generator[R, None, None]:
    """Call `work` in this process, in order."""
    for argument in arguments:
        yield work(argument)


def run_in_processes(
    work: Callable[[T], R], arguments: Sequence[T] | Dispatcher[T], *, processes: int, environment: Environment
) -> Generator[R, None, None]:
    """Call a function on many arguments in new worker processes.

    Parameters
    ----------
    work
        A function that workers can import by name.
    arguments
        The arguments, none of them None, in the order of the calls, or a `Dispatcher` that hands them out.
    processes
        Number of workers.
    environment
        Variables that the workers start with, or a function that returns them.

    Yields
    ------
    R
        The results, as they come. Closing the iterator ends the workers at once, and so does an interrupt.

    Raises
    ------
    SweepError
        Where a worker is lost, or this process is itself a worker. An exception of `work` is raised unchanged, after the
        other running calls have finished.
    """
    if multiprocessing.parent_process() is not None:
        # If importing the module of `work` starts a sweep, its workers would otherwise start workers without end.
        raise SweepError(
            "a worker process must not start a sweep, but importing a module in it started one. Put the "
            'call of run under `if __name__ == "__main__":`, or use processes=0'
        )
    context = multiprocessing.get_context("spawn")
    lifeline, parents_end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(processes, context, initializer=_enter_worker, initargs=(lifeline,))
    dispatcher = _InOrder(arguments) if isinstance(arguments, Sequence) else arguments
    try:
        # No more calls are submitted than there are workers: the pool could not take queued calls back, and a new call
        # goes to the only idle worker, the one that has just finished.
        with _worker_start(variables(environment)):
            running = _submit(pool, work, [dispatcher.next_after(None) for _ in range(processes)])
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            results = [future.result() for future in done]
            running |= _submit(pool, work, [dispatcher.next_after(running.pop(future)) for future in done])
            yield from results
    except BrokenProcessPool as error:
        raise SweepError(
            "a worker process ended before its work was done, perhaps for lack of memory. Stored chunks are kept, and the "
            "same command resumes; fewer processes (--processes N on the command line) need less memory"
        ) from error
    except BaseException as error:
        if not isinstance(error, Exception):  # an interrupt, or the iterator was closed
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
    """Inside this context, new workers start with `environment`, Ctrl-C and SIGTERM blocked, without the main module."""
    before = {name: os.environ.get(name) for name in environment}
    main = sys.modules["__main__"]
    # A Ctrl-C would end a new interpreter with a traceback before it can ignore the signal, so it starts with the signal
    # blocked. If a Ctrl-C or SIGTERM arrives meanwhile, this process receives it when the block ends.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        os.environ.update(environment)
        # Spawning runs the main module again in each worker, where a script without `if __name__ == "__main__"` would
        # start its sweep anew. Chunk functions are imported by name, so workers do not need it.
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
    """Whether this process is a worker, which must not start workers of its own."""
    return _inside_worker


def enter_worker() -> None:
    """Make this process a worker, which starts no sweep and leaves Ctrl-C to its parent."""
    global _inside_worker
    _inside_worker = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _enter_worker(lifeline: Connection) -> None:
    enter_worker()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # sent by the pool once a worker is lost
    threading.Thread(target=_end_with_parent, args=(lifeline,), name="lifeline", daemon=True).start()


def _end_with_parent(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent, so this returns when the other end is closed
    os._exit(1)
