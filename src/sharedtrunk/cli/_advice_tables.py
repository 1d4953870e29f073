"""What the command `advise` shows: its bar, its table, its matrix, its sentences. Nothing is decided here.

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
_NAMES, _CELL = 24, 9  # characters: of the names, and of a cell with its distance
_LEAST_NAME = 9  # characters
_ALL_COLUMNS, _VERDICT_LINE = 78, 100  # characters: of a terminal with room for theory, and for a verdict on one line
INTERRUPTED = "Interrupted: nothing is stored of an advice."
KEYWORD_STYLE = {"Leak!": "bold red", "Leak": "yellow", "Note": "dim"}


@contextlib.contextmanager
def trainings_bar(console: "Console") -> Iterator[Callable[[int, int], None]]:
    """Yield `progress(done, total)`, which moves a bar with the seconds left; it goes when the work ends."""
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("training"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} trainings"),
        TextColumn("{task.fields[left]}"),
    )
    bar = Progress(*columns, console=console, expand=True, transient=True)
    task = bar.add_task("", total=None, left="")
    begun = time.perf_counter()

    def progress(done: int, total: int) -> None:
        seconds = (time.perf_counter() - begun) * (total - done) / done if done else None
        bar.update(task, completed=done, total=total, left="" if seconds is None else f"{seconds:,.0f} s left")
        if console.is_terminal:
            bar.start()  # at the first call only: a refused command shows no bar

    try:
        yield progress
    finally:
        if bar.live.is_started:  # stopping a bar that never started prints an empty line
            bar.stop()


def interrupted(console: "Console") -> bytes:
    """What Ctrl-C writes while the bar runs: on a terminal it first takes the bar away and shows the cursor again."""
    cleared = "\r\x1b[2K\x1b[?25h" if console.is_terminal else ""
    return f"{cleared}sharedtrunk: {INTERRUPTED}\n".encode()


def advice_table(
    title: str,
    captions: tuple[str, str],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    verdict: int,
    width: int,
) -> "RenderableType":
    """A row per auxiliary task; the cell in the place `verdict` has its colour and sign.

    Where `width` has no room for them, the columns after the verdict are left out, and with them the second caption.
    """
    whole = width >= _ALL_COLUMNS
    kept = len(columns) if whole else verdict + 1
    table = _table(title, " ".join(captions) if whole else f"{captions[0]} Theory: in a wider terminal, or --csv FILE.")
    for place, name in enumerate(columns[:kept]):
        least = None if place else _LEAST_NAME
        justify = "left" if place in (0, verdict) else "right"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=place > 0, min_width=least)
    for row in rows:
        cells = [clean(cell) for cell in row[:kept]]
        cells[verdict] = _verdict(row[verdict], one_line=width >= _VERDICT_LINE)
        table.add_row(*cells)
    return table


def _verdict(verdict: str, one_line: bool) -> "Text":
    """Its sign and words, in their style; the line breaks after the first word, where it must."""
    words = verdict if one_line else verdict.replace(" ", "\n  ", 1)
    return clean(f"{_SIGNS[verdict]} {words}", VERDICT_STYLE[verdict])


def matrix_table(
    title: str, caption: str, rows: Sequence[tuple[str, Sequence[tuple[str, str] | None]]], *, width: int
) -> "RenderableType":
    """Main tasks downwards, auxiliary tasks across, by number; a cell (number, verdict) has its verdict's colour and sign.

    Where `width` has no room for the numbers, the signs stand alone.
    """
    signs_only = width < _NAMES + _CELL * len(rows)
    legend = ", ".join(f"{sign} {verdict}" for verdict, sign in _SIGNS.items())
    table = _table(title, f"{caption} {legend}.{' Numbers: --csv FILE.' if signs_only else ''}")
    table.add_column("main task ↓  beside →", overflow="fold", max_width=_NAMES)
    for place in range(len(rows)):
        table.add_column(str(place + 1), justify="right", no_wrap=True)
    for place, (name, cells) in enumerate(rows):
        table.add_row(clean(f"{place + 1} {name}"), *(_cell(cell, signs_only) for cell in cells))
    return table


def _cell(cell: tuple[str, str] | None, sign_only: bool) -> "Text":
    if cell is None:
        return clean("")
    number, verdict = cell
    return clean(_SIGNS[verdict] if sign_only else f"{_SIGNS[verdict]} {number}", VERDICT_STYLE[verdict])


def _table(title: str, caption: str) -> "Table":
    """An empty table that spends few columns on lines and spaces."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    style = {"title_justify": "left", "caption_justify": "left", "collapse_padding": True, "pad_edge": False}
    return Table(title=clean(title), caption=clean(caption), box=SIMPLE_HEAD, **style)


def tell(console: "Console", sentences: Sequence[tuple[str, str]]) -> None:
    """Sentences behind their keywords, wrapped between words."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=8, no_wrap=True)
    grid.add_column(overflow="fold")
    for keyword, sentence in sentences:
        style = KEYWORD_STYLE.get(keyword, "bold")
        loud = style if keyword == "Leak!" else ""
        grid.add_row(clean(keyword, style), clean(sentence, loud))
    console.print(grid)


def files(console: "Console", written: Sequence[tuple[str, object]]) -> None:
    """A line for each file that was written; paths are not broken."""
    say(console, *(f"{kind:<10}{printable(str(path))}" for kind, path in written))


def clean(text: str, style: str = "") -> "Text":
    """Plain text for a table: markup is not read, and of control characters only the line break is kept."""
    from rich.text import Text

    return Text("\n".join(printable(line) for line in text.split("\n")), style=style)
