"""What the command `advise` shows: progress bar, table, matrix and sentences. Nothing is decided here.

Names come from a user's file: they are never read as markup, and control characters do not reach the terminal.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sharedtrunk.cli._terminal import say
from sharedtrunk.errors import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

VERDICT_STYLE = {"helps": "bold green", "no difference": "dim", "cannot tell yet": "yellow", "hurts": "bold red"}
_SIGNS = {"helps": "▲", "no difference": "=", "cannot tell yet": "?", "hurts": "▼"}
_NAME_WIDTH, _CELL_WIDTH = 24, 9
"""Widths, in characters, of a name in the matrix, and of a cell with its number and space."""

_LEAST_NAME_WIDTH = 9
"""Smallest width, in characters, of a name in the table."""

_ALL_COLUMNS, _VERDICT_LINE = 78, 100
"""Terminal widths, in characters, from which theory's columns fit, and from which a verdict fits on one line."""

INTERRUPTED = "Interrupted: no advice was stored."
GOES_ON = "finished trainings are kept, and the same command goes on."
MOST_ROWS, MOST_NOTES = 10, 8
"""Rows of the table and notes that are shown, unless the user asks for all."""

_LONG = 30.0
"""Expected seconds from which the plan is told."""

KEYWORD_STYLE = {"Leak!": "bold red", "Leak": "yellow", "Note": "dim"}


@contextlib.contextmanager
def trainings_bar(console: "Console") -> Iterator[Callable[[int, int], None]]:
    """Yield `progress(done, total)`, which moves a bar with the seconds left; it disappears when the work ends."""
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("training"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} trainings"),
        TextColumn("{task.fields[left]}"),
    )
    bar = Progress(*columns, console=console, expand=True, transient=True)
    task = bar.add_task("", total=None, left="")
    start = time.perf_counter()
    timed: list[tuple[float, int]] = []  # the first trainings, which include compilation or were kept from before
    told = False

    def progress(done: int, total: int) -> None:
        nonlocal told
        seconds = (time.perf_counter() - start) * (total - done) / done if done else None
        if done:
            timed[1:] = [(time.perf_counter(), done)]
        if len(timed) == 2 and timed[1][1] > timed[0][1]:
            pace = (timed[1][0] - timed[0][0]) / (timed[1][1] - timed[0][1])
            seconds = pace * (total - done)
            if not told and timed[1][0] - timed[0][0] > 3:
                told = True
                if seconds > _LONG:
                    sentences(console, [("Plan", _plan(total, done, seconds))])
        bar.update(task, completed=done, total=total, left="" if seconds is None else f"{seconds:,.0f} s left")
        if console.is_terminal:
            bar.start()  # at the first call only, so that a refused command shows no bar

    try:
        yield progress
    finally:
        if bar.live.is_started:  # stopping a bar that never started prints an empty line
            bar.stop()


def _plan(total: int, done: int, seconds: float) -> str:
    """How many trainings there are, and how long they take."""
    minutes = f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
    return f"{total:,} trainings, {done:,} of them done; about {minutes} more. Ctrl-C prints the advice so far."


def interrupted(console: "Console", message: str = INTERRUPTED) -> bytes:
    """The bytes that Ctrl-C writes while the bar runs; on a terminal they first clear the bar and show the cursor."""
    cleared = "\r\x1b[2K\x1b[?25h" if console.is_terminal else ""
    return f"{cleared}sharedtrunk: {message}\n".encode()


def bounded_notes(lines: Sequence[tuple[str, str]], most: int | None) -> list[tuple[str, str]]:
    """The lines, with at most that many notes: a last one then counts the rest."""
    notes = [line for line in lines if line[0] == "Note"]
    if most is None or len(notes) <= most:
        return list(lines)
    left = len(notes) - most
    shown = [line for line in lines if line[0] != "Note"] + notes[:most]
    return [
        *shown,
        ("Note", f"And {left} more {'note' if left == 1 else 'notes'}: --all-rows shows them, --json has them."),
    ]


def advice_table(
    title: str,
    captions: tuple[str, str],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    verdict: int,
    width: int,
) -> "RenderableType":
    """One row per auxiliary task; `verdict` is the index of the column that gets a colour and a sign.

    A terminal whose `width` is too small shows neither the columns after the verdict nor the second caption.
    """
    all_columns = width >= _ALL_COLUMNS
    shown = len(columns) if all_columns else verdict + 1
    table = _table(
        title, " ".join(captions) if all_columns else f"{captions[0]} A wider terminal or --csv FILE shows the theory."
    )
    for index, name in enumerate(columns[:shown]):
        least = None if index else _LEAST_NAME_WIDTH
        justify = "left" if index in (0, verdict) else "right"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=index > 0, min_width=least)
    for row in rows:
        cells = [clean(cell) for cell in row[:shown]]
        cells[verdict] = _verdict(row[verdict], one_line=width >= _VERDICT_LINE)
        table.add_row(*cells)
    return table


def _verdict(verdict: str, one_line: bool) -> "Text":
    """The sign and the words of a verdict in its style; without room on one line, it breaks after the first word."""
    words = verdict if one_line else verdict.replace(" ", "\n  ", 1)
    return clean(f"{_SIGNS[verdict]} {words}", VERDICT_STYLE[verdict])


def matrix_table(
    title: str, caption: str, rows: Sequence[tuple[str, Sequence[tuple[str, str] | None]]], *, width: int
) -> "RenderableType":
    """One row per main task, and one numbered column per auxiliary task.

    A cell (number, verdict) has the verdict's colour and sign.

    A terminal whose `width` is too small for the numbers shows the signs alone.
    """
    signs_only = width < _NAME_WIDTH + _CELL_WIDTH * len(rows)
    legend = ", ".join(f"{sign} {verdict}" for verdict, sign in _SIGNS.items())
    table = _table(title, f"{caption} {legend}.{' Numbers: --csv FILE.' if signs_only else ''}")
    table.add_column("main task ↓  beside →", overflow="fold", max_width=_NAME_WIDTH)
    for number in range(1, len(rows) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for number, (name, cells) in enumerate(rows, 1):
        table.add_row(clean(f"{number} {name}"), *(_cell(cell, signs_only) for cell in cells))
    return table


def _cell(cell: tuple[str, str] | None, sign_only: bool) -> "Text":
    if cell is None:
        return clean("")
    number, verdict = cell
    return clean(_SIGNS[verdict] if sign_only else f"{_SIGNS[verdict]} {number}", VERDICT_STYLE[verdict])


def _table(title: str, caption: str) -> "Table":
    """An empty table with few lines and little space between columns."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    style = {"title_justify": "left", "caption_justify": "left", "collapse_padding": True, "pad_edge": False}
    return Table(title=clean(title), caption=clean(caption), box=SIMPLE_HEAD, **style)


def sentences(console: "Console", lines: Sequence[tuple[str, str]]) -> None:
    """Print (keyword, sentence) pairs, wrapped between words."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=8, no_wrap=True)
    grid.add_column(overflow="fold")
    for keyword, sentence in lines:
        style = KEYWORD_STYLE.get(keyword, "bold")
        sentence_style = style if keyword == "Leak!" else ""
        grid.add_row(clean(keyword, style), clean(sentence, sentence_style))
    console.print(grid)


def files(console: "Console", written: Sequence[tuple[str, object]]) -> None:
    """Print a line for each file that was written; paths are not wrapped."""
    say(console, *(f"{kind:<10}{printable(str(path))}" for kind, path in written))


def clean(text: str, style: str = "") -> "Text":
    """Plain text for a table: markup is not read, and the line break is the only control character that stays."""
    from rich.text import Text

    return Text("\n".join(printable(line) for line in text.split("\n")), style=style)
