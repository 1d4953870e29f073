"""The command line: parse, call, print. Exit code 2 for input that breaks a rule, 1 for a failed run, 130 for
Ctrl-C, 143 for SIGTERM.

Nothing slow is imported until a command needs it: `--help` answers without NumPy, `list` without JAX, SciPy and xarray.
"""

import contextlib
import difflib
import io
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sharedtrunk._support.environment import cores, worker_environment
from sharedtrunk._support.files import check_writable
from sharedtrunk._support.interrupts import end_cleanly_on_sigterm, exit_code, importing, terminated
from sharedtrunk._version import __version__
from sharedtrunk.cli import _advise, _advise_source
from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._terminal_advice import INTERRUPTED, printable
from sharedtrunk.errors import InputError, invalid

if TYPE_CHECKING:
    from rich.console import Console

    from sharedtrunk.paper import ledger

# Typer asks pydantic what a flag without a default means; `list`, which has no other, answers without importing it.
_NO_HELP = {"help": False}

app = typer.Typer(
    help="Will learning task B beside task A help A? By theory, by simulation, and the paper checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"default_map": {**_NO_HELP, "list": _NO_HELP}},
)

Names = Annotated[
    list[str],
    typer.Argument(metavar="FIGURE…", help="Figures by name, see `sharedtrunk list`; or all of the paper's: all."),
]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder of pictures, datasets and stored lanes.")]

ALL_STORED = "stored"
"""Stands for all claims that stored datasets decide, where claims are named."""

# Typer brings its own copy of Click or uses Click's, by version; every complaint about words descends from this class.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Entry point of the `sharedtrunk` command, once it is imported; see `sharedtrunk.__main__`."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal without ± or … shows a question mark there.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # The store's messages come back in the summary and are printed there.
    logging.getLogger("sharedtrunk").addHandler(logging.NullHandler())
    said = logging.StreamHandler()
    said.setFormatter(logging.Formatter("sharedtrunk: %(message)s"))
    logging.getLogger("sharedtrunk.cache").addHandler(said)
    end_cleanly_on_sigterm()
    try:
        code = app(standalone_mode=False)
    except _UsageError as error:
        sys.exit(_complain_of_words(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sharedtrunk: Interrupted.", err=True)
        sys.exit(exit_code())
    sys.exit(code)


def _complain_of_words(error: Any) -> int:
    """Say in one line what is wrong with the command's words; the whole help where there are none."""
    command = error.ctx.command_path if error.ctx is not None else "sharedtrunk"
    message = " ".join(error.format_message().split()).rstrip(".")
    if error.ctx is not None and "NoArgsIsHelp" in type(error).__name__:
        error.show()
    else:
        _say_error(f"{message}. See {command} --help.")
    return 2


def _version(asked: bool) -> bool:
    if asked:
        typer.echo(f"sharedtrunk {__version__}")
        raise typer.Exit
    return asked


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command("list")
def list_figures() -> None:
    """Name the figures, with one line and the expected minutes each."""
    with _one_line_errors("Interrupted."):
        from sharedtrunk.paper import figures

        for figure in figures.FIGURES.values():
            typer.echo(f"{figure.name:<12} {figure.minutes:>4g} min  {figure.paper}: {figure.claim}")


@app.command()
def reproduce(
    names: Names,
    out: Out = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="The same figures on a coarse grid, in seconds.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="On a larger grid than the paper's, where there is one.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Discard stored lanes; the default resumes.")] = False,
    processes: Annotated[
        int | None,
        typer.Option(metavar="N", help="Worker processes; one per core by default, 0 for this process."),
    ] = None,
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
        os.environ.update(worker_environment())  # this process is the worker; JAX is not imported yet
    with _one_line_errors("Interrupted: finished lanes are stored, and the same command continues."):
        from sharedtrunk.paper import figures

        console = terminal.open_console()
        with terminal.lanes_bar(console) as progress, _cluster_messages(console, scheduler):
            made = figures.reproduce(
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
        precision = " and ".join({outcome.figure.problem.precision: None for outcome in made.outcomes})
        terminal.say(console, *terminal.run_lines(made.summary, precision))
        terminal.show_outcomes(console, made.outcomes)


@contextlib.contextmanager
def _cluster_messages(console: "Console", scheduler: str | None) -> Iterator[None]:
    """Print what a cluster's workers do meanwhile: that there are none yet, or that one was lost."""
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


@app.command()
def redraw(
    names: Names,
    out: Out = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="The figures made with --quick.")] = False,
    full: Annotated[bool, typer.Option("--full", help="The figures made with --full.")] = False,
) -> None:
    """Draw and judge figures again from their stored datasets; needs no JAX."""
    with _one_line_errors("Interrupted: the same command draws again."):
        from sharedtrunk.paper import figures

        console = terminal.open_console()
        terminal.show_outcomes(console, figures.redraw(names, out, quick=quick, full=full))


@app.command("report")
def report_(
    out: Out = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="The figures made with --quick.")] = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="The page; DIR/report.html by default.")
    ] = None,
) -> None:
    """Gather the figures in a folder, their verdicts and the ledger into one HTML page; needs no JAX."""
    with _one_line_errors("Interrupted: the page is as it was."):
        from sharedtrunk.paper import report  # templates, xarray and matplotlib: half a second

        made = report.write(out, page=page, size="quick" if quick else "standard")
        console = terminal.open_console()
        figures_ = f"{made.figures} figure{'' if made.figures == 1 else 's'}"
        terminal.say(
            console, f"Page      {made.path}  ({made.bytes / 1e6:.1f} MB: {figures_}, {made.rows} rows of the ledger)"
        )
        terminal.say(console, *(f"Missing   {lacking.name}: {lacking.command}" for lacking in made.missing))


@app.command("claims")
def claims_(
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLAIM…]", help="Claims by key, such as eq-15; stored: all that --from judges; else all."
        ),
    ] = None,
    stored: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Judge claims about figures from the datasets there too."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="With --from: the datasets made with --quick.")] = False,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the ledger, with every reading, to a file.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="All random draws follow from it.")] = 0,
    thorough: Annotated[bool, typer.Option("--thorough", help="More seeds and larger samples; takes longer.")] = False,
    processes: Annotated[
        int | None, typer.Option(metavar="N", help="Worker processes; one per core by default, 0 for this process.")
    ] = None,
    names: Annotated[bool, typer.Option("--list", help="Name the claims and what they say; measure nothing.")] = False,
) -> None:
    """Measure the paper's claims and print which hold, which only under a condition, and which fail."""
    os.environ.update(worker_environment())  # before JAX is imported: float64 on, one thread a process
    with _one_line_errors("Interrupted: nothing is stored of an unfinished ledger."):
        from sharedtrunk.paper import ledger

        if json is not None:
            check_writable(json)
        console = terminal.open_console()
        if names:
            known = (*_claims_room().CLAIMS.values(), *ledger.STORED.values())
            terminal.say(console, *(f"{claim.key:<27} {ledger.sentence(claim.statement)}" for claim in known))
            return
        measured, judged = _halves(keys, stored)
        datasets = None if stored is None else ledger.Datasets(stored, quick=quick)
        rows = []
        if measured != []:
            workers = cores() if processes is None else processes
            rows += _measure(console, measured, seed=seed, thorough=thorough, processes=workers)
        if datasets is not None and judged != []:
            rows += ledger.judge_stored(datasets, judged)
        console.print(terminal.ledger_table(rows))
        terminal.say(console, ledger.tally(rows))
        if not keys and stored is None:
            more = len(ledger.STORED)
            terminal.say(
                console, f"{more} more are judged from the datasets of figures: sharedtrunk claims --from DIR."
            )
        if json is not None:
            origins = None if datasets is None else datasets.origins
            ledger.write_json(json, rows, seed=seed, thorough=thorough, datasets=origins)
            terminal.say(console, f"Ledger    {json}")


def _measure(console: "Console", keys: list[str] | None, **how: Any) -> "list[ledger.Row]":
    claims = _claims_room()
    with terminal.claims_bar(console) as progress:
        return claims.measure(keys, environment=worker_environment(), progress=progress, **how)


def _claims_room() -> Any:
    with importing(b"sharedtrunk: Interrupted before the work began.\n"):
        from sharedtrunk.paper import claims  # takes seconds, which the other commands do without

    return claims


def _halves(keys: list[str] | None, stored: Path | None) -> tuple[list[str] | None, list[str] | None]:
    """Which claims to measure and which to judge from stored datasets; None is all of them."""
    from sharedtrunk.paper import ledger

    if not keys:
        return None, None
    every = ALL_STORED in keys
    judged = [key for key in keys if key in ledger.STORED]
    if stored is None and (every or judged):
        raise invalid(
            "claims about figures are judged from stored datasets",
            received=", ".join(judged or [ALL_STORED]),
            hint="Give --from DIR, the folder that sharedtrunk reproduce made.",
        )
    measured = [key for key in keys if key not in ledger.STORED and key != ALL_STORED]
    known = (*_claims_room().CLAIMS, *ledger.STORED, ALL_STORED) if measured else ()
    unknown = [key for key in measured if key not in known]
    if unknown:
        close = difflib.get_close_matches(unknown[0].lower(), known, n=3, cutoff=0.4)
        raise invalid(
            "Unknown claim",
            received=", ".join(unknown),
            hint=f"Did you mean {' or '.join(close)}?" if close else "See sharedtrunk claims --list.",
        )
    return measured, None if every else judged


@app.command("predict")
def predict_(
    samples: Annotated[int, typer.Option(metavar="N", help="Training points of both tasks.")] = 400,
    s_main: Annotated[float, typer.Option(metavar="S", help="Singular values of the main task's teacher.")] = 1.0,
    s_aux: Annotated[float, typer.Option(metavar="S", help="Singular values of the auxiliary task's teacher.")] = 10.0,
    relatedness: Annotated[float, typer.Option(metavar="R", help="Between −1 and 1; 0 is unrelated.")] = 0.5,
    classes: Annotated[int, typer.Option(metavar="K", help="Classes of either task, and rank of the teachers.")] = 10,
    features: Annotated[int, typer.Option(metavar="N", help="Input features, at least twice the classes.")] = 100,
    hidden: Annotated[int, typer.Option(metavar="N", help="Hidden units of the trunk.")] = 100,
    noise: Annotated[float, typer.Option(metavar="S", help="Scale of the teachers' noise.")] = 1.0,
    seeds: Annotated[int, typer.Option(metavar="N", help="Draws of teachers, inputs and start.")] = 5,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything to a file.")] = None,
    simulation: Annotated[bool, typer.Option("--simulation/--no-simulation", help="Train students too.")] = True,
) -> None:
    """Will it help? One setting by theory and by a quick simulation, with error bars, and which to believe."""
    os.environ.update(worker_environment())  # before JAX is imported
    with _one_line_errors("Interrupted: nothing is stored of a prediction."):
        if json is not None:
            check_writable(json)
        with importing(b"sharedtrunk: Interrupted before the work began.\n"):
            from sharedtrunk import prediction  # takes seconds, which the other commands do without

        console = terminal.open_console()
        with console.status("Predicting …") if console.is_terminal else contextlib.nullcontext():
            made = prediction.predict(
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
        console.print(
            terminal.plain_table(
                prediction.title(made), prediction.caption(made), prediction.COLUMNS, prediction.rows(made)
            )
        )
        terminal.say(console, made.sentence)
        for name, way in made.ways.items():
            failures = way.failures.items()
            terminal.say(
                console, *(f"{name}: {count} of {len(made.seeds)} seeds {reason}." for reason, count in failures)
            )
        if json is not None:
            prediction.write_json(json, made)
            terminal.say(console, f"Numbers   {json}")


@app.command()
def advise(
    table: Annotated[
        Path | None, typer.Argument(metavar="TABLE", help="A .csv, .tsv (also .gz), .parquet or .npz file.")
    ] = None,
    main_task: Annotated[
        str | None, typer.Option("--main", metavar="COLUMN", help="The task that is to be helped.")
    ] = None,
    aux: Annotated[
        list[str] | None, typer.Option("--aux", metavar="A,B,…", help="Tasks to train beside it; may be repeated.")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Instead of a file: digits, breast_cancer, wine, iris or anes96."),
    ] = None,
    labels: Annotated[
        int | None, typer.Option(metavar="N", help="With --dataset: keep the main label in N random rows only.")
    ] = None,
    rows: Annotated[int | None, typer.Option(metavar="N", help="Read a random sample of N rows of the file.")] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="A,B,…", help="Columns that are no features; may be repeated.")
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="What stands for a missing value instead of NA, NaN, null, None, ? and the like; may be repeated. "
            "Empty cells are missing anyway: --missing '' means them alone.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every task beside every other: the directed matrix, and groups.")
    ] = False,
    hidden: Annotated[str, typer.Option(metavar="N,…", help="Hidden units of the trunk, layer by layer.")] = "100",
    activation: Annotated[str, typer.Option(help="relu or linear.")] = "relu",
    repeats: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Repeats of ten folds; chosen by the number of labels by default."),
    ] = None,
    negligible: Annotated[
        float | None, typer.Option(metavar="NATS", min=0, help="A benefit within ± this is no difference; 0.01 nats.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="All random draws follow from it.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything to a file.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the table to a file.")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw it: a .png or .pdf file.")
    ] = None,
) -> None:
    """Your own table: which tasks should be trained beside the main one? Measured with intervals, then explained."""
    with _one_line_errors(INTERRUPTED):
        others, dropped = _advise_source.names(aux), _advise_source.names(drop)
        main_name = None if main_task is None else _advise_source.word(main_task)
        absent = tuple(map(_advise_source.word, missing)) if missing else None
        source = _advise_source.Source(table, dataset, main_name, others, dropped, labels, rows, every, seed, absent)
        measure = _advise.Measure(_advise.widths(hidden), activation, repeats, negligible, seed)
        _advise.answer(source, measure, _advise.Files(json, csv, picture))


def _say_error(text: str) -> None:
    """One line; what a file or a word of the command brings into it can neither break it nor steer the terminal."""
    typer.echo(f"sharedtrunk: {printable(' '.join(text.split()))}", err=True)


@contextlib.contextmanager
def _one_line_errors(interrupted: str) -> Iterator[None]:
    """Within, failures and Ctrl-C end in one line; NumPy, which every command needs, is imported here."""
    with importing(b"sharedtrunk: Interrupted before the command began.\n"):
        from sharedtrunk.sweeps import SweepError
    try:
        yield
    except (InputError, SweepError) as error:
        if isinstance(error, SweepError) and terminated():
            # The worker processes had the signal too, and were missed before this process heard of it.
            typer.echo(f"sharedtrunk: {interrupted}", err=True)
            raise typer.Exit(exit_code()) from None
        _say_error(str(error))
        raise typer.Exit(2 if isinstance(error, InputError) else 1) from None
    except BrokenPipeError:
        raise
    except OSError as error:  # where no room says it better
        where = "" if error.filename is None else f" at {error.filename}"
        _say_error(
            f"the system refused: '{error.strerror or error}'{where}. Check the path, and give the command again."
        )
        raise typer.Exit(1) from None
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "out of memory" not in str(error).lower():  # JAX's own kind of error
            raise
        _say_error("the memory is not enough for this. Ask for less: fewer seeds, rows, repeats or hidden units.")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo(f"sharedtrunk: {interrupted}", err=True)
        raise typer.Exit(exit_code()) from None
