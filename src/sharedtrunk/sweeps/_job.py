"""Computing one chunk inside a worker of any kind.

`run_chunk` is a plain function of picklable arguments, so any executor can call it, and the resulting bytes are the same. A
`Job` holds the input of `run_chunk`, and a `Finished` tells the caller what was stored. Where worker and store share no file
system, `compute_shard` returns the bytes and `receive` stores them.
"""

import copy
import importlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharedtrunk.errors import InputError, invalid
from sharedtrunk.sweeps._plan import Chunk, describe
from sharedtrunk.sweeps._shard import KINDS, Arrays, DamagedShardError, decode, encode
from sharedtrunk.sweeps._store import Store
from sharedtrunk.sweeps._sweep import RESULT


class SweepError(RuntimeError):
    """Raised where a sweep stops because its function failed or a worker was lost; finished chunks are stored."""


@dataclass(frozen=True)
class Job:
    """A chunk to compute, with the dims of each array (without the lane), and its relative run time."""

    chunk: Chunk
    variables: Mapping[str, tuple[str, ...]]
    work: float


@dataclass(frozen=True)
class Finished:
    """A stored chunk: its key, its number of lanes, and result code → number of lanes, without code 0."""

    key: str
    lanes: int
    failures: Mapping[int, int]


def run_chunk(job: Job, folder: str) -> Finished:
    """Compute a chunk, check the shapes of its arrays and store them.

    Parameters
    ----------
    job
        The chunk and the arrays to expect.
    folder
        The folder of the `Store`.

    Returns
    -------
    Finished
        The number of lanes and the codes of failed ones.

    Raises
    ------
    SweepError
        Where the function fails or returns other arrays; the message names the lanes.
    InputError
        Where the function raises one, or the folder cannot be written.
    """
    arrays = _compute(job)
    Store(folder).write(job.chunk, arrays)
    return finished(job.chunk, arrays)


def compute_shard(job: Job) -> bytes:
    """Compute a chunk, check the shapes of its arrays and return its shard. Raises the errors of `run_chunk`."""
    return encode(job.chunk, _compute(job))


def receive(job: Job, shard: bytes, store: Store) -> Finished:
    """Store a shard that was computed elsewhere. Raises `SweepError` where it belongs to another chunk or is damaged."""
    try:
        arrays = decode(job.chunk, shard)
    except DamagedShardError as error:
        raise SweepError(
            f"a chunk arrived damaged from its worker: {error} (lanes: {describe(job.chunk.lanes)}). Finished chunks are "
            "stored; the same command resumes"
        ) from error
    store.write(job.chunk, arrays)
    return finished(job.chunk, arrays)


def _compute(job: Job) -> Arrays:
    chunk = job.chunk
    function = _function(chunk.function)
    # The last lane is repeated as padding, so that all chunks of a group have one shape and are compiled once.
    lanes = [*chunk.lanes, *[chunk.lanes[-1]] * (chunk.size - len(chunk.lanes))]
    try:
        returned = function(copy.deepcopy(chunk.settings), [dict(lane) for lane in lanes])
    except InputError as error:
        raise InputError(f"{error} (lanes: {describe(chunk.lanes)})") from error
    except (Exception, SystemExit) as error:
        raise SweepError(
            f"{chunk.function} failed with {type(error).__name__}: {' '.join(str(error).split())} "
            f"(lanes: {describe(chunk.lanes)}). Finished chunks are stored; the same command resumes"
        ) from error
    arrays = {name: np.asarray(array) for name, array in returned.items()}
    complaint = mismatch(arrays, job.variables, chunk.size)
    if complaint is not None:
        raise SweepError(f"{chunk.function} returned {complaint} (lanes: {describe(chunk.lanes)})")
    return {name: array[: len(chunk.lanes)] for name, array in arrays.items()}


def finished(chunk: Chunk, arrays: Arrays) -> Finished:
    """Count the result codes of a chunk; a lane with several codes counts under its first that is not 0."""
    codes = arrays.get(RESULT, np.zeros(len(chunk.lanes), int)).reshape(len(chunk.lanes), -1)
    bad = codes[codes.any(axis=1)]
    first = np.take_along_axis(bad, (bad != 0).argmax(axis=1)[:, None], axis=1)
    return Finished(chunk.key, len(chunk.lanes), dict(Counter(int(code) for code in first[:, 0])))


def mismatch(arrays: Arrays, variables: Mapping[str, tuple[str, ...]], lanes: int) -> str | None:
    """How the arrays differ from the sweep's declaration, in words; None where they agree."""
    sizes: dict[str, int] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS:
            return f"{name!r} of type {array.dtype}; arrays are of numbers or booleans"
        if array.ndim == 0 or len(array) != lanes:
            return f"{name!r} of shape {array.shape}; the first axis is the lane, here {lanes}"
    for name, dims in variables.items():
        if name not in arrays:
            return f"no {name!r}, which the sweep declares; only {sorted(arrays)}"
        shape = dict(zip(dims, arrays[name].shape[1:], strict=False))
        if arrays[name].ndim != 1 + len(dims) or any(sizes.setdefault(dim, shape[dim]) != shape[dim] for dim in dims):
            return (
                f"{name!r} of shape {arrays[name].shape}; its axes are (lane, {', '.join(dims)}), alike in all arrays"
            )
    if RESULT in arrays and arrays[RESULT].dtype.kind not in "iu":
        return f"{RESULT!r} of type {arrays[RESULT].dtype}; result codes are whole numbers"
    return None


def _function(name: str) -> Callable[..., Mapping[str, Any]]:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise invalid(
            "a sweep's function must be importable as 'package.module:function'",
            received=f"{name!r} ({type(error).__name__}: {error})",
            hint="Check the name, and that the workers can import the module.",
        ) from error
