"""What a folder holds of the figures and the ledger: read, checked, nothing concluded."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sharedtrunk import sweeps
from sharedtrunk._support.files import kind_of, storage_errors
from sharedtrunk.errors import invalid
from sharedtrunk.paper import claims
from sharedtrunk.paper.claims import captions
from sharedtrunk.paper.figures import FIGURES, Check, Figure, Size
from sharedtrunk.paper.report._png import Picture, fitted, read_picture
from sharedtrunk.paper.report._stored_checks import read_record

if TYPE_CHECKING:
    import xarray

LEDGER = "ledger.json"
CUBES = ("a1", "fig2-right")
"""Figures whose dataset is the whole cube, the first choice of the explorer first."""

CUBE_DIMS = ("n_samples", "s_main", "s_aux", "relatedness")


@dataclass(frozen=True)
class Shown:
    """A figure that is there: its record as written, its checks, its pictures by what their names end with."""

    figure: Figure
    record: Mapping[str, Any]
    checks: tuple[Check, ...]
    pictures: Mapping[str, Picture]


@dataclass(frozen=True)
class Gap:
    """What is not there, and the command that makes it."""

    what: str
    command: str


@dataclass(frozen=True)
class Ledger:
    """The rows of the ledger: those of its file, and those that the folder's datasets decide; the file's own record.

    `record` is None where there is no file, and the rows are then the latter alone.
    """

    rows: tuple[claims.Row, ...]
    record: Mapping[str, Any] | None


@dataclass(frozen=True)
class Material:
    """All that a page is made of; `cube` is (figure, dataset) for the explorer, `gaps` what the folder lacks."""

    folder: Path
    size: Size
    shown: tuple[Shown, ...]
    gaps: tuple[Gap, ...]
    ledger: Ledger
    cube: "tuple[Figure, xarray.Dataset] | None"


def gather(folder: Path, size: Size = "standard") -> Material:
    """Read the figures of that size, the ledger and the cube. Raises `InputError` for a folder without any figure."""
    kind = kind_of(folder)
    if kind != "folder":
        raise invalid(
            "a report is made of a folder of results",
            received=f"a {kind}, {folder}" if kind else f"no folder {folder}",
            hint=f"Make it first: {command('reproduce', 'all', folder, size)}.",
        )
    there = [figure for figure in FIGURES.values() if _stored(folder, figure, size, ".json")]
    if not there:
        quick = any(_stored(folder, figure, "quick", ".json") for figure in FIGURES.values())
        raise invalid(
            "a report needs at least one figure with its checks",
            received=f"a folder without any{' but quick ones' * quick}, {folder}",
            hint="Add --quick." if quick else f"Make them first: {command('reproduce', 'all', folder, size)}.",
        )
    gaps = tuple(_gap(folder, figure, size) for figure in FIGURES.values() if figure not in there)
    with storage_errors(folder):
        return Material(folder, size, _shown(folder, there, size), gaps, _ledger(folder, size), _cube(folder, size))


def command(verb: str, figure: str, folder: Path, size: Size) -> str:
    """The command that makes ("reproduce") or draws again ("redraw") a figure in this folder."""
    return f"sharedtrunk {verb} {figure}{'' if size == 'standard' else f' --{size}'} --out {shlex.quote(str(folder))}"


def make_again(folder: Path, figure: Figure, size: Size) -> str:
    """The command that draws and judges the figure again from its dataset, or makes it where there is none."""
    verb = "redraw" if _stored(folder, figure, size, ".nc") else "reproduce"
    return command(verb, figure.name, folder, size)


def ledger_command(folder: Path) -> str:
    """The command that measures the ledger."""
    return f"sharedtrunk claims --json {shlex.quote(str(folder / LEDGER))}"


def _path(folder: Path, figure: Figure, size: Size, ending: str) -> Path:
    return folder / f"{figure.stem(size)}{ending}"


def _stored(folder: Path, figure: Figure, size: Size, ending: str) -> bool:
    return kind_of(_path(folder, figure, size, ending)) == "file"


def _gap(folder: Path, figure: Figure, size: Size) -> Gap:
    return Gap(f"{figure.paper} ({figure.name})", make_again(folder, figure, size))


def _shown(folder: Path, there: list[Figure], size: Size) -> tuple[Shown, ...]:
    pictures = {
        (figure.name, ending): read_picture(path, f"Make it again: {make_again(folder, figure, size)}.")
        for figure in there
        for ending in figure.pictures
        if kind_of(path := _path(folder, figure, size, f"{ending}.png")) == "file"
    }
    smaller = fitted(pictures)
    made = []
    for figure in there:
        record, checks = read_record(_path(folder, figure, size, ".json"), figure, make_again(folder, figure, size))
        own = {ending: picture for (name, ending), picture in smaller.items() if name == figure.name}
        made.append(Shown(figure, record, checks, own))
    return tuple(made)


def _ledger(folder: Path, size: Size) -> Ledger:
    path = folder / LEDGER
    written = kind_of(path) == "file"
    measured = claims.read_json(path) if written else []
    # Judged now, not as the file has it: the datasets may be newer.
    stored = captions.judge_stored(folder, quick=size == "quick")
    rows = [row for row in measured if row.claim.key not in captions.STORED] + stored
    return Ledger(tuple(rows), claims.read_record(path) if written else None)


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
