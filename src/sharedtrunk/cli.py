"""The command line: parse, call, print. Exit code 2 for input that breaks a rule, 1 for a failed run, 130 for Ctrl-C.

Nothing slow is imported until a command needs it: `--help` and `list` answer at once.
"""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sharedtrunk
from sharedtrunk import figures, sweeps
from sharedtrunk._environment import worker_environment
from sharedtrunk._errors import InputError
from sharedtrunk._files import check_writable
from sharedtrunk._interrupts import importing

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from sharedtrunk import claims, prediction

app = typer.Typer(
    help="Will learning task B beside task A help A? By theory, by simulation, and the paper checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Names = Annotated[list[str], typer.Argument(metavar="FIGURE…", help="Figures by name; see `sharedtrunk list`.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder of pictures, datasets and stored lanes.")]

# Typer brings its own copy of Click or uses Click's, by version; every complaint about words descends from this class.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]

_VERDICT_STYLE = {
    "holds": "green",
    "holds only if": "cyan",
    "fails": "red",
    "undecided": "yellow",
    "not measured": "dim",
}


def main() -> None:
    """Entry point of the `sharedtrunk` command, once it is imported; see `sharedtrunk.__main__`."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal without ± or … shows a question mark there.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # The store's messages come back in the summary and are printed there.
    logging.getLogger("sharedtrunk").addHandler(logging.NullHandler())
    try:
        code = app(standalone_mode=False)
    except _UsageError as error:
        sys.exit(_complain_of_words(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sharedtrunk: Interrupted.", err=True)
        sys.exit(130)
    sys.exit(code)


def _complain_of_words(error: Any) -> int:
    """Say in one line what is wrong with the command's words; the whole help where there are none."""
    command = error.ctx.command_path if error.ctx is not None else "sharedtrunk"
    message = " ".join(error.format_message().split()).rstrip(".")
    if error.ctx is not None and "NoArgsIsHelp" in type(error).__name__:
        error.show()
    else:
        typer.echo(f"sharedtrunk: {message}. See {command} --help.", err=True)
    return 2


def _version(asked: bool) -> bool:
    if asked:
        typer.echo(f"sharedtrunk {sharedtrunk.__version__}")
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
    for figure in figures.FIGURES.values():
        typer.echo(f"{figure.name:<12} {figure.minutes:>4g} min  {figure.paper}: {figure.claim}")


@app.command()
def reproduce(
    names: Names,
    out: Out = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="The same figures on a coarse grid, in seconds.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Discard stored lanes; the default resumes.")] = False,
    processes: Annotated[
        int | None,
        typer.Option(metavar="N", help="Worker processes; one per core by default, 0 for this process."),
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
        console = _console()
        with _progress_bar(console) as progress:
            made = figures.reproduce(
                names,
                out,
                quick=quick,
                fresh=fresh,
                processes=processes,
                training=training,
                seeds=seeds,
                progress=progress,
            )
        precision = " and ".join({outcome.figure.problem.precision: None for outcome in made.outcomes})
        _say(console, *_run_lines(made.summary, precision))
        _show(console, made.outcomes)


@app.command()
def redraw(
    names: Names,
    out: Out = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="The figures made with --quick.")] = False,
) -> None:
    """Draw and judge figures again from their stored datasets; needs no JAX."""
    with _one_line_errors("Interrupted: the same command draws again."):
        console = _console()
        _show(console, figures.redraw(names, out, quick=quick))


@app.command("claims")
def claims_(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[CLAIM…]", help="Claims by key, such as eq-15; all by default.")
    ] = None,
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
        if json is not None:
            check_writable(json)
        with importing(b"sharedtrunk: Interrupted before the work began.\n"):
            from sharedtrunk import claims  # takes seconds, which the other commands do without

        console = _console()
        if names:
            _say(console, *(f"{key:<14} {claims.sentence(claim.statement)}" for key, claim in claims.CLAIMS.items()))
            return
        with _claims_bar(console) as progress:
            rows = claims.measure(
                keys or None,
                seed=seed,
                thorough=thorough,
                processes=len(os.sched_getaffinity(0)) if processes is None else processes,
                environment=worker_environment(),
                progress=progress,
            )
        console.print(_ledger(rows))
        _say(console, claims.tally(rows))
        if json is not None:
            claims.write_json(json, rows, seed=seed, thorough=thorough)
            _say(console, f"Ledger    {json}")


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

        console = _console()
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
        console.print(_answers(made))
        _say(console, made.sentence)
        for name, way in made.ways.items():
            failures = way.failures.items()
            _say(console, *(f"{name}: {count} of {len(made.seeds)} seeds {reason}." for reason, count in failures))
        if json is not None:
            prediction.write_json(json, made)
            _say(console, f"Numbers   {json}")


def _answers(made: "prediction.Prediction") -> "RenderableType":
    """One row per way of knowing: means over seeds, the benefit with its 95 % interval."""
    from rich.table import Table

    from sharedtrunk import prediction

    table = Table(
        title=prediction.title(made), title_justify="left", caption=prediction.CAPTION, caption_justify="left"
    )
    for name in prediction.COLUMNS:
        table.add_column(name, justify="left" if name == "way" else "right")
    for row in prediction.rows(made):
        table.add_row(*row)
    return table


@contextlib.contextmanager
def _claims_bar(console: "Console") -> Iterator[Callable[[int, int, Any], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("measuring"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("claims"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, expand=True, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, row: bar.update(task, completed=done, total=total)


def _ledger(rows: "Sequence[claims.Row]") -> "RenderableType":
    """One row per claim: source and verdict, what it says, the numbers that decide."""
    from rich.table import Table
    from rich.text import Text

    from sharedtrunk import claims

    table = Table(title="Ledger of claims", title_justify="left", show_lines=True)
    for name, ratio in zip(claims.COLUMNS, (None, 1, 1), strict=True):
        table.add_column(name, ratio=ratio)
    for row in rows:
        source = Text(row.claim.source).append(f"\n{row.verdict}", style=_VERDICT_STYLE[row.verdict])
        table.add_row(source, Text("\n".join(claims.said(row))), Text("\n".join(claims.numbers(row))))
    return table


@contextlib.contextmanager
def _one_line_errors(interrupted: str) -> Iterator[None]:
    try:
        yield
    except (InputError, sweeps.SweepError) as error:
        typer.echo(f"sharedtrunk: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(2 if isinstance(error, InputError) else 1) from None
    except KeyboardInterrupt:
        typer.echo(f"sharedtrunk: {interrupted}", err=True)
        raise typer.Exit(130) from None


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


@contextlib.contextmanager
def _progress_bar(console: "Console") -> Iterator[Callable[[sweeps.Progress], None]]:
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("training"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} lanes"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    )
    bar = Progress(*columns, console=console, expand=True)
    task = bar.add_task("", total=None, rate="", left="")

    def progress(now: sweeps.Progress) -> None:
        bar.update(
            task,
            total=now.total,
            completed=now.done,
            rate=f"{now.rate:,.0f} lanes/s" if now.rate else "",
            left="starting" if now.seconds_left is None else f"{now.seconds_left:,.0f} s left",
        )
        if console.is_terminal:
            bar.start()  # at the first call only: a refused command shows no bar

    try:
        yield progress
    except BaseException:
        bar.live.transient = True  # the bar goes, and the one line of the error stands alone
        raise
    finally:
        if bar.live.is_started:  # stopping a bar that never started prints an empty line
            bar.stop()


def _run_lines(summary: sweeps.Summary, precision: str) -> list[str]:
    """What the run did, in a few lines."""
    lines = [
        f"{summary.lanes:,} lanes: {summary.computed:,} trained in {summary.seconds:.1f} s, {summary.resumed:,} kept.",
    ]
    if summary.computed:
        lines.append(
            f"Lanes train in {precision}; their losses are valued with JAX's float64 switched on (JAX_ENABLE_X64=1)."
        )
    lines += [f"{count:,} lanes ended otherwise: {reason}." for reason, count in summary.failures.items()]
    if summary.redone:
        lines.append(f"{len(summary.redone)} stored files were damaged or foreign and were computed again:")
        lines += [f"  {message}" for message in summary.redone]
    return lines


def _show(console: "Console", outcomes: Sequence[figures.Outcome]) -> None:
    for outcome in outcomes:
        _say(console, "")
        console.print(_verdicts(outcome))
        lanes = outcome.lanes
        _say(
            console,
            f"{lanes.total:,} benefits, {lanes.without_value:,} without a value; "
            f"numerical error of a benefit at most {lanes.largest_error:.1g} nats.",
            *(f"{count:,} of them: {reason}." for reason, count in lanes.failures.items()),
            f"Picture   {outcome.files['png']}  {outcome.files['pdf']}",
            f"Dataset   {outcome.files['nc']}",
            f"Checks    {outcome.files['json']}",
        )


def _verdicts(outcome: figures.Outcome) -> "RenderableType":
    """One row per claim: the verdict with the paper's oracle stopping, and with honest stopping under it."""
    from rich.table import Table
    from rich.text import Text

    mark = figures.QUICK_MARK * outcome.quick
    table = Table(title=f"{outcome.figure.paper}: {outcome.figure.title}{mark}", title_justify="left", show_lines=True)
    table.add_column("claim", max_width=76)
    table.add_column("verdict, number ± standard error over seeds", width=43)
    rows: dict[str, Text] = {}
    for check in outcome.checks:
        cell = rows.setdefault(check.statement, Text())
        cell.append(f"{check.stopping}  " if not cell else f"\n{check.stopping}  ")
        cell.append(f"{check.verdict:<9}", style=_VERDICT_STYLE[check.verdict])
        cell.append(_number(check))
    for statement, cell in rows.items():
        table.add_row(Text(statement), cell)
    return table


def _number(check: figures.Check) -> str:
    if check.verdict == "not measured":
        return f": {check.reason}"
    case = f"\n        {check.case}" if check.case else ""
    error = f"± {check.standard_error:.4f}" if check.n_seeds > 1 else "no error"
    return f" {check.number:+.4f} {error}  n = {check.n_seeds}{case}"


def _say(console: "Console", *lines: str) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
