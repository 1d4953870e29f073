"""Work on a cluster: calls go out to the workers of a Dask scheduler, results come back.

The workers need nothing of ours but the same installation: each call is made in a clean process there (`_crew`), so
that threads, flags and precision are those of a local worker, and results cross the network, so that no disk has to be
shared. Dask calls again, elsewhere, what a lost worker was doing. Dask is imported when a cluster is used, not before.
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

LOOK_SECONDS = 1.0
END_SECONDS = 5.0
LOST_LIMIT = 3
"""How often a call is made again after its process was lost; Dask's own limit for lost workers is the same."""

_RESULT, _LOST, _INPUT_ERROR, _SWEEP_ERROR = b"result", b"lost", b"InputError", b"SweepError"
_FAILURES: Mapping[bytes, type[Exception]] = {_INPUT_ERROR: InputError, _SWEEP_ERROR: SweepError}
"""First words of a worker's answer, and the errors that may come back."""

_RESUMES = "What a store holds is kept and the same command resumes"
_log = logging.getLogger("sharedtrunk.sweeps.cluster")


def run_on_cluster(
    work: Callable[[T], bytes], arguments: Sequence[T], *, client: "Client", environment: Environment
) -> Generator[tuple[T, bytes], None, None]:
    """Call `work`, importable by name on the workers, there; arguments and results as they come.

    Calls are handed out in order, a few more than the workers have threads. Closing the iterator or an interrupt ends
    what runs; a call that failed lets the others in flight finish first. Raises `SweepError`, `InputError` where a
    worker's installation is not this one, or what `work` raised of these two.
    """
    run = uuid.uuid4().hex
    call = functools.partial(call_on_worker, run, environment, identity(), work)
    waiting = deque((argument, 0) for argument in arguments)
    running: dict[Future, tuple[T, int]] = {}
    finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
    failure: BaseException | None = None
    look = _Look(client)
    try:
        while running or (waiting and failure is None):
            while waiting and failure is None and len(running) < look.room():
                future = client.submit(call, waiting[0][0], pure=False, key=(f"sharedtrunk-{run}", uuid.uuid4().hex))
                running[future] = waiting.popleft()
                future.add_done_callback(finished.put)
            try:
                future = finished.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue  # workers may have come meanwhile
            argument, lost = running.pop(future)
            kind, value = _outcome(client, future)
            del future  # the cluster lets go of the result
            if kind == _RESULT:
                yield argument, value
                continue
            text = value.decode(errors="replace")
            if kind == _LOST and lost < LOST_LIMIT:
                _log.warning("%s; its work is done again", text)
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
    """What Dask calls on a worker: a word, a line feed, and the result or a text.

    Bytes, so that the client puts together no object that a worker describes. Failures are results too, or Dask would log
    each with its traceback.
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
        several = (
            f"workers of the cluster were lost {LOST_LIMIT + 1} times at the same work, perhaps for want of memory"
        )
        return _SWEEP_ERROR, f"{several}. {_RESUMES}".encode()
    except Exception as error:
        if client.status != "running" or isinstance(error, CancelledError):
            raise _lost_scheduler(client) from error
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return _SWEEP_ERROR, f"the cluster could not do the work: {text}. {_RESUMES}".encode()
    kind, _, value = answer.partition(b"\n") if type(answer) is bytes else (b"", b"", b"")
    if kind not in (_RESULT, _LOST, *_FAILURES):
        return _SWEEP_ERROR, f"a worker answered with something else than a chunk's bytes. {_RESUMES}".encode()
    return kind, value


def _lost_scheduler(client: "Client") -> SweepError:
    address = getattr(client.scheduler, "address", None)
    where = f"the scheduler{f' at {address}' if address else ''}"
    return SweepError(f"{where} was lost, or dropped the work. {_RESUMES} once a scheduler and its workers run again")


class _Look:
    """How many calls the cluster takes; asked at most once a second, for workers come and go."""

    def __init__(self, client: "Client"):
        self._client = client
        self._asked = -LOOK_SECONDS
        self._room = 1
        self._idle = False

    def room(self) -> int:
        """A quarter more than there are threads, so that none waits for the network; 1 where there are no workers."""
        if time.monotonic() >= self._asked + LOOK_SECONDS:
            try:
                workers: Any = self._client.nthreads()
            except Exception as error:
                raise _lost_scheduler(self._client) from error
            threads = sum(workers.values())
            self._asked = time.monotonic()
            self._room = threads + threads // 4 + 1
            if threads == 0 and not self._idle:
                _log.warning("the cluster has no workers yet; the work waits for them")
            self._idle = threads == 0
        return self._room


def _end(client: "Client", futures: "list[Future]", run: str) -> None:
    """Take back what has not begun and end the processes of the run, as far as the cluster can still be reached."""

    def end() -> None:
        with contextlib.suppress(Exception):
            client.cancel(futures, force=True)
            client.run(end_run, run, on_error="ignore")

    # In a thread, for nobody waits for a cluster that does not answer.
    if client.status == "running":
        thread = threading.Thread(target=end, daemon=True)
        thread.start()
        thread.join(END_SECONDS)
