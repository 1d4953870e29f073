"""The command `claims`: measures some claims, and judges others from the stored datasets of figures."""

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sharedtrunk._support import environment
from sharedtrunk._support.files import check_writable
from sharedtrunk._support.interrupts import exit_on_interrupt
from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._errors import BEFORE_THE_WORK, one_line_errors
from sharedtrunk.cli._options import Processes
from sharedtrunk.errors import invalid

if TYPE_CHECKING:
    from rich.console import Console

    from sharedtrunk.paper import claims as paper_claims

ALL_STORED = "stored"
"""The word that stands for every claim that stored datasets decide."""


def claims(
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLAIM…]",
            help="Keys of claims, such as eq-15; `stored` is every claim that --from judges. Default: all.",
        ),
    ] = None,
    stored: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Also judge the claims about figures, from the datasets in DIR."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="With --from: use the datasets made with --quick.")] = False,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the ledger, with every reading, to a file.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="The seed of all random draws.")] = 0,
    thorough: Annotated[bool, typer.Option("--thorough", help="More seeds and larger samples; takes longer.")] = False,
    processes: Processes = None,
    names: Annotated[bool, typer.Option("--list", help="List the claims and what they say; measure nothing.")] = False,
) -> None:
    """Measure the paper's claims and print which hold, which only under a condition, and which fail."""
    os.environ.update(environment.worker_environment())  # before JAX is imported: float64 on, one thread per process
    with one_line_errors("Interrupted: an unfinished ledger is not stored."):
        from sharedtrunk.paper import claims as paper_claims
        from sharedtrunk.paper.claims import captions

        if json is not None:
            check_writable(json)
        console = terminal.open_console()
        if names:
            known = (*_equations().CLAIMS.values(), *captions.STORED.values())
            terminal.say(console, *(f"{claim.key:<27} {paper_claims.sentence(claim.statement)}" for claim in known))
            return
        measured, judged = _chosen(keys, stored)
        datasets = None if stored is None else captions.Datasets(stored, quick=quick)
        rows = []
        if measured != []:
            workers = environment.cores() if processes is None else processes
            rows += _measure(console, measured, seed=seed, thorough=thorough, processes=workers)
        if datasets is not None and judged != []:
            rows += captions.judge_stored(datasets, judged)
        console.print(terminal.ledger_table(rows))
        terminal.say(console, paper_claims.tally(rows))
        if not keys and stored is None:
            more = len(captions.STORED)
            terminal.say(
                console, f"sharedtrunk claims --from DIR judges {more} more claims from the figures' datasets."
            )
        if json is not None:
            origins = None if datasets is None else datasets.origins
            paper_claims.write_json(json, rows, seed=seed, thorough=thorough, datasets=origins)
            terminal.say(console, f"Ledger    {json}")


def _measure(console: "Console", keys: list[str] | None, **how: Any) -> "list[paper_claims.Row]":
    equations = _equations()
    with terminal.claims_bar(console) as progress:
        return equations.measure(keys, environment=environment.worker_environment(), progress=progress, **how)


def _equations() -> Any:
    """The package of the measured claims, imported late because it imports JAX, which takes seconds."""
    with exit_on_interrupt(BEFORE_THE_WORK):
        from sharedtrunk.paper.claims import equations

    return equations


def _chosen(keys: list[str] | None, stored: Path | None) -> tuple[list[str] | None, list[str] | None]:
    """The keys of the claims to measure, and of those to judge from stored datasets; None means all."""
    from sharedtrunk.paper.claims import captions

    if not keys:
        return None, None
    all_stored = ALL_STORED in keys
    judged = [key for key in keys if key in captions.STORED]
    if stored is None and (all_stored or judged):
        raise invalid(
            "claims about figures are judged from stored datasets",
            received=", ".join(judged or [ALL_STORED]),
            hint="Give --from DIR, the folder that sharedtrunk reproduce made.",
        )
    measured = [key for key in keys if key not in captions.STORED and key != ALL_STORED]
    known = (*_equations().CLAIMS, *captions.STORED, ALL_STORED) if measured else ()
    unknown = [key for key in measured if key not in known]
    if unknown:
        close = difflib.get_close_matches(unknown[0].lower(), known, n=3, cutoff=0.4)
        raise invalid(
            "Unknown claim",
            received=", ".join(unknown),
            hint=f"Did you mean {' or '.join(close)}?" if close else "See sharedtrunk claims --list.",
        )
    return measured, None if all_stored else judged
