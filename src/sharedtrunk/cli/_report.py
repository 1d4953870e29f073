"""The command `report`."""

from pathlib import Path
from typing import Annotated

import typer

from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._errors import one_line_errors
from sharedtrunk.cli._options import Out, Quick


def report(
    out: Out = Path("results"),
    quick: Quick = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="The page; DIR/report.html by default.")
    ] = None,
) -> None:
    """Gather the figures in a folder, their verdicts and the ledger into one HTML page; needs no JAX."""
    with one_line_errors("Interrupted: the page is unchanged."):
        from sharedtrunk.paper import report  # takes half a second, for templates, xarray and matplotlib

        written = report.write(out, page=page, size="quick" if quick else "standard")
        figures = f"{written.figures} figure{'' if written.figures == 1 else 's'}"
        terminal.say(
            terminal.open_console(),
            f"Page      {written.path}  ({written.bytes / 1e6:.1f} MB: {figures}, {written.rows} rows of the ledger)",
            *(f"Missing   {figure.name}: {figure.command}" for figure in written.missing),
        )
