"""Clean processes: the interpreters in which a Dask worker computes.

A worker of a cluster may be anything: threads of a user's own process, an interpreter that has imported JAX with other flags,
or four threads per core. Numbers must not depend on the kind of worker, so each call is made in a *clean process*, a fresh
interpreter that is started with the sweep's environment, like the processes of `run_in_processes`. A worker keeps one for
each thread and run. Such a process ends with its run, with its worker (even after kill -9), or after a minute without a call,
which is how the process notices that the client was killed.
"""

import os
import pickle
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from sharedtrunk._support.cache.fingerprint import NUMERICAL_LIBRARIES, fingerprint, library_versions
from sharedtrunk._version import __version__
from sharedtrunk.errors import invalid
from sharedtrunk.sweeps._executors import Environment, enter_worker, variables
from sharedtrunk.sweeps._job import SweepError

IDLE_SECONDS = 60.0
"""A clean process ends after waiting this long for a call; a client needs far less time between two calls."""


class LostProcessError(Exception):
    """The process ended before its work was done."""


def identity() -> dict[str, str]:
    """What client and worker must have in common to compute equal numbers: versions of sharedtrunk and libraries, sources."""
    return {"sharedtrunk": __version__, **library_versions(NUMERICAL_LIBRARIES), "sources": fingerprint()}


class CleanProcess:
    """A fresh interpreter with the module path of this one, started with `environment`.

    Raises `InputError` where its `identity` is not the expected one, and `SweepError` where it does not start.
    """

    def __init__(self, environment: Environment, expected: Mapping[str, str]):
        self._connection, far_end = Pipe()
        path = [entry for entry in sys.path if isinstance(entry, str)]
        code = f"import sys; sys.path[:] = {path!r}; from {__name__} import serve; serve({far_end.fileno()}, {IDLE_SECONDS})"
        with far_end:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                env={**os.environ, **variables(environment)},
                stdin=subprocess.DEVNULL,
                pass_fds=[far_end.fileno()],
                process_group=0,  # so that the worker alone receives a Ctrl-C in its terminal
            )
        try:
            _check_identity(self._connection.recv(), expected)
        except (EOFError, OSError) as error:
            self.kill()
            raise SweepError(
                f"no process could be started on {socket.gethostname()}; its worker's log says why. Stored chunks are "
                "kept, and the same command resumes"
            ) from error
        except BaseException:
            self.kill()
            raise

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def alive(self) -> bool:
        """Ask the process to wait for the next call; False if it has ended, or is about to after a minute without one."""
        try:
            self._connection.send_bytes(b"")
            self._connection.recv_bytes()
        except (EOFError, OSError):
            self.kill()
            return False
        return True

    def call(self, work: Callable[[Any], Any], argument: Any) -> Any:
        """Call `work` in the process; return or raise its result. Raises `LostProcessError` where the process ends."""
        try:
            self._connection.send((work, argument))
            raised, value = self._connection.recv()
        except (EOFError, OSError) as error:
            self.kill()
            host = socket.gethostname()
            raise LostProcessError(
                f"a process on {host} ended before its work was done, perhaps for lack of memory"
            ) from error
        if raised:
            raise value
        return value

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()


def _check_identity(found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    differing = [name for name in expected if found.get(name) != expected[name]]
    if differing:
        raise invalid(
            "workers of a cluster must have the client's sharedtrunk and numerical libraries, or their numbers would differ",
            received=f"on {socket.gethostname()} "
            + ", ".join(f"{name} {found.get(name)} (the client has {expected[name]})" for name in differing),
            hint="Install the same versions there and restart the workers; stored chunks are kept.",
        )


def serve(descriptor: int, idle_seconds: float) -> None:
    """Run in a clean process: answer calls one after another until the worker is gone or silent for `idle_seconds`."""
    connection = Connection(descriptor)
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox), name="lifeline", daemon=True).start()
    enter_worker()
    connection.send(identity())
    while True:
        try:
            request = inbox.get(timeout=idle_seconds)
        except queue.Empty:
            return
        if not request:
            # An empty request asks whether the process is alive. Once it has answered, it waits for the call without limit.
            connection.send_bytes(b"here")
            request = inbox.get()
        connection.send_bytes(_answer(request))


def _listen(connection: Connection, inbox: "queue.SimpleQueue[bytes]") -> None:
    try:
        while True:
            inbox.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(1)  # the worker is gone


def _answer(request: bytes) -> bytes:
    try:
        work, argument = pickle.loads(request)
        return pickle.dumps((False, work(argument)))
    except (Exception, SystemExit) as error:
        try:
            pickle.loads(answer := pickle.dumps((True, error)))
        except Exception:  # an exception of a class that cannot be pickled
            return pickle.dumps((True, SweepError(f"{type(error).__name__}: {error}")))
        return answer
