"""The figures and the ledger in a folder, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sharedtrunk import sweeps
from sharedtrunk._support.files import kind_of, storage_errors
from sharedtrunk.errors import invalid
from sharedtrunk.paper import claims
from sharedtrunk.paper.claims import captions
from sharedtrunk.paper.commands import figure_command
from sharedtrunk.paper.figures import FIGURES, Check, Figure, Size
from sharedtrunk.paper.report._png import Picture, fitted, read_picture
from sharedtrunk.paper.report._stored_checks import read_record

if TYPE_CHECKING:
    import xarray

LEDGER = "ledger.json"
CUBES = ("a1", "fig2-right")
"""Figures whose dataset is the whole cube, in the order in which the explorer prefers them."""

DECAY = "weight-decay"
"""The figure of weight decay, which has an explorer of its own."""

CUBE_DIMS = ("n_samples", "s_main", "s_aux", "relatedness")


@dataclass(frozen=True)
class StoredFigure:
    """A figure in the folder: its record, its checks, and its pictures by the endings of their names."""

    figure: Figure
    record: Mapping[str, Any]
    checks: tuple[Check, ...]
    pictures: Mapping[str, Picture]


@dataclass(frozen=True)
class Missing:
    """A figure or ledger that the folder lacks, and the command that makes it."""

    name: str
    command: str


@dataclass(frozen=True)
class Ledger:
    """The rows of the ledger, from its file and from the folder's datasets, and the record of its file.

    Without a file `record` is None, and the rows are those of the datasets alone.
    """

    rows: tuple[claims.Row, ...]
    record: Mapping[str, Any] | None


@dataclass(frozen=True)
class Contents:
    """The contents of a folder: its figures, what it lacks, the ledger, and the datasets of the explorers."""

    folder: Path
    size: Size
    figures: tuple[StoredFigure, ...]
    missing: tuple[Missing, ...]
    ledger: Ledger
    cube: "tuple[Figure, xarray.Dataset] | None"
    decay: "xarray.Dataset | None"


def gather(folder: Path, size: Size = "standard") -> Contents:
    """Read figures, ledger and cube of one size of grid. Raises `InputError` for a folder without any figure."""
    kind = kind_of(folder)
    if kind != "folder":
        raise invalid(
            "a report is made from a folder of results",
            received=f"a {kind}, {folder}" if kind else f"no folder {folder}",
            hint=f"Make it first: {figure_command('reproduce', ['all'], folder, size)}.",
        )
    stored = [figure for figure in FIGURES.values() if _stored(folder, figure, size, ".json")]
    if not stored:
        quick = any(_stored(folder, figure, "quick", ".json") for figure in FIGURES.values())
        raise invalid(
            "a report needs at least one figure with its checks",
            received=f"a folder without any{' but quick ones' * quick}, {folder}",
            hint="Add --quick." if quick else f"Make them first: {figure_command('reproduce', ['all'], folder, size)}.",
        )
    missing = tuple(_missing(folder, figure, size) for figure in FIGURES.values() if figure not in stored)
    with storage_errors(folder):
        figures, ledger = _figures(folder, stored, size), _ledger(folder, size)
        return Contents(folder, size, figures, missing, ledger, _cube(folder, size), _decay(folder, size))


def remake_command(folder: Path, figure: Figure, size: Size) -> str:
    """Return the command that redraws a figure from its dataset, or makes it if it has no dataset."""
    verb = "redraw" if _stored(folder, figure, size, ".nc") else "reproduce"
    return figure_command(verb, [figure.name], folder, size)


def _path(folder: Path, figure: Figure, size: Size, ending: str) -> Path:
    return folder / f"{figure.stem(size)}{ending}"


def _stored(folder: Path, figure: Figure, size: Size, ending: str) -> bool:
    return kind_of(_path(folder, figure, size, ending)) == "file"


def _missing(folder: Path, figure: Figure, size: Size) -> Missing:
    return Missing(f"{figure.paper} ({figure.name})", remake_command(folder, figure, size))


def _figures(folder: Path, stored: list[Figure], size: Size) -> tuple[StoredFigure, ...]:
    pictures = {
        (figure.name, ending): read_picture(path, f"Make it again: {remake_command(folder, figure, size)}.")
        for figure in stored
        for ending in figure.pictures
        if kind_of(path := _path(folder, figure, size, f"{ending}.png")) == "file"
    }
    fitting = fitted(pictures)
    stored_figures = []
    for figure in stored:
        record, checks = read_record(_path(folder, figure, size, ".json"), figure, remake_command(folder, figure, size))
        own = {ending: picture for (name, ending), picture in fitting.items() if name == figure.name}
        stored_figures.append(StoredFigure(figure, record, checks, own))
    return tuple(stored_figures)


def _ledger(folder: Path, size: Size) -> Ledger:
    path = folder / LEDGER
    has_file = kind_of(path) == "file"
    measured = claims.read_json(path) if has_file else []
    # Judged from the datasets, which can be newer than the file.
    stored = captions.judge_stored(folder, quick=size == "quick")
    rows = [row for row in measured if row.claim.key not in captions.STORED] + stored
    return Ledger(tuple(rows), claims.read_record(path) if has_file else None)


def _cube(folder: Path, size: Size) -> "tuple[Figure, xarray.Dataset] | None":
    for name in CUBES:
        if name not in FIGURES:
            continue
        path = _path(folder, FIGURES[name], size, ".nc")
        if kind_of(path) == "file":
            dataset = sweeps.read_dataset(path)
            if "benefit" in dataset and set(dataset["benefit"].dims) == {*CUBE_DIMS, "seed"}:
                return FIGURES[name], dataset
    return None


def _decay(folder: Path, size: Size) -> "xarray.Dataset | None":
    path = _path(folder, FIGURES[DECAY], size, ".nc") if DECAY in FIGURES else None
    return sweeps.read_dataset(path) if path is not None and kind_of(path) == "file" else None
