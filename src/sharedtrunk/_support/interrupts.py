"""Signals that end a command.

This module handles Ctrl-C while compiled modules are imported, and SIGTERM, which ends a command as Ctrl-C does.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def exit_on_interrupt(message: bytes) -> Iterator[None]:
    """Inside the block, Ctrl-C writes `message` to standard error and ends the process with code 130.

    No exception is raised: one raised while a compiled module is imported may come out as another exception, or crash.
    Nothing changes for a run in the background, which ignores Ctrl-C, or in a thread, which cannot handle signals.
    """
    before = signal.getsignal(signal.SIGINT)

    def leave(*_: object) -> None:
        os.write(2, message)
        os._exit(130)

    try:
        if before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, leave)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def stop_on_interrupt(message: bytes) -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether Ctrl-C has come inside the block; a second one ends the process with code 130.

    So work that asks the function can end early and show what it has. Exceptions: as in `exit_on_interrupt`.
    """
    came = False

    def note(*_: object) -> None:
        nonlocal came
        if came:
            os.write(2, message)
            os._exit(130)
        came = True

    with exit_on_interrupt(message):
        with contextlib.suppress(ValueError):  # not the main thread
            if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, note)
        yield lambda: came


_terminated = False


def end_cleanly_on_sigterm() -> None:
    """Let SIGTERM raise KeyboardInterrupt from now on, so that worker processes and semaphores are cleaned up."""

    def interrupt(*_: object) -> None:
        global _terminated
        _terminated = True
        # `timeout` and others send it twice, to the process and to its group; the second must not stop the clean-up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, interrupt)


def terminated() -> bool:
    """Whether this process has received SIGTERM."""
    return _terminated


def exit_code() -> int:
    """The exit code of an interrupted command: 143 after SIGTERM, 130 after Ctrl-C."""
    return 143 if _terminated else 130
