"""The fingerprint of the numerical code: stored lanes made by other code or other libraries are not reused.

It enters the settings of every sweep of students or theory, and so the content key of every stored chunk. It covers
every source that `sharedtrunk.experiments` and `sharedtrunk.prediction` import, but for the wording of errors, and the
versions of the libraries they call; plots, checks and the command line may change without making a stored lane stale.
It needs no JAX.
"""

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
    for name, source in _sources(Path(__file__).parents[1]):
        _feed(digest, name.encode())
        _feed(digest, source)
    return digest.hexdigest()[:16]


def library_versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed version of each library, `"absent"` for one that is not installed; nothing is imported."""
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
        place = package / name
        files += place.rglob("*.py") if place.is_dir() else [place] if place.is_file() else []
    return [(file.relative_to(package).as_posix(), file.read_bytes()) for file in sorted(files)]


def _feed(digest, piece: bytes) -> None:
    # The length goes first, so that bytes cannot move between neighbouring pieces unseen.
    digest.update(len(piece).to_bytes(8, "big"))
    digest.update(piece)
