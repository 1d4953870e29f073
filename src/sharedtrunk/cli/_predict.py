"""The command `predict`."""

import contextlib
import os
from typing import Annotated

import typer

from sharedtrunk._support import environment
from sharedtrunk._support.files import check_writable
from sharedtrunk._support.interrupts import exit_on_interrupt
from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._errors import BEFORE_THE_WORK, one_line_errors
from sharedtrunk.cli._options import Json


def predict(
    samples: Annotated[int, typer.Option(metavar="N", help="Training points of both tasks.")] = 400,
    s_main: Annotated[float, typer.Option(metavar="S", help="Singular values of the main task's teacher.")] = 1.0,
    s_aux: Annotated[float, typer.Option(metavar="S", help="Singular values of the auxiliary task's teacher.")] = 10.0,
    relatedness: Annotated[float, typer.Option(metavar="R", help="Between −1 and 1; 0 is unrelated.")] = 0.5,
    classes: Annotated[int, typer.Option(metavar="K", help="Classes of either task, and rank of the teachers.")] = 10,
    features: Annotated[int, typer.Option(metavar="N", help="Input features, at least twice the classes.")] = 100,
    hidden: Annotated[int, typer.Option(metavar="N", help="Hidden units of the trunk.")] = 100,
    noise: Annotated[float, typer.Option(metavar="S", help="Scale of the teachers' noise.")] = 1.0,
    seeds: Annotated[int, typer.Option(metavar="N", help="Draws of teachers, inputs and start.")] = 5,
    json: Json = None,
    simulation: Annotated[bool, typer.Option("--simulation/--no-simulation", help="Train students too.")] = True,
) -> None:
    """Will B help A? One setting by theory and by a quick simulation, with error bars, and which of them to believe."""
    os.environ.update(environment.worker_environment())  # before JAX is imported
    with one_line_errors("Interrupted: no prediction was stored."):
        if json is not None:
            check_writable(json)
        with exit_on_interrupt(BEFORE_THE_WORK):
            from sharedtrunk import prediction  # imports JAX, which takes seconds

        console = terminal.open_console()
        with console.status("Predicting …") if console.is_terminal else contextlib.nullcontext():
            predicted = prediction.predict(
                samples,
                s_main,
                s_aux,
                relatedness,
                classes=classes,
                features=features,
                hidden=hidden,
                noise=noise,
                seeds=seeds,
                simulate=simulation,
            )
        columns, rows = prediction.COLUMNS, prediction.rows(predicted)
        console.print(terminal.plain_table(prediction.title(predicted), prediction.caption(predicted), columns, rows))
        terminal.say(console, predicted.sentence)
        for name, answer in predicted.ways.items():
            failures = (
                f"{name}: {count} of {len(predicted.seeds)} seeds {why}." for why, count in answer.failures.items()
            )
            terminal.say(console, *failures)
        if json is not None:
            prediction.write_json(json, predicted)
            terminal.say(console, f"Numbers   {json}")
