"""Arrays that take a second to make and are the same in every process."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from sharedtrunk._support.cache import entries
from sharedtrunk._support.cache.fingerprint import process_fingerprint
from sharedtrunk._support.cache.folder import folder


def stored_arrays(description: object, make: Callable[[], Sequence[np.ndarray]]) -> list[np.ndarray]:
    """The arrays that `make` returns, read from the cache where an earlier call stored them.

    `repr(description)` and the fingerprint of the numerical code name the entry, so the two must determine the arrays.
    """
    where = folder()
    if where is None:
        return list(make())
    path = where / f"{hashlib.sha256(f'{process_fingerprint()} {description!r}'.encode()).hexdigest()}.arrays"
    stored = entries.read(path)
    if stored is not None:
        header, pieces = stored
        try:
            return [_array(kind, shape, x) for (kind, shape), x in zip(header["arrays"], pieces, strict=True)]
        except (ValueError, TypeError, KeyError) as error:
            entries.count_damaged(path, str(error))
    arrays = list(make())
    header = {"arrays": [[array.dtype.str, list(array.shape)] for array in arrays]}
    entries.write(path, header, [array.tobytes() for array in arrays])
    return arrays


def _array(kind: str, shape: list[int], content: memoryview) -> np.ndarray:
    return np.frombuffer(content, np.dtype(kind)).reshape(shape).copy()
