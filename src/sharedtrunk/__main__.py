"""`python -m sharedtrunk` and the entry point of the `sharedtrunk` command: the command line, once it is imported.

Thin, so that a Ctrl-C while the imports run (a tenth of a second) is answered as one during the command is.
"""

from sharedtrunk._support.interrupts import importing


def main() -> None:
    """Import the command line and run it."""
    with importing(b"sharedtrunk: Interrupted before the command began.\n"):
        from sharedtrunk.cli import main as command
    command()


if __name__ == "__main__":  # worker processes import this module again
    main()
