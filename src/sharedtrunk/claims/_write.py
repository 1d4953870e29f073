"""The ledger as a file: rows as plain data, and where they come from."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sharedtrunk
from sharedtrunk._files import write_atomically
from sharedtrunk._fingerprint import library_versions
from sharedtrunk.claims._ledger import Row

LIBRARIES = ("diffrax", "equinox", "jax", "jaxlib", "numpy", "scipy")


def as_json(rows: Sequence[Row], *, seed: int, thorough: bool) -> dict[str, Any]:
    """The ledger as plain data: seed, versions, and one entry per row."""
    return {
        "seed": seed,
        "thorough": thorough,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"sharedtrunk": sharedtrunk.__version__, **library_versions(LIBRARIES)},
        "claims": [row.as_json() for row in rows],
    }


def write_json(path: Path, rows: Sequence[Row], *, seed: int, thorough: bool) -> None:
    """Write the ledger to a file, whole or not at all. Raises `InputError` where it cannot be written."""
    text = json.dumps(as_json(rows, seed=seed, thorough=thorough), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, text.encode() + b"\n")
