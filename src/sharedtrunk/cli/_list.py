"""The command `list`."""

import typer

from sharedtrunk.cli._errors import one_line_errors


def list_figures() -> None:
    """List the figures, each with its expected minutes and its claim."""
    with one_line_errors("Interrupted."):
        from sharedtrunk.paper import figures

        for figure in figures.FIGURES.values():
            typer.echo(f"{figure.name:<12} {figure.minutes:>4g} min  {figure.paper}: {figure.claim}")
