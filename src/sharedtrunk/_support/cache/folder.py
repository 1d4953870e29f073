"""The folder of the cache: which one it is, and whether it may be used."""

import contextlib
import functools
import logging
import os
import stat
import time
from collections.abc import Collection
from pathlib import Path

VARIABLE = "SHAREDTRUNK_CACHE_DIR"
"""Environment variable that names the folder; an empty value switches the cache off."""

SUFFIXES = (".program", ".arrays", ".npz")
"""Endings of entries; earlier versions wrote `.npz`."""

_UNUSED_DAYS = 30
"""Days after which an entry that no process has read is removed; every version of the code leaves its own entries."""

_log = logging.getLogger("sharedtrunk.cache")
_warned: set[str] = set()


def folder() -> Path | None:
    """The cache's folder, made for this user alone where it is missing; None where the cache is off or cannot be used.

    A cache only saves time, so an account without a home, a read-only home or a folder that others can write is no error.
    The folder that the user has given to JAX itself is never used, because people share such folders.
    """
    given = os.environ.get(VARIABLE)
    if given is None:
        return _usual(os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("HOME"))
    return _prepared(given) if given else None


@functools.cache
def _usual(base: str, home: str | None) -> Path | None:
    """The folder in the user's own cache; `home` is an argument so that another HOME is looked up anew."""
    try:
        # The XDG specification: a relative path is ignored.
        caches = Path(base) if os.path.isabs(base) else Path("~/.cache").expanduser()
    except RuntimeError:  # no HOME, and the system does not know the user
        return None
    return _prepared(str(caches / "sharedtrunk" / "xla"))


@functools.cache
def _prepared(given: str) -> Path | None:
    """The folder `given`, made where it is missing and checked once in a process; None where it cannot be made or used."""
    path = Path(given).absolute()
    with contextlib.suppress(OSError):
        for part in (*reversed(path.parents), path):
            # One by one: `parents=True` would make the parents with the umask's mode.
            if not part.exists():
                part.mkdir(mode=0o700, exist_ok=True)
    if not _usable(path):
        return None
    remove_unused(path, SUFFIXES)
    return path


def _usable(path: Path) -> bool:
    """Whether `path` is a folder of this user that nobody else can write; if others can, a warning says why."""
    try:
        status = path.stat()
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode) or not os.access(path, os.W_OK | os.X_OK):
        return False
    reason = why_others_can_write(status)
    if reason is None:
        return True
    hint = "Remove it, chmod 700 it" if status.st_uid == os.geteuid() else "Remove it"
    warn_once(
        "folder",
        "the cache's folder must be yours alone; got %s, %s. %s or set %s to another; going on without a cache",
        *(path, reason, hint, VARIABLE),
    )
    return False


def why_others_can_write(status: os.stat_result) -> str | None:
    """Why somebody else can change the file or folder, in a few words; None where nobody can."""
    if status.st_uid != os.geteuid():
        return f"which belongs to user {status.st_uid}, not to {os.geteuid()}"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"which others can write (mode {stat.S_IMODE(status.st_mode):04o})"
    return None


def warn_once(kind: str, *message: object) -> None:
    """Log one warning of each kind in a process: a folder may hold hundreds of files with the same fault."""
    if kind not in _warned:
        _warned.add(kind)
        _log.warning(*message)  # type: ignore[arg-type]


def remove_unused(path: Path, suffixes: Collection[str], most_bytes: int | None = None) -> None:
    """Remove the entries that no process has read for `_UNUSED_DAYS`, and the oldest beyond `most_bytes` in all."""
    long_ago = time.time() - _UNUSED_DAYS * 24 * 3600
    found = []
    with contextlib.suppress(OSError):
        for entry in path.iterdir():
            with contextlib.suppress(OSError):
                if entry.suffix in suffixes:
                    status = entry.stat()
                    found.append((status.st_mtime, status.st_size, entry))
    kept = 0
    for changed, size, entry in sorted(found, reverse=True):
        kept += size
        if changed < long_ago or (most_bytes is not None and kept > most_bytes):
            with contextlib.suppress(OSError):
                entry.unlink()
