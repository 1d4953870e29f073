"""The command `advise`: the advice about a table, shown and written.

The table is read and everything checked before JAX is imported: bad input is answered in a second. JAX then runs in this
process, on all cores, with its compiled programs kept between runs.
"""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sharedtrunk._support.environment import compilation_cache
from sharedtrunk._support.files import check_regular, check_writable, kind_of
from sharedtrunk._support.interrupts import importing
from sharedtrunk._support.limits import check_negligible, check_repeats, check_seed, check_trunk_widths
from sharedtrunk._support.limits import shown as shown_value
from sharedtrunk.cli import _advice_tables as shown
from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._table_source import Source, chosen
from sharedtrunk.errors import invalid

if TYPE_CHECKING:
    from rich.console import Console

    from sharedtrunk.tables import Table

ACTIVATIONS = ("relu", "linear")
PICTURES = (".png", ".pdf")
_KINDS = {"json": "JSON", "csv": "CSV", "picture": "Picture"}


@dataclass(frozen=True)
class Measure:
    """How it is measured; None where the advisor's own choice holds."""

    hidden: tuple[int, ...]
    activation: str
    repeats: int | None
    negligible: float | None
    seed: int


@dataclass(frozen=True)
class Files:
    """What is written, where asked for."""

    json: Path | None
    csv: Path | None
    picture: Path | None

    def named(self) -> dict[str, Path]:
        """Kind → file, of those asked for."""
        asked = {"json": self.json, "csv": self.csv, "picture": self.picture}
        return {kind: path for kind, path in asked.items() if path is not None}


def answer(source: Source, measure: Measure, files: Files) -> None:
    """Read, check, measure, show and write. Raises `InputError` for what breaks a rule."""
    _check(measure, files, source.file)
    table, tasks = chosen(source)
    for path in files.named().values():
        check_writable(path)  # makes folders, which bad input must not
    console = terminal.open_console()
    first = [*_leaks(table, tasks if source.every else tasks[:1]), *(("Note", note) for note in table.notes)]
    if first:
        shown.tell(console, first)
    room = _affinity_room()
    console.file.flush()
    # Nothing is stored, so Ctrl-C need not wait for the threads, which end with their batch of trainings only.
    with importing(shown.interrupted(console)), shown.trainings_bar(console) as progress:
        made = _measured(room.affinity, table, tasks, source.every, measure, progress)
    told = {sentence for _, sentence in first}
    notes = [("Note", note) for note in made.notes if note not in told]
    (_show_matrix if source.every else _show_advice)(console, room.wording, made, notes)
    _write(console, room, made, files)


def widths(text: str) -> tuple[int, ...]:
    """Hidden units layer by layer, of `100` or `100,50`. Raises `InputError`."""
    parts = [part.strip() for part in text.split(",")]
    # Ten digits are more than any trunk has, and Python does not read numbers of thousands of them.
    if not all(part.isdecimal() and len(part) <= 10 and int(part) > 0 for part in parts):
        hint = "Give for example --hidden 100."
        raise invalid("hidden units are whole numbers, at least 1 a layer", received=shown_value(text), hint=hint)
    return tuple(int(part) for part in parts)


def _check(measure: Measure, files: Files, table: Path | None) -> None:
    if measure.activation not in ACTIVATIONS:
        rule = f"the activation is one of {', '.join(ACTIVATIONS)}"
        raise invalid(rule, received=repr(measure.activation), hint="Choose one of them.")
    if files.picture is not None and files.picture.suffix.lower() not in PICTURES:
        rule, received = "a picture is a .png or .pdf file", str(files.picture)
        raise invalid(rule, received=received, hint="Name it so.")
    check_trunk_widths(measure.hidden)
    check_repeats(measure.repeats)
    check_negligible(0.0 if measure.negligible is None else measure.negligible)
    check_seed(measure.seed)
    for path in files.named().values():
        check_regular(path)
    _check_apart(files, table)


def _check_apart(files: Files, table: Path | None) -> None:
    """Nothing that is written may take the place of the table, or of another file that is written."""
    taken = {} if table is None else {"the table": table}
    for kind, path in files.named().items():
        for other, before in taken.items():
            if _same_file(path, before):
                received = f"--{kind} in the place of {other}, {path}"
                raise invalid("every output is a file of its own", received=received, hint="Name another file.")
        taken[f"--{kind}"] = path


def _same_file(one: Path, other: Path) -> bool:
    """Whether two names, links followed, are one file, which need not exist."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return kind_of(one) is not None and kind_of(other) is not None and one.samefile(other)


def _leaks(table: "Table", mains: Sequence[str]) -> list[tuple[str, str]]:
    """What gives a label away, as (keyword, sentence), severe findings first."""
    from sharedtrunk import tables

    found = {leak.sentence: leak.severe for main in mains for leak in tables.leaks(table, main)}
    severe = [("Leak!", text) for text, bad in found.items() if bad]
    if severe:
        severe.append(("Leak!", "The numbers below measure the leak."))
    return [*severe, *(("Leak", text) for text, bad in found.items() if not bad)]


class _Room(NamedTuple):
    """What the room `affinity` does here, imported late."""

    affinity: Any
    wording: Any
    write: Mapping[str, Callable[[Path, Any], None]]


def _affinity_room() -> _Room:
    folder = compilation_cache(os.environ)
    if folder is not None:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder))
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        # Another run may be writing the program that this one reads; JAX then compiles it anew.
        warnings.filterwarnings("ignore", message="Error reading persistent compilation cache entry")
    with importing(b"sharedtrunk: Interrupted before the work began.\n"):
        from sharedtrunk import affinity  # takes seconds, which bad input does without
        from sharedtrunk.affinity import _frames, _pictures, _wording

    writers = {"json": _frames.write_json, "csv": _frames.write_csv, "picture": _pictures.write_picture}
    return _Room(affinity, _wording, writers)


def _measured(
    affinity: Any,
    table: "Table",
    tasks: tuple[str, ...],
    every: bool,
    measure: Measure,
    progress: Callable[[int, int], None],
) -> Any:
    given = {"repeats": measure.repeats, "negligible": measure.negligible}
    how = {name: value for name, value in given.items() if value is not None}
    how |= {"student": affinity.Student(hidden=measure.hidden, activation=measure.activation), "seed": measure.seed}
    if every:
        return affinity.affinity_matrix(table, tasks, progress=progress, **how)
    return affinity.advise(table, tasks[0], tasks[1:], progress=progress, **how)


def _show_advice(console: "Console", wording: Any, advice: Any, notes: list[tuple[str, str]]) -> None:
    words = (wording.title(advice), wording.CAPTIONS, wording.COLUMNS, wording.rows(advice))
    console.print(shown.advice_table(*words, verdict=wording.VERDICT, width=console.width))
    measured = ("Measured", wording.measured_on(advice.conditions))
    shown.tell(console, [*wording.sentences(advice), *notes, measured])


def _show_matrix(console: "Console", wording: Any, matrix: Any, notes: list[tuple[str, str]]) -> None:
    words = (wording.matrix_title(matrix), wording.MATRIX_CAPTION, wording.matrix_rows(matrix))
    console.print(shown.matrix_table(*words, width=console.width))
    measured = ("Measured", wording.measured_on(wording.matrix_conditions(matrix)))
    shown.tell(console, [("Groups", wording.grouping(matrix)), *notes, measured])


def _write(console: "Console", room: _Room, made: Any, files: Files) -> None:
    """Files last: what was measured stands on the screen already if one of them fails."""
    for kind, path in files.named().items():
        room.write[kind](path, made)
        shown.files(console, [(_KINDS[kind], path)])
