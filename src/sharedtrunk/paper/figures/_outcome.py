"""The outcome of a figure: its pictures and checks, written beside its dataset."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sharedtrunk._support.files import check_regular, write_atomically
from sharedtrunk._support.json_files import without_nan, write_json
from sharedtrunk.errors import invalid
from sharedtrunk.paper.commands import figure_command
from sharedtrunk.paper.figures._checks import Check
from sharedtrunk.paper.figures._drawing import PICTURES, Picture, drawn
from sharedtrunk.paper.figures._figure import Figure, Size
from sharedtrunk.sweeps import read_dataset

if TYPE_CHECKING:
    import xarray

RESULT = "result"

_JSON_ATTRIBUTES = ("grid", "settings", "versions", "seeds")  # attributes of a dataset that are JSON text


@dataclass(frozen=True)
class Lanes:
    """How the lanes of a dataset ended.

    Parameters
    ----------
    total
        The number of joint lanes.
    without_value
        How many of them have no value.
    failures
        How many lanes did not end with success, by reason.
    largest_error
        The largest numerical error of a value, NaN where the dataset stores none.
    """

    total: int
    without_value: int
    failures: Mapping[str, int]
    largest_error: float


@dataclass(frozen=True)
class Outcome:
    """A figure that was drawn and judged: its files by kind (`png`, `pdf`, `nc`, `json`), its checks, lanes and grid.

    Parameters
    ----------
    figure
        The figure.
    files
        Path by kind.
    checks
        Its statements, judged.
    lanes
        Numbers of lanes.
    size
        The grid.
    """

    figure: Figure
    files: Mapping[str, Path]
    checks: tuple[Check, ...]
    lanes: Lanes
    size: Size = "standard"


def file_paths(figure: Figure, out: Path, size: Size) -> dict[str, Path]:
    """Return the paths of a figure's files by kind: nc, json, and png and pdf of every picture."""
    stem = figure.stem(size)
    pictures = {f"{kind}{suffix}": out / f"{stem}{suffix}.{kind}" for suffix in figure.pictures for kind in PICTURES}
    return {"nc": out / f"{stem}.nc", "json": out / f"{stem}.json", **pictures}


def present(figures: Sequence[Figure], out: Path, size: Size, *, processes: int | None = None) -> tuple[Outcome, ...]:
    """Judge and draw stored datasets, and write FIGURE.png, .pdf and .json beside FIGURE.nc.

    Raises `InputError` for a dataset that is damaged or another figure's, and for a file that cannot be written.
    """
    for figure in figures:  # check all of them before anything is drawn
        for path in file_paths(figure, out, size).values():
            check_regular(path)
    outcomes = tuple(_judged(figure, out, size) for figure in figures)
    pictures = [
        Picture(draw, outcome.files["nc"], {kind: outcome.files[f"{kind}{suffix}"] for kind in PICTURES})
        for outcome in outcomes
        for suffix, draw in outcome.figure.pictures.items()
    ]
    for picture, contents in drawn(pictures, processes):
        for kind, content in contents.items():
            write_atomically(picture.files[kind], content)
    return outcomes


def _judged(figure: Figure, out: Path, size: Size) -> Outcome:
    files = file_paths(figure, out, size)
    dataset = read_dataset(files["nc"])
    _check_dataset(figure, dataset, files["nc"], size)
    checks, lanes = tuple(figure.judge(dataset)), count_lanes(dataset, figure.value)
    write_json(files["json"], without_nan(_record(figure, dataset, checks, lanes)), checksum=True)
    return Outcome(figure, files, checks, lanes, size)


def count_lanes(dataset: "xarray.Dataset", value: str) -> Lanes:
    """Count the joint lanes of a dataset, those without `value`, and those that failed, by reason.

    The reasons of a theory's lanes (`result_closure` and so on) begin with its name.
    """
    failures: dict[str, int] = {}
    for name, codes in dataset.data_vars.items():
        if str(name).startswith(RESULT):
            theory = str(name).removeprefix(RESULT).removeprefix("_")
            failures |= {f"{theory}: {words}" if theory else words: count for words, count in _failures(codes).items()}
    missing = dataset[value].isnull()
    return Lanes(
        total=int(dataset[RESULT].size),
        without_value=int(missing.any([dim for dim in missing.dims if dim not in dataset[RESULT].dims]).sum()),
        failures=failures,
        largest_error=float(dataset[f"{value}_error"].max()) if f"{value}_error" in dataset else math.nan,
    )


def _failures(codes: "xarray.DataArray") -> dict[str, int]:
    """Return how many lanes did not end with success, by reason."""
    words = str(codes.attrs.get("flag_meanings", "")).split()
    flags = dict(zip(np.atleast_1d(codes.attrs.get("flag_values", [])).tolist(), words, strict=False))
    found, counts = np.unique(codes.values[codes.values != 0], return_counts=True)
    return {
        flags.get(int(code), f"code {int(code)}").replace("_", " "): int(count)
        for code, count in zip(found, counts, strict=True)
    }


def _check_dataset(figure: Figure, dataset: "xarray.Dataset", path: Path, size: Size) -> None:
    hint = f"Make it again: {figure_command('reproduce', [figure.name], path.parent, size)}."
    grids: dict[str, str] = {"standard": "", "quick": " on the quick grid", "full": " on the full grid"}
    owner = str(dataset.attrs.get("figure", "no figure")) + grids.get(str(dataset.attrs.get("size", "standard")), "")
    if owner != figure.name + grids[size]:
        raise invalid(
            f"{path.name} must hold the dataset of {figure.name}{grids[size]}",
            received=f"the dataset of {owner} in {path}",
            hint=hint,
        )
    missing = sorted((set(figure.dims) - set(dataset.sizes)) | ({figure.value, RESULT} - set(dataset.data_vars)))
    if missing:
        raise invalid(
            f"the dataset of {figure.name} has dims {', '.join(figure.dims)}, and variables {figure.value} and {RESULT}",
            received=f"{path} without {', '.join(missing)}",
            hint=hint,
        )


def _record(figure: Figure, dataset: "xarray.Dataset", checks: tuple[Check, ...], lanes: Lanes) -> dict[str, Any]:
    attributes = {str(name): value for name, value in dataset.attrs.items()}
    return {
        "figure": figure.name,
        "title": figure.title,
        "paper": figure.paper,
        "claim": figure.claim,
        "checks": [check.record() for check in checks],
        "lanes": asdict(lanes),
        "provenance": {
            name: json.loads(value) if name in _JSON_ATTRIBUTES else _as_python(value)
            for name, value in attributes.items()
        },
    }


def _as_python(value: Any) -> Any:
    """Return a NumPy number, as NetCDF gives it, as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value
