"""What the commands show: tables of verdicts, progress bars, lines of text. Nothing is decided here.

Functions import rich, and the packages that provide the text, when they are called: `list` runs without rich, and
`--help` without either.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from sharedtrunk import sweeps
    from sharedtrunk.paper import claims, figures

_VERDICT_STYLE = {
    "holds": "green",
    "holds only if": "cyan",
    "fails": "red",
    "undecided": "yellow",
    "not measured": "dim",
}


def plain_table(title: str, caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> "RenderableType":
    """A table whose first column is aligned left, and whose other columns hold numbers and are aligned right."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table


@contextlib.contextmanager
def claims_bar(console: "Console") -> Iterator[Callable[[int, int, Any], None]]:
    """Yield `progress(done, total, row)`, which moves a bar; it disappears when the work ends."""
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


def ledger_table(rows: "Sequence[claims.Row]") -> "RenderableType":
    """One row per claim: source and verdict, statement, and the numbers that decide."""
    from rich.table import Table
    from rich.text import Text

    from sharedtrunk.paper import claims

    table = Table(title="Ledger of claims", title_justify="left", show_lines=True)
    for name, ratio in zip(claims.COLUMNS, (None, 1, 1), strict=True):
        table.add_column(name, ratio=ratio)
    for row in rows:
        source = Text(row.claim.source).append(f"\n{row.verdict}", style=_VERDICT_STYLE[row.verdict])
        table.add_row(source, Text("\n".join(claims.statement_lines(row))), Text("\n".join(claims.number_lines(row))))
    return table


def open_console() -> "Console":
    """The terminal, or the file or pipe in its place."""
    from rich.console import Console

    return Console(highlight=False)


@contextlib.contextmanager
def lanes_bar(console: "Console") -> Iterator["Callable[[sweeps.Progress], None]"]:
    """Yield `progress(now)`, which moves a bar with the rate and the seconds left; after an error the bar disappears."""
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

    def progress(now: "sweeps.Progress") -> None:
        bar.update(
            task,
            total=now.total,
            completed=now.done,
            rate=f"{now.rate:,.0f} lanes/s" if now.rate else "",
            left="starting" if now.seconds_left is None else f"{now.seconds_left:,.0f} s left",
        )
        if console.is_terminal:
            bar.start()  # at the first call only, so that a refused command shows no bar

    try:
        yield progress
    except BaseException:
        bar.live.transient = True  # the bar disappears, so that only the line of the error is left
        raise
    finally:
        if bar.live.is_started:  # stopping a bar that never started prints an empty line
            bar.stop()


def run_lines(summary: "sweeps.Summary", precision: str) -> list[str]:
    """A few lines about what the run did."""
    lines = [
        f"{summary.lanes:,} lanes: {summary.computed:,} trained in {summary.seconds:.1f} s, {summary.resumed:,} kept.",
    ]
    if summary.computed:
        lines.append(
            f"Lanes train in {precision}; their losses are computed with JAX's float64 switched on (JAX_ENABLE_X64=1)."
        )
    lines += [f"{count:,} lanes failed: {reason}." for reason, count in summary.failures.items()]
    if summary.redone:
        lines.append(f"{len(summary.redone)} stored files were damaged or foreign and were computed again:")
        lines += [f"  {message}" for message in summary.redone]
    return lines


def show_outcomes(console: "Console", outcomes: "Sequence[figures.Outcome]") -> None:
    """Print each figure's table of verdicts, numerical error, failed lanes and files."""
    for outcome in outcomes:
        say(console, "")
        console.print(outcome_table(outcome))
        lanes = outcome.lanes
        error, files = lanes.largest_error, outcome.files
        say(
            console,
            f"{lanes.total:,} lanes, {lanes.without_value:,} without a {outcome.figure.value}"
            + (f"; its numerical error is at most {error:.1g} nats." if error == error else "."),
            *(f"{count:,} of them: {reason}." for reason, count in lanes.failures.items()),
            *(f"Picture   {files[f'png{name}']}  {files[f'pdf{name}']}" for name in outcome.figure.pictures),
            f"Dataset   {outcome.files['nc']}",
            f"Checks    {outcome.files['json']}",
        )


def outcome_table(outcome: "figures.Outcome") -> "RenderableType":
    """One row per claim: the verdict under oracle stopping, and below it those under validation stopping and by theory."""
    from rich.table import Table
    from rich.text import Text

    from sharedtrunk.paper import figures

    mark = figures.SIZE_MARKS[outcome.size]
    table = Table(title=f"{outcome.figure.paper}: {outcome.figure.title}{mark}", title_justify="left", show_lines=True)
    table.add_column("claim", max_width=76)
    checks = [check for check in outcome.checks if not check.detail]
    longest = max((len(check.source) for check in checks), default=0)
    table.add_column("verdict, number ± standard error over seeds", width=37 + longest)
    rows: dict[str, Text] = {}
    for check in checks:
        cell = rows.setdefault(check.statement, Text())
        cell.append(f"{check.source:<{longest}}  " if not cell else f"\n{check.source:<{longest}}  ")
        cell.append(f"{check.verdict:<9}", style=_VERDICT_STYLE[check.verdict])
        cell.append(_number(check))
    for statement, cell in rows.items():
        table.add_row(Text(statement), cell)
    return table


def _number(check: "figures.Check") -> str:
    if check.verdict == "not measured":
        return f": {check.reason}"
    case = f"\n        {check.case}" if check.case else ""
    error = f"± {check.standard_error:.4f}" if check.n_seeds > 1 else "no error"
    return f" {check.number:+.4f} {error}  n = {check.n_seeds}{case}"


def say(console: "Console", *lines: str) -> None:
    """Print lines unchanged: they are not wrapped, and markup in them is not read."""
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
