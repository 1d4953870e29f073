"""The executor for a cluster: calls go to the workers of a Dask scheduler, and results come back.

The workers need only the same installation. Each call is made in a clean process there (see `_clean_pool`), so that threads,
flags and precision are those of a local worker. Results cross the network, so no disk has to be shared. Dask repeats the
calls of a lost worker elsewhere. Dask is imported when a cluster is used, not before.
"""

import contextlib
import functools
import logging
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sharedtrunk.errors import InputError
from sharedtrunk.sweeps._clean_pool import call_cleanly, end_run
from sharedtrunk.sweeps._clean_process import LostProcessError, identity
from sharedtrunk.sweeps._executors import Environment
from sharedtrunk.sweeps._job import SweepError

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")

POLL_SECONDS = 1.0
"""Time between two requests for the list of workers, which come and go within minutes."""

CANCEL_SECONDS = 5.0
"""Longest wait at the end for a scheduler to cancel the calls; one that is alive takes far less."""

LOST_LIMIT = 3
"""How often a call is repeated after its process was lost; Dask's own limit for lost workers is the same."""

_RESULT, _LOST, _INPUT_ERROR, _SWEEP_ERROR = b"result", b"lost", b"InputError", b"SweepError"
_FAILURES: Mapping[bytes, type[Exception]] = {_INPUT_ERROR: InputError, _SWEEP_ERROR: SweepError}
"""The words with which a worker's answer can begin, and the errors that some of them stand for."""

_RESUMES = "Stored chunks are kept, and the same command resumes"
_log = logging.getLogger("sharedtrunk.sweeps.cluster")


def run_on_cluster(
    work: Callable[[T], bytes], arguments: Sequence[T], *, client: "Client", environment: Environment
) -> Generator[tuple[T, bytes], None, None]:
    """Call `work`, importable by name on the workers, on a cluster; yield each argument with its result, as they come.

    Calls are submitted in order, a few more than the workers have threads. An interrupt, or closing the iterator, ends the
    calls that are running; after a call that failed, the others that are running finish first. Raises `SweepError`, and
    `InputError` where a worker has another installation or `work` raised one.
    """
    run = uuid.uuid4().hex
    call = functools.partial(call_on_worker, run, environment, identity(), work)
    waiting = deque((argument, 0) for argument in arguments)
    running: dict[Future, tuple[T, int]] = {}
    finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
    failure: BaseException | None = None
    capacity = _Capacity(client)
    try:
        while running or (waiting and failure is None):
            while waiting and failure is None and len(running) < capacity.calls():
                future = client.submit(call, waiting[0][0], pure=False, key=(f"sharedtrunk-{run}", uuid.uuid4().hex))
                running[future] = waiting.popleft()
                future.add_done_callback(finished.put)
            try:
                future = finished.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue  # there may be new workers
            argument, lost = running.pop(future)
            kind, value = _outcome(client, future)
            del future  # so that the cluster frees the result
            if kind == _RESULT:
                yield argument, value
                continue
            text = value.decode(errors="replace")
            if kind == _LOST and lost < LOST_LIMIT:
                _log.warning("%s; its work is repeated", text)
                waiting.appendleft((argument, lost + 1))
            elif failure is None:
                failure = (
                    SweepError(f"{text}, {lost + 1} times. {_RESUMES}") if kind == _LOST else _FAILURES[kind](text)
                )
        if failure is not None:
            raise failure
    finally:
        _end(client, list(running), run)


def call_on_worker(
    run: str, environment: Environment, expected: Mapping[str, str], work: Callable[[Any], bytes], argument: Any
) -> bytes:
    """The function that Dask calls on a worker. It returns a word, a line feed, and the result or a message.

    The answer is bytes, so that the client unpickles nothing from a worker. Failures are answers too, or Dask would log
    each of them with a traceback.
    """
    try:
        return b"\n".join([_RESULT, call_cleanly(run, environment, expected, work, argument)])
    except LostProcessError as error:
        return b"\n".join([_LOST, str(error).encode()])
    except InputError as error:
        return b"\n".join([_INPUT_ERROR, str(error).encode()])
    except SweepError as error:
        return b"\n".join([_SWEEP_ERROR, str(error).encode()])
    except Exception as error:
        return b"\n".join([_SWEEP_ERROR, f"{type(error).__name__}: {error}".encode()])


def _outcome(client: "Client", future: "Future") -> tuple[bytes, bytes]:
    from distributed import CancelledError, KilledWorker

    try:
        answer = future.result()
    except KilledWorker:
        lost = f"workers of the cluster were lost {LOST_LIMIT + 1} times at the same work, perhaps for lack of memory"
        return _SWEEP_ERROR, f"{lost}. {_RESUMES}".encode()
    except Exception as error:
        if client.status != "running" or isinstance(error, CancelledError):
            raise _lost_scheduler(client) from error
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return _SWEEP_ERROR, f"the cluster could not do the work: {text}. {_RESUMES}".encode()
    kind, _, value = answer.partition(b"\n") if type(answer) is bytes else (b"", b"", b"")
    if kind not in (_RESULT, _LOST, *_FAILURES):
        return _SWEEP_ERROR, f"a worker's answer was not the bytes of a chunk. {_RESUMES}".encode()
    return kind, value


def _lost_scheduler(client: "Client") -> SweepError:
    address = getattr(client.scheduler, "address", None)
    where = f"the scheduler{f' at {address}' if address else ''}"
    return SweepError(f"{where} was lost, or dropped the work. {_RESUMES} once a scheduler and its workers run again")


class _Capacity:
    """The number of calls that the cluster should have; the scheduler is asked every `POLL_SECONDS`."""

    def __init__(self, client: "Client"):
        self._client = client
        self._asked = -POLL_SECONDS
        self._calls = 1
        self._idle = False

    def calls(self) -> int:
        """A quarter more calls than threads, plus 1, so that no thread waits for the network; 1 without workers."""
        if time.monotonic() >= self._asked + POLL_SECONDS:
            try:
                workers: Any = self._client.nthreads()
            except Exception as error:
                raise _lost_scheduler(self._client) from error
            threads = sum(workers.values())
            self._asked = time.monotonic()
            self._calls = threads + threads // 4 + 1
            if threads == 0 and not self._idle:
                _log.warning("the cluster has no workers yet; the work waits for them")
            self._idle = threads == 0
        return self._calls


def _end(client: "Client", futures: "list[Future]", run: str) -> None:
    """Cancel the calls that have not begun and end the processes of the run, if the cluster still answers."""

    def end() -> None:
        with contextlib.suppress(Exception):
            client.cancel(futures, force=True)
            client.run(end_run, run, on_error="ignore")

    # In a thread, so that a cluster that does not answer does not block this process.
    if client.status == "running":
        thread = threading.Thread(target=end, daemon=True)
        thread.start()
        thread.join(CANCEL_SECONDS)
