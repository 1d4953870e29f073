"""The ledger as a file: rows as plain data with where they come from, and the rows read back."""

import math
import os
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sharedtrunk._support import json_files as _json
from sharedtrunk._support.cache.fingerprint import library_versions
from sharedtrunk._support.files import kind_of
from sharedtrunk._version import __version__
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.paper.ledger._claim import Claim, Evidence, Reading
from sharedtrunk.paper.ledger._row import Row

_RULE = "a stored ledger must be one that sharedtrunk wrote, unchanged since"

LIBRARIES = ("diffrax", "equinox", "jax", "jaxlib", "numpy", "scipy", "xarray")


def as_json(
    rows: Sequence[Row], *, seed: int, thorough: bool, datasets: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """The ledger as plain data: seed, versions, the datasets that decided stored claims, and one entry per row."""
    return {
        "seed": seed,
        "thorough": thorough,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"sharedtrunk": __version__, **library_versions(LIBRARIES)},
        "datasets": {name: dict(origin) for name, origin in (datasets or {}).items()},
        "claims": [row.as_json() for row in rows],
    }


def write_json(
    path: Path,
    rows: Sequence[Row],
    *,
    seed: int,
    thorough: bool,
    datasets: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write the ledger to a file, whole or not at all. Raises `InputError` where it cannot be written."""
    plain = as_json(rows, seed=seed, thorough=thorough, datasets=datasets)
    _json.write_json(path, plain, checksum=True)


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """A written ledger as plain data, as `as_json` gave it.

    Raises
    ------
    InputError
        Where there is no file, and where any byte of it was changed since it was written.
    """
    path = Path(path)
    if kind_of(path) is None:
        raise invalid(
            "a stored ledger is needed", received=f"no file at {path}", hint=f"Make it first: {_again(path)}."
        )
    return _json.read_json(path, rule=_RULE, again=_again(path))


def read_json(path: str | os.PathLike[str]) -> list[Row]:
    """The rows of a written ledger, their verdicts computed again from the readings.

    Raises
    ------
    InputError
        Where there is no file, where any byte of it was changed since it was written, and where a verdict in it does not
        follow from the readings beside it.
    """
    path = Path(path)
    record = read_record(path)
    try:
        entries = record["claims"]
        rows = [_row(entry) for entry in entries]
        said = [entry["verdict"] for entry in entries]
    except (InputError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {' '.join(str(error).split())}") from error
    for row, stored in zip(rows, said, strict=True):
        if row.verdict != stored:
            raise _damaged(path, f"{row.claim.key} is said to be {stored!r}, and its readings give {row.verdict!r}")
    return rows


def _row(entry: Mapping[str, Any]) -> Row:
    words = (entry[name] for name in ("key", "source", "statement", "hypotheses", "method"))
    claim = Claim(*words, condition=entry["condition"], truth=entry["true_instead"], figures=tuple(entry["figures"]))
    within, beyond, instead = (
        tuple(_reading(plain) for plain in entry[side]) for side in ("within", "beyond", "instead")
    )
    evidence = Evidence(within, beyond, instead) if within else None
    return Row(claim, evidence, float(entry["seconds"]), entry["reason"])


def _reading(plain: Mapping[str, Any]) -> Reading:
    if plain["side"] not in ("at most", "at least"):
        raise ValueError(f"a limit is at most or at least, got {plain['side']!r}")
    number, error = (math.nan if plain[name] is None else float(plain[name]) for name in ("number", "error"))
    return Reading(plain["case"], number, error, plain["side"], float(plain["limit"]), plain["unit"])


def _again(path: Path) -> str:
    return f"sharedtrunk claims --json {shlex.quote(str(path))}"


def _damaged(path: Path, complaint: str) -> InputError:
    return invalid(_RULE, received=f"{path} ({complaint})", hint=f"Make it again: {_again(path)}.")
