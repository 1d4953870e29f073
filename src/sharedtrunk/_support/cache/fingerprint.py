"""The fingerprint of the numerical code: results of other code or other library versions are never reused.

It is part of the name of every cached entry and, through the settings of a sweep, of the content key of every stored chunk.
It covers the sources that `sharedtrunk.experiments` and `sharedtrunk.prediction` import and that decide numbers, and the
versions of the numerical libraries. Pictures, the command line and shared checks such as `_support.limits` may change without
making a stored lane stale. Computing the fingerprint needs no JAX.
"""

import functools
import hashlib
from importlib import metadata
from pathlib import Path

NUMERICAL_SOURCES = (
    "__init__.py",
    "_support/__init__.py",
    "_support/arguments.py",
    "_support/axes.py",
    "_support/concrete.py",
    "_support/randomness.py",
    "_support/statistics.py",
    "_version.py",
    "asymptotics",
    "benefit",
    "dynamics",
    "experiments",
    "flows",
    "gaussian",
    "prediction",
    "spectra",
    "students",
    "teachers",
)
NUMERICAL_LIBRARIES = ("diffrax", "equinox", "jax", "jaxlib", "numpy", "scipy")


def fingerprint() -> str:
    """Digest (16 hexadecimal digits) of the numerical sources and of the versions of the numerical libraries."""
    digest = hashlib.sha256()
    for name, version in sorted(library_versions(NUMERICAL_LIBRARIES).items()):
        _feed(digest, f"{name}=={version}".encode())
    for name, source in _sources(Path(__file__).parents[2]):
        _feed(digest, name.encode())
        _feed(digest, source)
    return digest.hexdigest()[:16]


@functools.cache
def process_fingerprint() -> str:
    """The fingerprint of the code that this process runs, computed once."""
    return fingerprint()


def library_versions(names: tuple[str, ...]) -> dict[str, str]:
    """The installed version of each library, `"absent"` where there is none; nothing is imported."""
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return versions


def _sources(package: Path) -> list[tuple[str, bytes]]:
    files: list[Path] = []
    for name in NUMERICAL_SOURCES:
        path = package / name
        files += path.rglob("*.py") if path.is_dir() else [path] if path.is_file() else []
    return [(file.relative_to(package).as_posix(), file.read_bytes()) for file in sorted(files)]


def _feed(digest, piece: bytes) -> None:
    # The length goes first, so that bytes cannot move between neighbouring pieces unseen.
    digest.update(len(piece).to_bytes(8, "big"))
    digest.update(piece)
