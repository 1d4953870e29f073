"""Trainings are kept as they finish, so that a command that was stopped goes on where it was.

One file holds the outcome of one arm on one split. It is named by the sha256 of all that decides the outcome: inputs and
their preparation, label codes, roles, ranks, arm, student, seed, the number of lanes of a batch, the code that trains, and
the versions of the libraries. An outcome does not depend on the other lanes of its batch, so a kept one is the computed one,
bit for bit. Files are entries of the cache: written whole or not at all, checked when read, and made again if damaged.
"""

import functools
import hashlib
import os
import sys
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from sharedtrunk._support import randomness
from sharedtrunk._support.cache import entries
from sharedtrunk._support.cache.fingerprint import library_versions
from sharedtrunk._support.cache.folder import folder, remove_unused
from sharedtrunk._support.files import make_folder
from sharedtrunk.affinity import (
    _engine,
    _network,
    _numeric_targets,
    _precision,
    _preparation,
    _scaling,
    _split_inputs,
    _splits,
    _student,
    _training_weights,
    _ways,
)
from sharedtrunk.errors import invalid

if TYPE_CHECKING:
    from sharedtrunk.affinity._trials import Arm, Rows

SUFFIX = ".training"
"""Ending of the files."""

MOST_BYTES = 2**29
"""Size of all trainings in the user's cache, 512 MiB: those of some dozens of large tables. The oldest are removed. A folder
that the user has named is not limited, since the user empties it."""

LIBRARIES = ("equinox", "jax", "jaxlib", "numpy", "optax", "scikit-learn", "scipy")
"""Libraries that decide numbers."""

MODULES = (
    randomness,
    _engine,
    _network,
    _numeric_targets,
    _precision,
    _preparation,
    _scaling,
    _split_inputs,
    _splits,
    _student,
    _training_weights,
    _ways,
)
"""Modules that decide an outcome, besides `_trials`."""

Lane = dict[str, np.ndarray]
"""An outcome on one split: arrays by the name of the field of `Outcome`, whose first axis are the tasks that are judged."""


class Kept:
    """The folder of kept trainings, and how many were found in it; without a folder nothing is kept.

    Parameters
    ----------
    where
        The folder; None: one in the user's own cache, unless the cache is switched off.

    Raises
    ------
    InputError
        If the folder cannot be made or written.
    """

    def __init__(self, where: str | os.PathLike[str] | None = None) -> None:
        self.folder = _usual() if where is None else _given(where)
        self.found = 0
        self._lock = threading.Lock()

    @classmethod
    def nowhere(cls) -> "Kept":
        """Nothing is kept."""
        made = cls.__new__(cls)
        made.folder, made.found, made._lock = None, 0, threading.Lock()
        return made

    def key(
        self,
        rows: "Rows",
        ranks: np.ndarray,
        student: _student.Student | _student.LinearStudent,
        seed: int,
        lanes: int,
        groups: np.ndarray | None = None,
    ) -> bytes | None:
        """The part of a name that all arms and splits of a call have in common; None where nothing can be kept."""
        inputs = None if self.folder is None else rows.inputs.digest()
        if inputs is None:
            return None
        digest = hashlib.sha256(inputs + training_code())
        settings = (rows.tasks, rows.classes, rows.judged, student, seed, lanes, jax.default_backend())
        digest.update(repr((settings, sorted(library_versions(LIBRARIES).items()))).encode())
        digest.update(repr(None if rows.weights is None else rows.weights.classes).encode())
        weights = None if rows.weights is None else rows.weights.rows
        targets = None if rows.targets is None else rows.targets.values
        more = [part for part in (targets, weights, groups) if part is not None]
        for array in (rows.codes, ranks, *more):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.digest()

    def read(self, key: bytes | None, arm: "Arm", split: int, roles: np.ndarray) -> Lane | None:
        """The outcome of an arm on a split; None where it is not kept or damaged."""
        path = self._path(key, arm, split, roles)
        stored = None if path is None else entries.read(path)
        if path is None or stored is None:
            return None
        header, pieces = stored
        try:
            lane = {
                name: np.frombuffer(zlib.decompress(piece), np.dtype(kind)).reshape(shape)
                for (name, kind, shape), piece in zip(header["arrays"], pieces, strict=True)
            }
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            entries.count_damaged(path, str(error))
            return None
        with self._lock:
            self.found += 1
        return lane

    def write(self, key: bytes | None, arm: "Arm", split: int, roles: np.ndarray, lane: Lane) -> None:
        """Keep the outcome of an arm on a split; a full disk is no error, the training is then made again."""
        path = self._path(key, arm, split, roles)
        if path is not None:
            arrays = [[name, array.dtype.str, list(array.shape)] for name, array in lane.items()]
            # Rows that the split does not test are NaN, which takes hardly any room once compressed.
            entries.write(path, {"arrays": arrays}, [zlib.compress(array.tobytes(), 1) for array in lane.values()])

    def _path(self, key: bytes | None, arm: "Arm", split: int, roles: np.ndarray) -> Path | None:
        if key is None or self.folder is None:
            return None
        digest = hashlib.sha256(key + np.ascontiguousarray(roles).tobytes() + repr((tuple(arm), split)).encode())
        return self.folder / f"{digest.hexdigest()}{SUFFIX}"


@functools.cache
def training_code() -> bytes:
    """The sources that decide the outcome of a training."""
    from sharedtrunk.affinity import _linear_student, _linear_trials, _trials  # two of them import this module
    from sharedtrunk.students import minimize

    modules = (*MODULES, _linear_student, _linear_trials, _trials, sys.modules[minimize.__module__])
    files = [Path(str(module.__file__)) for module in modules]
    return b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)


def _usual() -> Path | None:
    """The folder of trainings in the user's cache, without the oldest beyond its limit."""
    cache = folder()
    if cache is None:
        return None
    where = cache / "trainings"
    try:
        where.mkdir(mode=0o700, exist_ok=True)
    except OSError:  # a cache only saves time
        return None
    remove_unused(where, (SUFFIX,), MOST_BYTES)
    return where


def _given(where: str | os.PathLike[str]) -> Path:
    rule, folder = "a folder for trainings can be written", Path(where)
    if not os.fspath(where):
        raise invalid(rule, received="an empty name", hint="Name one, or leave it out for one in the user's cache.")
    make_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise invalid(rule, received=str(where), hint="Name another folder.")
    return folder


def part(values: dict[str, Any], lane: int, judged: tuple[int, ...]) -> Lane:
    """The outcome of one lane in the tasks that its arm judges."""
    return {name: np.ascontiguousarray(array[lane][list(judged)]) for name, array in values.items()}
