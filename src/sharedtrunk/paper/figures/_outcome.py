"""What comes out of a figure: pictures and checks on disk beside the dataset, and the same as an object."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sharedtrunk._support.files import check_regular, write_atomically
from sharedtrunk._support.json_files import write_json
from sharedtrunk.errors import invalid
from sharedtrunk.paper.figures._checks import Check
from sharedtrunk.paper.figures._drawing import PICTURES, Picture, drawn
from sharedtrunk.paper.figures._figure import Figure, Size
from sharedtrunk.sweeps import read_dataset

if TYPE_CHECKING:
    import xarray

RESULT = "result"

_JSON_ATTRIBUTES = ("grid", "settings", "versions", "seeds")


@dataclass(frozen=True)
class Lanes:
    """The lanes of a dataset: how many, how many without a value, how many ended with which reason (not success).

    `largest_error` is the largest numerical error of a value; NaN where the dataset has none.
    """

    total: int
    without_value: int
    failures: Mapping[str, int]
    largest_error: float


@dataclass(frozen=True)
class Outcome:
    """One figure made: its files by kind (`png`, `pdf`, `nc`, `json`, …), its checks, its lanes, which grid it is on."""

    figure: Figure
    files: Mapping[str, Path]
    checks: tuple[Check, ...]
    lanes: Lanes
    size: Size = "standard"


def file_paths(figure: Figure, out: Path, size: Size) -> dict[str, Path]:
    """Where the files of a figure stand, by kind: nc, json, and png and pdf of every picture."""
    stem = figure.stem(size)
    pictures = {f"{kind}{suffix}": out / f"{stem}{suffix}.{kind}" for suffix in figure.pictures for kind in PICTURES}
    return {"nc": out / f"{stem}.nc", "json": out / f"{stem}.json", **pictures}


def remake(figure: Figure, size: Size, out: Path) -> str:
    """The command that makes the figure."""
    return f"sharedtrunk reproduce {figure.name}{'' if size == 'standard' else f' --{size}'} --out {out}"


def present(figures: Sequence[Figure], out: Path, size: Size, *, processes: int | None = None) -> tuple[Outcome, ...]:
    """Judge and draw the stored datasets; write FIGURE.png, .pdf and .json beside FIGURE.nc. Raises `InputError`."""
    for figure in figures:  # before anything is drawn
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
    write_json(files["json"], _without_nan(_record(figure, dataset, checks, lanes)), checksum=True)
    return Outcome(figure, files, checks, lanes, size)


def count_lanes(dataset: "xarray.Dataset", value: str) -> Lanes:
    """Count the joint lanes of a dataset, those without a `value`, and those with a reason, in words.

    Lanes of a theory (`result_closure` and so on) stand beside the students', by its name.
    """
    failures: dict[str, int] = {}
    for name, codes in dataset.data_vars.items():
        if str(name).startswith(RESULT):
            whose = str(name).removeprefix(RESULT).removeprefix("_")
            failures |= {f"{whose}: {words}" if whose else words: count for words, count in _ended(codes).items()}
    missing = dataset[value].isnull()
    return Lanes(
        total=int(dataset[RESULT].size),
        without_value=int(missing.any([dim for dim in missing.dims if dim not in dataset[RESULT].dims]).sum()),
        failures=failures,
        largest_error=float(dataset[f"{value}_error"].max()) if f"{value}_error" in dataset else math.nan,
    )


def _ended(codes: "xarray.DataArray") -> dict[str, int]:
    """How many lanes ended otherwise than well, by reason."""
    words = str(codes.attrs.get("flag_meanings", "")).split()
    flags = dict(zip(np.atleast_1d(codes.attrs.get("flag_values", [])).tolist(), words, strict=False))
    found, counts = np.unique(codes.values[codes.values != 0], return_counts=True)
    return {
        flags.get(int(code), f"code {int(code)}").replace("_", " "): int(count)
        for code, count in zip(found, counts, strict=True)
    }


def _check_dataset(figure: Figure, dataset: "xarray.Dataset", path: Path, size: Size) -> None:
    hint = f"Make it again: {remake(figure, size, path.parent)}."
    grids: dict[str, str] = {"standard": "", "quick": " on the quick grid", "full": " on the full grid"}
    owner = str(dataset.attrs.get("figure", "no figure")) + grids.get(str(dataset.attrs.get("size", "standard")), "")
    if owner != figure.name + grids[size]:
        raise invalid(
            f"{path.name} must hold the dataset of {figure.name}{grids[size]}",
            received=f"that of {owner} in {path}",
            hint=hint,
        )
    lacking = sorted((set(figure.dims) - set(dataset.sizes)) | ({figure.value, "result"} - set(dataset.data_vars)))
    if lacking:
        raise invalid(
            f"the dataset of {figure.name} needs dims {', '.join(figure.dims)}, the {figure.value} and the result",
            received=f"{path} without {', '.join(lacking)}",
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
        "lanes": {
            "total": lanes.total,
            "without_value": lanes.without_value,
            "failures": dict(lanes.failures),
            "largest_error": lanes.largest_error,
        },
        "provenance": {
            name: json.loads(value) if name in _JSON_ATTRIBUTES else _of_python(value)
            for name, value in attributes.items()
        },
    }


def _of_python(value: Any) -> Any:
    """A number of NetCDF's as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: a number that does not exist is null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value
