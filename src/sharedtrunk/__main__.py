"""`python -m sharedtrunk` and the entry point of the `sharedtrunk` command.

The file imports next to nothing itself, so that Ctrl-C ends the command in one line even while the command line is imported,
which takes a tenth of a second.
"""

from sharedtrunk._support.interrupts import exit_on_interrupt


def main() -> None:
    """Import the command line and run it."""
    with exit_on_interrupt(b"sharedtrunk: Interrupted before the command began.\n"):
        from sharedtrunk.cli import main as command
    command()


if __name__ == "__main__":  # worker processes import this module again
    main()
