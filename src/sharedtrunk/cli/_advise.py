"""The command `advise`: advice about a table, printed and written to files.

The table is read and all input checked before JAX is imported, so bad input is refused within a second. JAX then runs in
this process, on all cores, with its compiled programs in the cache.
"""

import contextlib
import dataclasses
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from sharedtrunk._support.cache.folder import folder
from sharedtrunk._support.files import check_regular, check_writable, kind_of
from sharedtrunk._support.interrupts import exit_on_interrupt, stop_on_interrupt
from sharedtrunk._support.limits import (
    METRICS,
    NUMBER_METRICS,
    check_budget,
    check_metric,
    check_negligible,
    check_repeats,
    check_seed,
    check_trunk_widths,
)
from sharedtrunk._support.limits import shown as shown_value
from sharedtrunk.cli import _advice_tables as shown
from sharedtrunk.cli import _terminal as terminal
from sharedtrunk.cli._errors import BEFORE_THE_WORK, one_line_errors
from sharedtrunk.cli._options import Json
from sharedtrunk.cli._table_source import Source, as_utf8, column_names, kinds_of, read_table
from sharedtrunk.errors import invalid

if TYPE_CHECKING:
    from rich.console import Console

    from sharedtrunk.tables import Table

AUTO, LINEAR, NETWORK = "auto", "linear", "network"
STUDENTS = (AUTO, LINEAR, NETWORK)
ACTIVATIONS = ("relu", "linear")
PICTURES = (".png", ".pdf")
_KINDS = {"json": "JSON", "csv": "CSV", "picture": "Picture"}


@dataclass(frozen=True)
class Measurement:
    """How the benefit is measured; None leaves the choice to the advisor."""

    student: str
    hidden: tuple[int, ...]
    activation: str
    repeats: int | None
    negligible: float | None
    seed: int
    metric: str | None = None
    budget: float | None = None
    keep: str | None = None
    class_weight: str | None = None


@dataclass(frozen=True)
class Outputs:
    """The files to write, None for a file that the user did not ask for, and whether the terminal shows all rows."""

    json: Path | None
    csv: Path | None
    picture: Path | None
    all_rows: bool = False

    def named(self) -> dict[str, Path]:
        """The files that the user asked for, by kind."""
        files = {"json": self.json, "csv": self.csv, "picture": self.picture}
        return {kind: path for kind, path in files.items() if path is not None}


def advise(
    table: Annotated[
        Path | None,
        typer.Argument(metavar="TABLE", help="A .csv, .tsv, .txt (also .gz), .xlsx, .parquet or .npz file."),
    ] = None,
    main_task: Annotated[
        str | None, typer.Option("--main", metavar="COLUMN", help="The main task, whose loss decides.")
    ] = None,
    aux: Annotated[
        list[str] | None,
        typer.Option(
            "--aux", metavar="A,B,…", help="Tasks to train beside the main one, also 'SR-*'; may be repeated."
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Instead of a file: digits, breast_cancer, wine, iris or anes96."),
    ] = None,
    labels: Annotated[
        int | None, typer.Option(metavar="N", help="With --dataset: keep the main label in N random rows only.")
    ] = None,
    rows: Annotated[int | None, typer.Option(metavar="N", help="Read a random sample of N rows of the file.")] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B,…",
            help="Columns that are features, instead of all but the tasks; 'bit*' means all that begin with bit. May be "
            "repeated.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="A,B,…", help="Columns that are not features, also '*_id'; may be repeated."),
    ] = None,
    sep: Annotated[
        str | None,
        typer.Option(metavar="CHARACTER", help="What separates the fields of a text file, such as ; or tab."),
    ] = None,
    decimal: Annotated[str | None, typer.Option(metavar="MARK", help="The decimal mark of a text file, . or ,")] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="The encoding of a text file, such as cp1252.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="The sheet of an Excel file; the first one by default.")
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="Text that means a missing value, instead of NA, NaN, null, None, ? and the like; numbers alone, such "
            "as -999, are added to these. May be repeated. Empty cells are always missing: --missing '' means only them.",
        ),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Whose rows they are, such as a person's: rows with the same value are never on both sides of a split.",
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="When a row was made, a date or a number: later rows test what earlier rows taught."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="How many rows a row stands for, in training and in all means: numbers from 0."
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=KIND",
            help="What kind of task a column is: numeric, classes or ordered, or its levels in order, as in "
            "'pain=low<medium<high'. May be repeated; what is not said is told by the column.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Measure every task beside every other: a directed matrix, and groups.")
    ] = False,
    student: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Whom the advice is about: linear (regressions with weight decay), network (a trunk with a stop), or auto: "
            "the one that is better on the main task alone. With --all, auto is the network.",
        ),
    ] = AUTO,
    hidden: Annotated[
        str | None, typer.Option(metavar="N,…", help="Hidden units of the network, layer by layer; 100 by default.")
    ] = None,
    activation: Annotated[
        str | None, typer.Option(metavar="NAME", help="The network's activation: relu by default, or linear.")
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Repeats of the ten folds; by default the number of labels decides."),
    ] = None,
    negligible: Annotated[
        float | None,
        typer.Option(
            metavar="NATS",
            min=0,
            help="Benefits within ± NATS count as no difference; by default 5 % of what the features explain, 0.001 to 0.01.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"What the benefit is measured in: {', '.join(METRICS)}. By default the first, of a numeric main task "
            f"{NUMBER_METRICS[0]}.",
        ),
    ] = None,
    class_weight: Annotated[
        str | None, typer.Option(metavar="balanced", help="balanced: all classes of a task count alike in training.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="The seed of all random draws.")] = 0,
    budget: Annotated[
        float | None,
        typer.Option(metavar="MINUTES", help="Print the advice so far after this time; the same command goes on."),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Keep finished trainings in this folder, instead of the user's cache."),
    ] = None,
    all_rows: Annotated[bool, typer.Option("--all-rows", help="Show all auxiliary tasks and notes, not ten.")] = False,
    json: Json = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the results to a CSV file.")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw the advice into a .png or .pdf file.")
    ] = None,
) -> None:
    """Measure which tasks of your own table help the main one, with intervals, and explain why."""
    with one_line_errors(shown.INTERRUPTED):
        missing_texts = tuple(map(as_utf8, missing)) if missing else None
        main = None if main_task is None else as_utf8(main_task)
        given = {"sep": sep, "decimal": decimal, "encoding": encoding, "sheet": sheet, "groups": groups, "time": time}
        given |= {"weights": weights}
        texts = {option: None if text is None else as_utf8(text) for option, text in given.items()}
        about_rows = {option: texts.pop(option) for option in ("groups", "time", "weights")}
        source = Source(
            table, dataset, main, column_names(aux), column_names(drop), labels, rows, every, seed, missing_texts,
            column_names(features), texts, kinds=kinds_of(kind), **about_rows,
        )  # fmt: skip
        chosen = named_student(student, hidden, activation, every)
        measurement = Measurement(
            chosen, widths(hidden or "100"), activation or "relu", repeats, negligible, seed, metric, budget, keep,
            class_weight,
        )  # fmt: skip
        _answer(source, measurement, Outputs(json, csv, picture, all_rows))


def _answer(source: Source, measurement: Measurement, files: Outputs) -> None:
    _check(measurement, files, source.file)
    if source.time is not None and measurement.repeats is not None:
        rule, hint = "repeats are of random folds, and --time splits by time", "Leave --repeats out."
        raise invalid(rule, received=f"--repeats {measurement.repeats} with --time", hint=hint)
    table, tasks = read_table(source)
    for path in files.named().values():
        check_writable(path)  # this creates folders, so the table is read first: bad input creates none
    console = terminal.open_console()
    about_table = [*_leaks(table, tasks if source.every else tasks[:1]), *(("Note", note) for note in table.notes)]
    most = None if files.all_rows else shown.MOST_NOTES
    if about_table:
        shown.sentences(console, shown.bounded_notes(about_table, most))
    library = _import_affinity()
    console.file.flush()
    goes_on = shown.GOES_ON if measurement.keep or folder() else "nothing is kept, because the cache is off."
    ended = shown.interrupted(console, f"Interrupted: {goes_on}")
    # The second Ctrl-C does not wait for the threads, each of which would first finish its batch of trainings.
    with stop_on_interrupt(ended) as stop, shown.trainings_bar(console) as progress:
        result = _measured(library.affinity, table, tasks, source.every, measurement, progress, stop)
        interrupted = bool(stop() and result.unfinished)
    if interrupted and not _anything_measured(result):
        _leave(130, ended)
    printed = {sentence for _, sentence in about_table}
    notes = shown.bounded_notes([("Note", note) for note in result.notes if note not in printed], most)
    if source.every:
        _show_matrix(console, library.wording, result, notes)
    else:
        _show_advice(console, library.wording, result, notes, files.all_rows)
    _write(console, library, result, files)
    if interrupted:
        _leave(130, f"sharedtrunk: Interrupted: this is the advice so far; {goes_on}\n".encode())
    if result.unfinished:
        _leave(0, f"sharedtrunk: the budget is over: this is the advice so far; {goes_on}\n".encode())


def _anything_measured(result: Any) -> bool:
    """Whether some effect has an interval."""
    effects = result.effects.values() if hasattr(result, "effects") else (each.effect for each in result.auxiliaries)
    return any(effect.benefit.low == effect.benefit.low for effect in effects)  # not NaN


def _leave(code: int, message: bytes) -> None:
    """End the process without waiting for the batches of trainings that are running."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.write(2, message)
    os._exit(code)


def named_student(student: str, hidden: str | None, activation: str | None, every: bool) -> str:
    """`student`, or what the other options say about it. Raises `InputError`."""
    if student not in STUDENTS:
        raise invalid(f"the student is one of {', '.join(STUDENTS)}", received=shown_value(student), hint="Choose one.")
    about_network = [
        f"--{name}" for name, value in (("hidden", hidden), ("activation", activation)) if value is not None
    ]
    if student == LINEAR and about_network:
        received = f"--student linear with {about_network[0]}"
        raise invalid("the linear student has no layers", received=received, hint="Leave one of them out.")
    return NETWORK if about_network or (every and student == AUTO) else student


def widths(text: str) -> tuple[int, ...]:
    """Hidden units layer by layer, from `100` or `100,50`. Raises `InputError`."""
    parts = [part.strip() for part in text.split(",")]
    # No width needs more than ten digits, and Python refuses to read numbers of thousands of digits.
    if not all(part.isdecimal() and len(part) <= 10 and int(part) > 0 for part in parts):
        hint = "Write for example --hidden 100."
        raise invalid("hidden units are whole numbers, at least 1 per layer", received=shown_value(text), hint=hint)
    return tuple(int(part) for part in parts)


def _check(measurement: Measurement, files: Outputs, table: Path | None) -> None:
    if measurement.activation not in ACTIVATIONS:
        rule = f"the activation is one of {', '.join(ACTIVATIONS)}"
        raise invalid(rule, received=repr(measurement.activation), hint="Choose one of them.")
    if files.picture is not None and files.picture.suffix.lower() not in PICTURES:
        raise invalid("a picture is a .png or .pdf file", received=str(files.picture), hint="Change the ending.")
    check_trunk_widths(measurement.hidden)
    check_repeats(measurement.repeats)
    check_negligible(0.0 if measurement.negligible is None else measurement.negligible)
    check_seed(measurement.seed)
    check_metric(measurement.metric)
    if measurement.class_weight not in (None, "balanced"):
        hint = "Leave it out for labels that count alike."
        raise invalid("--class-weight is balanced", received=shown_value(measurement.class_weight), hint=hint)
    check_budget(measurement.budget)
    for path in files.named().values():
        check_regular(path)
    _check_apart(files, table)


def _check_apart(files: Outputs, table: Path | None) -> None:
    """No output may replace the table or another output."""
    taken = {} if table is None else {"the table": table}
    for kind, path in files.named().items():
        for other, before in taken.items():
            if _same_file(path, before):
                received = f"the same file for --{kind} and {other}, {path}"
                raise invalid("every output needs a file of its own", received=received, hint="Name another file.")
        taken[f"--{kind}"] = path


def _same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same file when links are followed. The file need not exist."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return kind_of(one) is not None and kind_of(other) is not None and one.samefile(other)


def _leaks(table: "Table", mains: Sequence[str]) -> list[tuple[str, str]]:
    """The features that give a label away, as (keyword, sentence), severe ones first."""
    from sharedtrunk import tables

    found = {leak.sentence: leak.severe for main in mains for leak in tables.leaks(table, main)}
    severe = [("Leak!", text) for text, bad in found.items() if bad]
    if severe:
        severe.append(("Leak!", "The numbers below measure the leak."))
    return [*severe, *(("Leak", text) for text, bad in found.items() if not bad)]


class _Affinity(NamedTuple):
    """The parts of `sharedtrunk.affinity` that the command uses."""

    affinity: Any
    wording: Any
    write: Mapping[str, Callable[[Path, Any], None]]


def _import_affinity() -> _Affinity:
    cache = folder()
    if cache is not None:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        # Another run may be writing the program that this one reads; JAX then compiles it anew.
        warnings.filterwarnings("ignore", message="Error reading persistent compilation cache entry")
    with exit_on_interrupt(BEFORE_THE_WORK):
        from sharedtrunk import affinity  # takes seconds, so it comes after the checks
        from sharedtrunk.affinity import presentation

    writers = {"json": presentation.write_json, "csv": presentation.write_csv, "picture": presentation.write_picture}
    return _Affinity(affinity, presentation.wording, writers)


def _student(affinity: Any, measurement: Measurement) -> Any:
    """The student of a measurement, or both, of which the advisor chooses one."""
    network = affinity.Student(hidden=measurement.hidden, activation=measurement.activation)
    linear = affinity.LinearStudent()
    return {AUTO: (linear, network), LINEAR: linear, NETWORK: network}[measurement.student]


def _measured(
    affinity: Any,
    table: "Table",
    tasks: tuple[str, ...],
    every: bool,
    measurement: Measurement,
    progress: Callable[[int, int], None],
    stop: Callable[[], bool],
) -> Any:
    names = ("repeats", "negligible", "budget", "keep", "class_weight")
    given = {name: getattr(measurement, name) for name in names}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    options |= {
        "student": _student(affinity, measurement),
        "seed": measurement.seed,
        "stop": stop,
    }
    if measurement.metric is not None:
        options["metric"] = measurement.metric
    if every:
        return affinity.affinity_matrix(table, tasks, progress=progress, **options)
    return affinity.advise(table, tasks[0], tasks[1:], progress=progress, **options)


def _show_advice(console: "Console", wording: Any, advice: Any, notes: list[tuple[str, str]], all_rows: bool) -> None:
    left = 0 if all_rows else len(advice.auxiliaries) - shown.MOST_ROWS
    if left > 0:
        # The table and the sentences speak of the same tasks.
        advice = dataclasses.replace(advice, auxiliaries=wording.leading_rows(advice, shown.MOST_ROWS))
        more = f"{left} more auxiliary {'task' if left == 1 else 'tasks'}, with smaller effects beside their errors"
        notes = [("Rows", f"{more}: --all-rows shows them, --csv and --json have them."), *notes]
    how = advice.conditions
    words = (wording.title(advice), wording.captions(how), wording.columns(how), wording.rows(advice))
    console.print(shown.advice_table(*words, verdict=wording.VERDICT, width=console.width))
    measured = ("Measured", wording.measured_on(advice.conditions))
    shown.sentences(console, [*wording.sentences(advice), *notes, measured])


def _show_matrix(console: "Console", wording: Any, matrix: Any, notes: list[tuple[str, str]]) -> None:
    words = (wording.matrix_title(matrix), wording.matrix_caption(matrix), wording.matrix_rows(matrix))
    console.print(shown.matrix_table(*words, width=console.width))
    measured = ("Measured", wording.measured_on(wording.matrix_conditions(matrix)))
    unfinished = [("So far", sentence) for sentence in matrix.unfinished]
    shown.sentences(console, [*unfinished, ("Groups", wording.grouping(matrix)), *notes, measured])


def _write(console: "Console", library: _Affinity, result: Any, files: Outputs) -> None:
    """Write the files. They come last, so that the numbers are on the screen if a file cannot be written."""
    for kind, path in files.named().items():
        library.write[kind](path, result)
        shown.files(console, [(_KINDS[kind], path)])
