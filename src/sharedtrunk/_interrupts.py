"""Ctrl-C while compiled modules are imported: answered at once, without raising inside them."""

import contextlib
import os
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def importing(said: bytes) -> Iterator[None]:
    """Within, Ctrl-C writes `said` to standard error and leaves with code 130.

    Handled, not raised: inside the imports of compiled modules an exception may come out as another one, or crash. A
    run in the background, which ignores Ctrl-C, goes on ignoring it, and so does a thread, which has no say in signals.
    """
    before = signal.getsignal(signal.SIGINT)

    def leave(*_: object) -> None:
        os.write(2, said)
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
