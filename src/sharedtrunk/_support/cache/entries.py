"""Cache entries: files that save time, and that are used only if they are whole and this user's own.

An entry is a line with the format's name, the sha256 of all that follows, a header in JSON, and pieces of bytes. The
checksum is verified before anything else is read, so a changed bit anywhere makes the entry *damaged*; nothing is ever
unpickled. The checksum does not prove who wrote the file, and a compiled program is machine code: so the folder and
every file must belong to this user and be writable by nobody else. What is refused or damaged is made again.

The folder is given in the environment (`FOLDER`); a process without it keeps nothing.
"""

import contextlib
import functools
import hashlib
import json
import logging
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sharedtrunk._support.files import NotRegularError, locked, opened_regular, read_opened, write_atomically
from sharedtrunk.errors import InputError

FOLDER = "SHAREDTRUNK_CACHE_DIR"
"""Environment variable of the cache's folder. A user may set it; our workers get it from `_environment`."""

LOCK_SECONDS = 10.0
"""Longest wait for another process that makes the same entry: most are made in less, and one that is stopped never ends."""

_MAGIC = b"sharedtrunk-cache 1\n"
_DIGITS = 64  # of a sha256 in hexadecimal
_UNUSED_DAYS = 30
_SUFFIXES = (".program", ".arrays", ".npz")
"""Kinds of entries; `.npz` is what earlier versions wrote."""

_log = logging.getLogger("sharedtrunk.cache")
_damaged: list[Path] = []


class DamagedEntryError(Exception):
    """The bytes are not the entry asked for; the text says in what they differ."""


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
        raise DamagedEntryError("its checksum does not fit")
    # From here on the bytes are what some call of `encode` wrote.
    end = content.index(b"\n", start)
    found, header, sizes = json.loads(content[start:end])
    if found != name:
        raise DamagedEntryError("it is another entry under this name")
    pieces, begin = [], end + 1 - start
    for size in sizes:
        pieces.append(rest[begin : begin + size])
        begin += size
    return header, pieces


def read(path: Path) -> tuple[dict[str, Any], list[memoryview]] | None:
    """Header and pieces of the entry at `path`; None where there is none that may be used."""
    try:
        with opened_regular(path) as descriptor:
            complaint = _complaint(os.fstat(descriptor))
            if complaint is not None:
                rule = "cached files must be yours alone; got %s, %s. Remove it; going on without it"
                _say_once("file", rule, path, complaint)
                return None
            found = decode(path.name, read_opened(descriptor))
            os.utime(descriptor)  # what is not used for long is forgotten
    except (DamagedEntryError, NotRegularError) as error:
        note_damage(path, str(error))
        return None
    except OSError:
        return None
    return found


def write(path: Path, header: Mapping[str, Any], pieces: Sequence[bytes]) -> None:
    """Store an entry that only this user can read; a folder that cannot be written is no error."""
    with contextlib.suppress(OSError, InputError):
        write_atomically(path, encode(path.name, header, pieces), mode=0o600, replace=True)


def note_damage(path: Path, complaint: str) -> None:
    """Count an entry that has to be made again; the log has it, at a level that is not shown by default."""
    _damaged.append(path)
    _log.info("%s: %s; made again (%d damaged so far in this process)", path, complaint, len(_damaged))


def damaged() -> int:
    """How many damaged entries this process has met."""
    return len(_damaged)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of the entry at `path`, so that processes which start together make it once."""
    lock = path.with_suffix(".lock")
    with locked(lock, LOCK_SECONDS) as held:
        if held is False:
            _say_once(
                "lock", "waited %g s for %s, which another process holds; going on without it", LOCK_SECONDS, lock
            )
        yield
    if held:
        with contextlib.suppress(OSError):
            lock.unlink()


def folder() -> Path | None:
    """The folder of `FOLDER`; None where there is none, or none that may be used."""
    given = os.environ.get(FOLDER)
    return usable(given) if given else None


@functools.cache
def usable(given: str) -> Path | None:
    """`given` as a path if it is a folder of this user that nobody else can write; looked at once in a process."""
    path = Path(given)
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode) or not os.access(path, os.W_OK | os.X_OK):
        return None
    complaint = _complaint(status)
    if complaint is None:
        return path
    hint = "Remove it, chmod 700 it" if status.st_uid == os.geteuid() else "Remove it"
    _say_once(
        "folder",
        "the cache's folder must be yours alone; got %s, %s. %s or set %s to another; going on without a cache",
        *(path, complaint, hint, FOLDER),
    )
    return None


def make(given: Path) -> Path | None:
    """`given`, made for this user alone where it is missing; None where it cannot be made or used."""
    with contextlib.suppress(OSError):
        for path in (*reversed(given.parents), given):
            # One by one: `parents=True` would make the parents with the umask's mode.
            if not path.exists():
                path.mkdir(mode=0o700, exist_ok=True)
    found = usable(str(given))
    if found is not None:
        _forget_unused(found)
    return found


def _complaint(status: os.stat_result) -> str | None:
    """What lets somebody else change the file or folder; None if nothing does."""
    if status.st_uid != os.geteuid():
        return f"which belongs to user {status.st_uid}, not to {os.geteuid()}"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"which others can write (mode {stat.S_IMODE(status.st_mode):04o})"
    return None


_said: set[str] = set()


def _say_once(kind: str, *message: object) -> None:
    """One line of each kind in a process: a folder may hold hundreds of such files."""
    if kind not in _said:
        _said.add(kind)
        _log.warning(*message)  # type: ignore[arg-type]


def _forget_unused(folder: Path) -> None:
    """Entries that no process has read for a month: each version of the code leaves its own."""
    long_ago = time.time() - _UNUSED_DAYS * 24 * 3600
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.suffix in _SUFFIXES and path.stat().st_mtime < long_ago:
                path.unlink()
