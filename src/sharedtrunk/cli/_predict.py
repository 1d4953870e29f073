"""The command `predict`."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sharedtrunk._support import environment
from sharedtrunk._support.files import check_writable
from sharedtrunk._support.interrupts import exit_on_interrupt
from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._errors import BEFORE_THE_WORK, one_line_errors
from sharedtrunk.cli._options import Json
from sharedtrunk.cli._task_values import matrix_file, singular_values
from sharedtrunk.cli._task_values import relatedness as as_relatedness
from sharedtrunk.errors import invalid

_S_AUX, _RELATEDNESS = ["10.0"], ["0.5"]
"""The auxiliary task of `predict` where the user names none: its SNR and its relatedness."""


def predict(
    samples: Annotated[int, typer.Option(metavar="N", help="Training points of every task.")] = 400,
    s_main: Annotated[
        str,
        typer.Option(
            metavar="S,…", help="Singular values of the main task's teacher: one for all, or one for each component."
        ),
    ] = "1.0",
    s_aux: Annotated[
        list[str],
        typer.Option(
            metavar="S,…", help="Singular values of the auxiliary task's teacher; repeat it for further tasks."
        ),
    ] = _S_AUX,
    relatedness: Annotated[
        list[str],
        typer.Option(
            metavar="R",
            help="From −1 to 1, 0 is unrelated; or a matrix: 1,0;0,0.5 or a .csv or .json file. One for each --s-aux.",
        ),
    ] = _RELATEDNESS,
    classes: Annotated[int, typer.Option(metavar="K", help="Classes of every task, and rank of the teachers.")] = 10,
    features: Annotated[int, typer.Option(metavar="N", help="Input features, at least twice the classes.")] = 100,
    hidden: Annotated[int, typer.Option(metavar="N", help="Hidden units of the trunk.")] = 100,
    noise: Annotated[float, typer.Option(metavar="S", help="Scale of the teachers' noise.")] = 1.0,
    seeds: Annotated[int, typer.Option(metavar="N", help="Draws of teachers, inputs and start.")] = 5,
    json: Json = None,
    simulation: Annotated[bool, typer.Option("--simulation/--no-simulation", help="Train students too.")] = True,
    best_decay: Annotated[
        bool,
        typer.Option(
            "--best-decay",
            help="Also: training to the minimum with the best weight decay of each arm in place of early stopping, by theory "
            "for infinite size. Takes seconds at 3 classes and minutes at 10.",
        ),
    ] = False,
) -> None:
    """Will B help A? Predict one setting by theory and by a quick simulation, with error bars, and say which to believe."""
    os.environ.update(environment.worker_environment())  # before JAX is imported
    with one_line_errors("Interrupted: no prediction was stored."):
        setting = {"s_main": singular_values("--s-main", s_main), **_auxiliary_tasks(s_aux, relatedness)}
        if json is not None:
            _check_apart(json, relatedness)
            check_writable(json)
        with exit_on_interrupt(BEFORE_THE_WORK):
            from sharedtrunk import prediction  # imports JAX, which takes seconds

        console = terminal.open_console()
        with console.status("Predicting …") if console.is_terminal else contextlib.nullcontext():
            predicted = prediction.predict(
                samples,
                **setting,
                classes=classes,
                features=features,
                hidden=hidden,
                noise=noise,
                seeds=seeds,
                simulate=simulation,
                best_decay=best_decay,
            )
        columns, rows = prediction.COLUMNS, prediction.rows(predicted)
        console.print(terminal.plain_table(prediction.title(predicted), prediction.caption(predicted), columns, rows))
        terminal.say(console, predicted.sentence)
        for name, answer in predicted.ways.items():
            failures = (
                f"{prediction.label(name)}: {count} of {len(predicted.seeds)} seeds {why}."
                for why, count in answer.failures.items()
            )
            terminal.say(console, *failures)
        if json is not None:
            prediction.write_json(json, predicted)
            terminal.say(console, f"Numbers   {json}")


def _auxiliary_tasks(s_aux: Sequence[str], relatedness: Sequence[str]) -> dict[str, Any]:
    """The arguments of `predict` for the auxiliary tasks: lists with one entry per task if there are several."""
    if len(s_aux) != len(relatedness):
        raise invalid(
            "--relatedness is given once for each --s-aux",
            received=f"{len(relatedness)} for {len(s_aux)} auxiliary tasks",
            hint="Repeat both, once for each auxiliary task.",
        )
    values, related = [singular_values("--s-aux", text) for text in s_aux], list(map(as_relatedness, relatedness))
    if len(s_aux) > 1:
        return {"s_aux": values, "relatedness": related}
    return {"s_aux": values if isinstance(values[0], list) else values[0], "relatedness": related[0]}


def _check_apart(json: Path, relatedness: Sequence[str]) -> None:
    """Raise `InputError` if --json would overwrite one of the user's matrix files."""
    for path in filter(None, map(matrix_file, relatedness)):
        if os.path.realpath(path) == os.path.realpath(json):
            received = f"--json in the place of a matrix, {json}"
            raise invalid("every output is a file of its own", received=received, hint="Name another file.")
