"""`python -m sharedtrunk` and the entry point of the `sharedtrunk` command: the command line, once it is imported.

Thin, so that a Ctrl-C while the imports run (a tenth of a second) is answered as one during the command is.
"""

import os
import signal


def main() -> None:
    """Import the command line and run it."""
    before = signal.getsignal(signal.SIGINT)
    # Handled, not caught: inside the imports of compiled modules an exception may come out as another one. A run in
    # the background, which ignores Ctrl-C, goes on ignoring it.
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    from sharedtrunk.cli import main as command

    signal.signal(signal.SIGINT, before)
    command()


def _leave(*_: object) -> None:
    os.write(2, b"sharedtrunk: Interrupted before the command began.\n")
    os._exit(130)


if __name__ == "__main__":  # worker processes import this module again
    main()
