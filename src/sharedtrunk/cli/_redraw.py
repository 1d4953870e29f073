"""The command `redraw`."""

from pathlib import Path
from typing import Annotated

import typer

from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._errors import one_line_errors
from sharedtrunk.cli._options import Names, Out, Quick


def redraw(
    names: Names,
    out: Out = Path("results"),
    quick: Quick = False,
    full: Annotated[bool, typer.Option("--full", help="Use the figures made with --full.")] = False,
) -> None:
    """Draw and judge figures again from their stored datasets; needs no JAX."""
    with one_line_errors("Interrupted: the same command starts over."):
        from sharedtrunk.paper import figures

        terminal.show_outcomes(terminal.open_console(), figures.redraw(names, out, quick=quick, full=full))
