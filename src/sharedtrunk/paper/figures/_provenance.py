"""The provenance of a dataset, stored as its attributes: grid, settings, versions, commit, seeds, command."""

import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sharedtrunk import _version
from sharedtrunk._support.cache.fingerprint import library_versions
from sharedtrunk.paper.figures._figure import SIZE_MARKS, Figure, Size

_LIBRARIES = ("diffrax", "equinox", "h5netcdf", "jax", "jaxlib", "matplotlib", "numpy", "scipy", "xarray")


def provenance(
    figure: Figure, axes: Mapping[str, tuple], settings: Mapping, command: str, size: Size
) -> dict[str, str | int]:
    """Return the attributes of a figure's dataset: strings, JSON for structured values, and `quick` as 1 or 0."""
    attributes: dict[str, str | int] = {
        "title": figure.title + SIZE_MARKS[size],
        "figure": figure.name,
        "paper": figure.paper,
        "claim": figure.claim,
        "quick": int(size == "quick"),
        "size": size,
        "grid": json.dumps({axis: list(values) for axis, values in axes.items()}),
        "settings": json.dumps(settings, sort_keys=True),
        "versions": json.dumps({"sharedtrunk": _version.__version__, **library_versions(_LIBRARIES)}),
        "python": platform.python_version(),
        "seeds": json.dumps(list(axes["seed"])),
        "units": "nats",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
    }
    commit = source_commit(Path(_version.__file__))
    return attributes if commit is None else {**attributes, "commit": commit}


def source_commit(source: Path) -> str | None:
    """Return the commit of the git checkout that tracks a file, with "+changes" where tracked files of its folder differ.

    Return None without git or a checkout, and for a file that is not tracked: an installed copy can lie inside another
    project's repository.
    """
    if _git(source, "ls-files", "--error-unmatch", source.name) is None:
        return None
    commit = _git(source, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(source, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return f"{commit}+changes" if changed else commit


def _git(source: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(source.parent), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
