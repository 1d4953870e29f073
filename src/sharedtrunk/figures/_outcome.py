"""What comes out of a figure: pictures and checks on disk beside the dataset, and the same as an object."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sharedtrunk._errors import invalid
from sharedtrunk._files import write_atomically
from sharedtrunk.figures._checks import Check
from sharedtrunk.figures._figure import Figure

if TYPE_CHECKING:
    import xarray

_JSON_ATTRIBUTES = ("grid", "settings", "versions", "seeds")


@dataclass(frozen=True)
class Lanes:
    """The lanes of a dataset: how many, how many without a benefit, how many ended with which reason (not success)."""

    total: int
    without_value: int
    failures: Mapping[str, int]
    largest_error: float


@dataclass(frozen=True)
class Outcome:
    """One figure made: its files by kind (`png`, `pdf`, `nc`, `json`), its checks, its lanes; `quick`: coarse grid."""

    figure: Figure
    files: Mapping[str, Path]
    checks: tuple[Check, ...]
    lanes: Lanes
    quick: bool = False


def file_paths(figure: Figure, out: Path, *, quick: bool) -> dict[str, Path]:
    """Where the files of a figure stand, by kind."""
    return {kind: out / f"{figure.stem(quick=quick)}.{kind}" for kind in ("nc", "png", "pdf", "json")}


def present(figure: Figure, dataset: "xarray.Dataset", out: Path, *, quick: bool) -> Outcome:
    """Draw and judge `dataset`; write FIGURE.png, .pdf and .json beside FIGURE.nc. Raises `InputError`."""
    from sharedtrunk import plots  # matplotlib, only where a picture is drawn

    files = file_paths(figure, out, quick=quick)
    _check_dataset(figure, dataset, files["nc"], quick=quick)
    checks = tuple(figure.judge(dataset))
    lanes = count_lanes(dataset)
    picture = figure.draw(dataset)
    contents = {kind: plots.render(picture, kind) for kind in ("png", "pdf")}
    contents["json"] = _json_bytes(_record(figure, dataset, checks, lanes))
    for kind, content in contents.items():
        write_atomically(files[kind], content)
    return Outcome(figure, files, checks, lanes, quick)


def count_lanes(dataset: "xarray.Dataset") -> Lanes:
    """Count the joint lanes of a dataset, those without a benefit, and those with a reason, in words."""
    result = dataset["result"]
    flags = dict(
        zip(
            np.atleast_1d(result.attrs.get("flag_values", [])).tolist(),
            str(result.attrs.get("flag_meanings", "")).split(),
            strict=False,
        )
    )
    codes, counts = np.unique(result.values[result.values != 0], return_counts=True)
    return Lanes(
        total=int(result.size),
        without_value=int(dataset["benefit"].isnull().sum()),
        failures={
            flags.get(int(code), f"code {int(code)}").replace("_", " "): int(count)
            for code, count in zip(codes, counts, strict=True)
        },
        largest_error=float(dataset["benefit_error"].max()),
    )


def _check_dataset(figure: Figure, dataset: "xarray.Dataset", path: Path, *, quick: bool) -> None:
    way_out = f"Make it again: sharedtrunk reproduce {figure.name}{' --quick' * quick} --out {path.parent}."
    owner = str(dataset.attrs.get("figure", "no figure"))
    stands_for = owner + " on the quick grid" * bool(dataset.attrs.get("quick", 0))
    if stands_for != figure.name + " on the quick grid" * quick:
        raise invalid(
            f"{path.name} must hold the dataset of {figure.name}{' on the quick grid' * quick}",
            received=f"that of {stands_for} in {path}",
            way_out=way_out,
        )
    dims = {"n_samples", "s_main", "s_aux", "relatedness", "seed"}
    variables = {"benefit", "benefit_honest", "benefit_error", "result"}
    lacking = sorted((dims - set(dataset.sizes)) | (variables - set(dataset.data_vars)))
    if lacking:
        raise invalid(
            f"the dataset of {figure.name} needs dims {', '.join(sorted(dims))} and their benefits",
            received=f"{path} without {', '.join(lacking)}",
            way_out=way_out,
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
            "largest_benefit_error": lanes.largest_error,
        },
        "provenance": {
            name: json.loads(value) if name in _JSON_ATTRIBUTES else _of_python(value)
            for name, value in attributes.items()
        },
    }


def _json_bytes(record: dict[str, Any]) -> bytes:
    text = json.dumps(_without_nan(record), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


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
