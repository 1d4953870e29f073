"""The command `reproduce`."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sharedtrunk._support import environment
from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._errors import one_line_errors
from sharedtrunk.cli._options import Names, Out, Processes

if TYPE_CHECKING:
    from rich.console import Console


def reproduce(
    names: Names,
    out: Out = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="Make the figures on a coarse grid, in seconds.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Use a larger grid than the paper's, where a figure has one.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Discard stored lanes; by default they are kept.")] = False,
    processes: Processes = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Train on a Dask cluster: its scheduler, such as tcp://host:8786."),
    ] = None,
    training: Annotated[str, typer.Option(help="flow (continuous time) or descent (step 0.1).")] = "flow",
    seeds: Annotated[
        int | None, typer.Option(metavar="N", help="Number of seeds; the figure's own by default.")
    ] = None,
) -> None:
    """Make figures: train the lanes that are not stored yet, draw, judge."""
    if processes == 0:
        os.environ.update(environment.worker_environment())  # this process is the worker; JAX is not imported yet
    with one_line_errors("Interrupted: finished lanes are stored, and the same command continues."):
        from sharedtrunk.paper import figures

        console = terminal.open_console()
        with terminal.lanes_bar(console) as progress, _cluster_messages(console, scheduler):
            reproduction = figures.reproduce(
                names,
                out,
                quick=quick,
                full=full,
                fresh=fresh,
                processes=processes,
                cluster=scheduler,
                training=training,
                seeds=seeds,
                progress=progress,
            )
        precision = " and ".join({outcome.figure.problem.precision: None for outcome in reproduction.outcomes})
        terminal.say(console, *terminal.run_lines(reproduction.summary, precision))
        terminal.show_outcomes(console, reproduction.outcomes)


@contextlib.contextmanager
def _cluster_messages(console: "Console", scheduler: str | None) -> Iterator[None]:
    """Inside this context, print what is logged about the cluster: that it has no workers yet, or that one was lost."""
    if scheduler is None:
        yield
        return
    from rich.logging import RichHandler

    logger = logging.getLogger("sharedtrunk.sweeps.cluster")
    handler = RichHandler(console=console, show_time=False, show_level=False, show_path=False)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
