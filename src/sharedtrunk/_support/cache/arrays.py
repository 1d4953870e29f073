"""Arrays that take a second to make and are the same in every process: cached between runs.

Entries of the cache (`_cache`) are named by what determines the arrays: the caller's words and the fingerprint of the
numerical code. A process without a cache folder makes its arrays itself and writes nothing.
"""

import functools
import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from sharedtrunk._support.cache import entries as _cache
from sharedtrunk._support.cache.fingerprint import fingerprint


def kept(words: object, make: Callable[[], Sequence[np.ndarray]]) -> list[np.ndarray]:
    """What `make` makes, or the same arrays from an earlier run; `repr(words)` tells one call from another."""
    folder = _cache.folder()
    if folder is None:
        return list(make())
    path = folder / f"{_key(repr(words))}.arrays"
    stored = _cache.read(path)
    if stored is not None:
        header, pieces = stored
        try:
            return [_array(kind, shape, x) for (kind, shape), x in zip(header["arrays"], pieces, strict=True)]
        except (ValueError, TypeError, KeyError) as error:
            _cache.note_damage(path, str(error))
    arrays = list(make())
    header = {"arrays": [[array.dtype.str, list(array.shape)] for array in arrays]}
    _cache.write(path, header, [array.tobytes() for array in arrays])
    return arrays


def _array(kind: str, shape: list[int], content: memoryview) -> np.ndarray:
    return np.frombuffer(content, np.dtype(kind)).reshape(shape).copy()


def _key(words: str) -> str:
    return hashlib.sha256(f"{code()} {words}".encode()).hexdigest()


@functools.cache
def code() -> str:
    """The fingerprint of the numerical code, taken once a process."""
    return fingerprint()
