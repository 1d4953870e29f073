"""The ledger as a file: its rows as plain data with their origin, and the rows read back from it."""

import math
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sharedtrunk._support import json_files as _json
from sharedtrunk._support.cache.fingerprint import library_versions
from sharedtrunk._support.files import kind_of
from sharedtrunk._version import __version__
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.paper.claims._claim import Claim, Evidence
from sharedtrunk.paper.claims._reading import Reading
from sharedtrunk.paper.claims._verdict import Row
from sharedtrunk.paper.commands import claims_command

_RULE = "a stored ledger must be one that sharedtrunk wrote, unchanged since"

LIBRARIES = ("diffrax", "equinox", "jax", "jaxlib", "numpy", "scipy", "xarray")


def as_json(
    rows: Sequence[Row], *, seed: int, thorough: bool, datasets: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """The ledger as plain data.

    Parameters
    ----------
    rows
        The rows, in the ledger's order.
    seed, thorough
        The options of the measurement of equations.
    datasets
        The origin of the datasets that decided claims about captions, by figure.

    Returns
    -------
    dict
        The keys seed, thorough, created, versions, datasets, and claims with one entry per row.
    """
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
    """Write what `as_json` returns to a file, whole or not at all.

    Parameters
    ----------
    path
        The file.
    rows, seed, thorough, datasets
        See `as_json`.

    Raises
    ------
    InputError
        Where the file cannot be written.
    """
    plain = as_json(rows, seed=seed, thorough=thorough, datasets=datasets)
    _json.write_json(path, plain, checksum=True)


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The plain data of a written ledger, as `as_json` made it.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        The data.

    Raises
    ------
    InputError
        Where there is no file, and where any byte of it has changed since it was written.
    """
    path = Path(path)
    if kind_of(path) is None:
        raise invalid(
            "a stored ledger is needed", received=f"no file at {path}", hint=f"Make it first: {claims_command(path)}."
        )
    return _json.read_json(path, rule=_RULE, again=claims_command(path))


def read_json(path: str | os.PathLike[str]) -> list[Row]:
    """The rows of a written ledger; their verdicts are computed again from the readings.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    list of Row
        The rows.

    Raises
    ------
    InputError
        Where there is no file, where any byte of it has changed since it was written, and where a verdict in it does not
        follow from the readings beside it.
    """
    path = Path(path)
    record = read_record(path)
    try:
        entries = record["claims"]
        rows = [_row(entry) for entry in entries]
        verdicts = [entry["verdict"] for entry in entries]
    except (InputError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {' '.join(str(error).split())}") from error
    for row, stored in zip(rows, verdicts, strict=True):
        if row.verdict != stored:
            raise _damaged(path, f"the verdict on {row.claim.key} is {stored!r}, but its readings give {row.verdict!r}")
    return rows


def _row(entry: Mapping[str, Any]) -> Row:
    words = (entry[name] for name in ("key", "source", "statement", "hypotheses", "method"))
    claim = Claim(*words, condition=entry["condition"], truth=entry["true_instead"], figures=tuple(entry["figures"]))
    within, beyond, instead = (
        tuple(_reading(plain) for plain in entry[group]) for group in ("within", "beyond", "instead")
    )
    evidence = Evidence(within, beyond, instead) if within else None
    return Row(claim, evidence, float(entry["seconds"]), entry["reason"])


def _reading(plain: Mapping[str, Any]) -> Reading:
    if plain["side"] not in ("at most", "at least", "within"):
        raise ValueError(f"a limit is at most, at least or within, got {plain['side']!r}")
    # Files written before readings had `seeds` lack this key; their readings are not corrected for the number of cases.
    number, error, standard_error = map(_number, (plain["number"], plain["error"], plain.get("standard_error", 0.0)))
    return Reading(
        plain["case"],
        number,
        error,
        plain["side"],
        float(plain["limit"]),
        plain["unit"],
        standard_error,
        plain.get("seeds"),
        plain.get("seeds_left_out", 0),
    )


def _number(stored: float | None) -> float:
    return math.nan if stored is None else float(stored)


def _damaged(path: Path, complaint: str) -> InputError:
    return invalid(_RULE, received=f"{path} ({complaint})", hint=f"Make it again: {claims_command(path)}.")
