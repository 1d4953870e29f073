"""Arrays that take a second to make and are the same in every process: kept in a folder between runs.

Our workers are told the folder in the environment (`FOLDER`); a process that is told none makes its arrays itself and
writes nothing. Files are named by what determines the arrays: the caller's words and the fingerprint of the numerical code.
"""

import contextlib
import functools
import hashlib
import os
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from sharedtrunk._errors import InputError
from sharedtrunk._files import write_atomically
from sharedtrunk._fingerprint import fingerprint

FOLDER = "SHAREDTRUNK_TABLES"


def kept(words: object, make: Callable[[], Sequence[np.ndarray]]) -> list[np.ndarray]:
    """What `make` makes, or the same arrays from an earlier run; `repr(words)` tells one call from another."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return list(make())
    path = Path(folder) / f"{_key(repr(words))}.npz"
    # A cache only saves time: a file that is missing, damaged or cannot be written is no error.
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        stored = np.load(BytesIO(path.read_bytes()), allow_pickle=False)
        return [stored[f"arr_{place}"] for place in range(len(stored.files))]
    arrays = list(make())
    content = BytesIO()
    np.savez(content, *arrays)
    with contextlib.suppress(OSError, InputError):
        write_atomically(path, content.getvalue())
    return arrays


def _key(words: str) -> str:
    return hashlib.sha256(f"{code()} {words}".encode()).hexdigest()


@functools.cache
def code() -> str:
    """The fingerprint of the numerical code, taken once a process."""
    return fingerprint()
