"""The checks of a figure, read from its JSON file."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sharedtrunk._support.json_files import read_json
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.paper.figures import Check, Figure

VERDICTS = ("holds", "holds only if", "fails", "undecided", "not measured")
"""The verdicts of checks and of rows of the ledger, in the order of the page's counts."""

_NUMBERS = ("number", "standard_error", "low", "high")


def read_record(path: Path, figure: Figure, again: str) -> tuple[dict[str, Any], tuple[Check, ...]]:
    """Read the record of a figure and its checks; `again` is the command that makes the file.

    Raises `InputError` where the file is damaged or another figure's.
    """
    record = read_json(path, rule=_rule(path, figure), again=again)
    try:
        owner, provenance = record["figure"], dict(record["provenance"])
        checks = tuple(_check(stored) for stored in record["checks"])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, figure, f"'{type(error).__name__}: {' '.join(str(error).split())}'", again) from error
    if owner != figure.name:
        raise _damaged(path, figure, f"the checks of {owner}", again)
    return {**record, "provenance": provenance}, checks


def _check(stored: Mapping[str, Any]) -> Check:
    """Return a check from its record, in which null stands for NaN."""
    numbers = {name: math.nan if stored[name] is None else float(stored[name]) for name in _NUMBERS}
    if stored["verdict"] not in VERDICTS:
        raise ValueError(f"no verdict is called {stored['verdict']!r}")
    return Check(**{**stored, **numbers})


def _damaged(path: Path, figure: Figure, complaint: str, again: str) -> InputError:
    return invalid(_rule(path, figure), received=f"{path} ({complaint})", hint=f"Make it again: {again}.")


def _rule(path: Path, figure: Figure) -> str:
    return f"{path.name} must hold the checks of {figure.name} as sharedtrunk wrote them"
