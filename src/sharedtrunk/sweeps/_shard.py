"""A shard: the bytes of one stored chunk.

One line of canonical JSON (magic word, content key, the chunk's specification, a table of the arrays, checksum), a
line feed, then the arrays' bytes one after the other, little-endian and in C order. The checksum covers all of it. A
shard is *damaged* when any byte differs from the one written, and *foreign* when it belongs to another chunk. Reading
never unpickles.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sharedtrunk.sweeps._canonical import canonical
from sharedtrunk.sweeps._plan import Chunk

MAGIC = "sharedtrunk-shard"
KINDS = "biufc"
"""NumPy kinds that can be stored: booleans and numbers."""

Arrays = dict[str, np.ndarray]


class DamagedShardError(Exception):
    """The bytes are not the shard of the chunk that was asked for; the text says what is wrong with them."""


def encode(chunk: Chunk, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The shard of `chunk` with these arrays, names in sorted order."""
    ordered = {name: _little_endian(arrays[name]) for name in sorted(arrays)}
    header = {
        "magic": MAGIC,
        "key": chunk.key,
        "chunk": chunk.specification,
        "arrays": [[name, array.dtype.str, list(array.shape)] for name, array in ordered.items()],
    }
    payload = b"".join(array.tobytes() for array in ordered.values())
    header["checksum"] = _checksum(header, payload)
    return canonical(header) + b"\n" + payload


def decode(chunk: Chunk, content: bytes) -> Arrays:
    """The arrays of `chunk`'s shard. Raises `DamagedShardError`."""
    line, _, payload = content.partition(b"\n")
    header = _header(line)
    if header.get("key") != chunk.key:
        raise DamagedShardError("it holds another chunk")
    checksum = header.pop("checksum", None)
    if checksum != _checksum(header, payload):
        raise DamagedShardError("its checksum does not match: damaged or cut short")
    # From here on the header is what `encode` wrote.
    arrays: Arrays = {}
    offset = 0
    for name, kind, shape in header["arrays"]:
        array = np.frombuffer(payload, np.dtype(kind), math.prod(shape), offset).reshape(shape)
        arrays[name] = array.astype(array.dtype.newbyteorder("="))  # a copy that can be written to
        offset += array.nbytes
    return arrays


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
        # A header must be spelled canonically, so that no changed byte can hide in another spelling of the same value.
        if not isinstance(header, dict) or header.get("magic") != MAGIC or canonical(header) != line:
            raise ValueError
    except (ValueError, RecursionError):
        raise DamagedShardError("it does not begin like a shard") from None
    return header


def _checksum(header: Mapping[str, Any], payload: bytes) -> str:
    digest = hashlib.sha256(canonical(header))
    digest.update(b"\n")
    digest.update(payload)
    return digest.hexdigest()


def _little_endian(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, array.dtype.newbyteorder("<"))
