"""`python -m sharedtrunk` and the entry point of the `sharedtrunk` command.

This file imports almost nothing, so that Ctrl-C ends the command with a single line even while `sharedtrunk.cli` is being
imported, which takes a tenth of a second.
"""

from sharedtrunk._support.interrupts import exit_on_interrupt


def main() -> None:
    """Import the command line and run it."""
    with exit_on_interrupt(b"sharedtrunk: Interrupted before the command began.\n"):
        from sharedtrunk.cli import main as command
    command()


if __name__ == "__main__":  # worker processes import this module again
    main()
