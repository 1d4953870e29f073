"""A command that fails ends with one line on standard error and an exit code.

The code is 2 for input that breaks a rule, 1 for a failed run, 130 for Ctrl-C and 143 for SIGTERM.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import typer

from sharedtrunk._support.interrupts import exit_code, exit_on_interrupt, terminated
from sharedtrunk.errors import InputError, printable

BEFORE_THE_WORK = b"sharedtrunk: Interrupted before the work began.\n"
"""Printed when Ctrl-C comes while a command imports JAX."""

# Depending on its version, Typer brings its own copy of Click or imports Click. Every usage error has this base class.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def print_error(text: str) -> None:
    """Print one line, without line breaks or control characters that a file or an argument brought into the text."""
    typer.echo(f"sharedtrunk: {printable(' '.join(text.split()))}", err=True)


def report_usage_error(error: Any) -> int:
    """Say in one line what is wrong with the arguments, or show the help if there are none; return the exit code."""
    command = error.ctx.command_path if error.ctx is not None else "sharedtrunk"
    message = " ".join(error.format_message().split()).rstrip(".")
    if error.ctx is not None and "NoArgsIsHelp" in type(error).__name__:
        error.show()
    else:
        print_error(f"{message}. See {command} --help.")
    return 2


@contextlib.contextmanager
def one_line_errors(interrupted: str) -> Iterator[None]:
    """Inside this context, a failure ends the command with one line, and Ctrl-C ends it with the line `interrupted`.

    Every command runs inside it. Its import of `sweeps` brings NumPy, which every command needs and `--help` does not.
    """
    with exit_on_interrupt(b"sharedtrunk: Interrupted before the command began.\n"):
        from sharedtrunk.sweeps import SweepError
    try:
        yield
    except (InputError, SweepError) as error:
        if isinstance(error, SweepError) and terminated():
            # The SIGTERM went to the worker processes too, and this process noticed that they ended.
            typer.echo(f"sharedtrunk: {interrupted}", err=True)
            raise typer.Exit(exit_code()) from None
        print_error(str(error))
        raise typer.Exit(2 if isinstance(error, InputError) else 1) from None
    except BrokenPipeError:
        raise
    except OSError as error:  # no package has turned it into a clearer error
        where = "" if error.filename is None else f" at {error.filename}"
        print_error(
            f"the system refused: '{error.strerror or error}'{where}. Check the path, and run the command again."
        )
        raise typer.Exit(1) from None
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "out of memory" not in str(error).lower():  # JAX's words for it
            raise
        print_error("there is not enough memory. Ask for fewer seeds, rows, repeats or hidden units.")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo(f"sharedtrunk: {interrupted}", err=True)
        raise typer.Exit(exit_code()) from None
