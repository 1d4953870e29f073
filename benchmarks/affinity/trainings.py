"""Stored trainings: the advisor trains once for the same rows, and a changed interval rule needs no new training.

`kept_trainings(folder)` lets `advise` read its trainings from the folder and write new ones there. The advice itself is
computed anew each time. The library keeps trainings too (`sharedtrunk.affinity._kept`), but not how long they took, which the
benchmark adds to the time of an answer.
"""

import contextlib
import hashlib
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sharedtrunk._support.files import make_folder, write_atomically
from sharedtrunk.affinity import _study
from sharedtrunk.affinity._kept import training_code
from sharedtrunk.affinity._trials import Arm, Outcome, run_trials

_KEPT = tuple(name for name in Outcome._fields if name != "probabilities")
"""What is kept of an outcome: benchmarks are in nats, which need no probabilities."""


@dataclass
class Spent:
    """Wall and core seconds that the trainings read from the folder took when they were made."""

    wall: float = 0.0
    core: float = 0.0


@dataclass
class _Store:
    folder: Path
    spent: Spent = field(default_factory=Spent)

    def run(
        self, rows, arms, roles, ranks, student, *, seed, splits=None, progress=None, probabilities=False, **_
    ) -> dict[tuple[Arm, int], Outcome]:
        # The library's own store would answer without the time that the trainings took, and no training is stopped.
        assert not probabilities, "the benchmark's metrics need none"
        if not arms:
            return {}
        path = self.folder / f"{_key(rows, arms, roles, ranks, student, seed, splits)}.npz"
        if path.exists():
            return self._read(path, arms)
        begun = time.perf_counter(), time.process_time()
        found = run_trials(rows, arms, roles, ranks, student, seed=seed, splits=splits, progress=progress)
        _write(path, arms, found, (time.perf_counter() - begun[0], time.process_time() - begun[1]))
        return found

    def _read(self, path: Path, arms) -> dict[tuple[Arm, int], Outcome]:
        with np.load(path, allow_pickle=False) as stored:
            self.spent.wall += float(stored["seconds"][0])
            self.spent.core += float(stored["seconds"][1])
            return {
                (arm, task): Outcome(*(_wide(stored[f"{place}.{task}.{name}"]) for name in _KEPT))
                for place, arm in enumerate(arms)
                for task in arm.judged
            }


@contextlib.contextmanager
def kept_trainings(folder: Path) -> Iterator[Spent]:
    """Within this context `advise` keeps its trainings in `folder`."""
    make_folder(folder)
    store = _Store(folder)
    _study.run_trials = store.run
    try:
        yield store.spent
    finally:
        _study.run_trials = run_trials


def _write(path: Path, arms, found: dict[tuple[Arm, int], Outcome], seconds: tuple[float, float]) -> None:
    # Trainings are in single precision, so more digits mean nothing. Most entries per row are NaN, which compresses well.
    arrays = {
        f"{place}.{task}.{name}": _narrow(getattr(found[arm, task], name))
        for place, arm in enumerate(arms)
        for task in arm.judged
        for name in _KEPT
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, seconds=np.array(seconds), **arrays)
    write_atomically(path, buffer.getvalue())


def _narrow(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == bool else values.astype(np.float32)


def _wide(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == bool else values.astype(np.float64)


def _key(rows, arms, roles, ranks, student, seed, splits) -> str:
    digest = hashlib.sha256(training_code() + rows.inputs.digest())
    for array in (rows.codes, roles, ranks):
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    digest.update(repr((rows.tasks, rows.classes, rows.judged, list(arms), student, seed, splits)).encode())
    return digest.hexdigest()[:32]
