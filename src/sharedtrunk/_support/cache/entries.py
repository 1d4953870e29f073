"""Entries of the cache: files that are used only if they are whole and this user's own.

An entry is a line with the format's name, the sha256 of all that follows, a header in JSON, and pieces of bytes. The checksum
is verified before anything else is read, so a changed bit anywhere makes the entry *damaged*. The checksum does not prove who
wrote the file; the check of owner and permissions does that. An entry that is refused or damaged is made again.
"""

import contextlib
import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sharedtrunk._support.cache.folder import warn_once, why_others_can_write
from sharedtrunk._support.files import NotRegularError, locked, opened_regular, read_opened, write_atomically
from sharedtrunk.errors import InputError

LOCK_SECONDS = 10.0
"""Longest wait for another process that makes the same entry. Most need less, and a stopped process never finishes."""

_MAGIC = b"sharedtrunk-cache 1\n"
_DIGITS = 64  # of a sha256 in hexadecimal

_log = logging.getLogger("sharedtrunk.cache")
_damaged: list[Path] = []


class DamagedEntryError(Exception):
    """The bytes are not the expected entry; the text says what is wrong with them."""


def encode(name: str, header: Mapping[str, Any], pieces: Sequence[bytes]) -> bytes:
    """The bytes of the entry `name`. Raises `ValueError` or `TypeError` for a header that JSON cannot hold."""
    line = json.dumps([name, header, [len(piece) for piece in pieces]], allow_nan=False).encode()
    rest = b"".join([line, b"\n", *pieces])
    return b"".join([_MAGIC, hashlib.sha256(rest).hexdigest().encode(), b"\n", rest])


def decode(name: str, content: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """Header and pieces of the entry `name`. Raises `DamagedEntryError`."""
    start = len(_MAGIC) + _DIGITS + 1
    digest, rest = content[len(_MAGIC) : start], memoryview(content)[start:]
    if content[: len(_MAGIC)] != _MAGIC or digest != hashlib.sha256(rest).hexdigest().encode() + b"\n":
        raise DamagedEntryError("its checksum does not match")
    # The checksum holds, so `encode` wrote these bytes and they need no further checks.
    end = content.index(b"\n", start)
    found, header, sizes = json.loads(content[start:end])
    if found != name:
        raise DamagedEntryError("it holds an entry of another name")
    pieces, begin = [], end + 1 - start
    for size in sizes:
        pieces.append(rest[begin : begin + size])
        begin += size
    return header, pieces


def read(path: Path) -> tuple[dict[str, Any], list[memoryview]] | None:
    """Header and pieces of the entry at `path`; None where there is none that may be used."""
    try:
        with opened_regular(path) as descriptor:
            reason = why_others_can_write(os.fstat(descriptor))
            if reason is not None:
                rule = "cached files must be yours alone; got %s, %s. Remove it; going on without it"
                warn_once("file", rule, path, reason)
                return None
            found = decode(path.name, read_opened(descriptor))
            os.utime(descriptor)  # entries that nobody reads for a month are removed
    except (DamagedEntryError, NotRegularError) as error:
        count_damaged(path, str(error))
        return None
    except OSError:
        return None
    return found


def write(path: Path, header: Mapping[str, Any], pieces: Sequence[bytes]) -> None:
    """Store an entry that only this user can read; a folder that cannot be written is no error."""
    with contextlib.suppress(OSError, InputError):
        write_atomically(path, encode(path.name, header, pieces), mode=0o600, replace=True)


def count_damaged(path: Path, complaint: str) -> None:
    """Count an entry that has to be made again, and log it at a level that is not shown by default."""
    _damaged.append(path)
    _log.info("%s: %s; made again (%d damaged so far in this process)", path, complaint, len(_damaged))


def damaged() -> int:
    """How many damaged entries this process has met."""
    return len(_damaged)


_THREADS: dict[Path, threading.Lock] = {}
"""Locks between the threads of this process, by entry."""


@contextlib.contextmanager
def entry_lock(path: Path) -> Iterator[None]:
    """Hold the lock of the entry at `path`, so that processes which start together make it once.

    Threads of this process wait for each other for as long as it takes, and only then for other processes.
    """
    lock = path.with_suffix(".lock")
    with _THREADS.setdefault(path, threading.Lock()), locked(lock, LOCK_SECONDS) as held:
        if held is False:
            message = "waited %g s for %s, which another process holds; going on without it"
            warn_once("lock", message, LOCK_SECONDS, lock)
        yield
    if held:
        with contextlib.suppress(OSError):
            lock.unlink()
