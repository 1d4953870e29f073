"""Files that are written whole or not at all, and checks of the paths that a user gives.

A writer puts the content into a *temporary file* in the same folder, waits until it is on the disk, renames it to its final
name in one step, and waits until the folder is on the disk too. Killed at any instant, it leaves the old file or the new one
and perhaps a temporary file, which a later run removes. A writer holds a lock on its temporary file as long as it lives, so
that other runs do not remove it. POSIX systems only.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from sharedtrunk.errors import invalid

_SUFFIX = ".tmp"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NOT_A_FOLDER = {errno.ENOTDIR, errno.EEXIST}
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}
_MISSING = {errno.ENOENT, errno.ENOTDIR}

_LONGEST_NAME = 255
"""Bytes that the name of a file may have on nearly every file system."""

_SHOWN = 400
"""Characters of a path in a message; of a longer path only the beginning and the end are shown."""

Kind = Literal["file", "folder", "device", "pipe or socket"]


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors about `path` inside the block into an `InputError` of one line that says what to do."""
    try:
        yield
    except OSError as error:
        received = f"'{error.strerror or error}' at {_shown(path)}"
        if error.errno in _FULL:
            hint = "Free some space and run the same command again; what is stored is kept."
            raise invalid("writing results needs space on the disk", received=received, hint=hint) from error
        if error.errno in _FORBIDDEN:
            hint = "Choose another folder or change its permissions."
            raise invalid("the output folder must be writable", received=received, hint=hint) from error
        if error.errno == errno.ENAMETOOLONG:
            hint = "Choose a shorter name."
            rule = f"the name of a file or folder has at most {_LONGEST_NAME} bytes, and a path 4095"
            raise invalid(rule, received=received, hint=hint) from error
        if error.errno in _NOT_A_FOLDER:
            hint = "Choose another folder: there is a file where a folder is needed."
            raise invalid("results go to a folder", received=received, hint=hint) from error
        hint = "Check the path and the disk, and run the same command again; what is stored is kept."
        raise invalid("files must be readable and writable", received=received, hint=hint) from error


def kind_of(path: Path) -> Kind | None:
    """Find out what is at `path`, following links; None where there is nothing.

    Every path that a user gives goes through this function, because `Path.is_file` and its like raise `OSError` for a name
    that is too long or a folder that may not be entered.

    Parameters
    ----------
    path
        Any path.

    Returns
    -------
    Kind or None
        What is there; "file" is a regular file.

    Raises
    ------
    InputError
        Where the system cannot tell, for instance because the name is too long or the links form a circle.
    """
    if "\0" in os.fspath(path):
        raise invalid("a path has no zero byte", received=repr(os.fspath(path)), hint="Leave it out.")
    with storage_errors(path):
        try:
            mode = path.stat().st_mode
        except OSError as error:
            if error.errno in _MISSING:
                return None
            raise
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "pipe or socket"


def make_folder(path: Path) -> None:
    """Make a folder and its parents where they are missing. Raises `InputError` where the system refuses."""
    kind_of(path)
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)


def write_atomically(path: Path, content: bytes, *, mode: int = 0o666, replace: bool = False) -> None:
    """Write a file, whole or not at all.

    Where `path` is a symbolic link, the file that it leads to is written and the link stays. A file that is replaced
    keeps its permissions and, where the system allows it, its owner.

    Parameters
    ----------
    path
        The file, in a folder that exists.
    content
        All of its bytes.
    mode
        Permissions of a new file, before the umask is applied.
    replace
        Whether to replace whatever is at `path`, even a link or a pipe: for files that only this program writes.

    Raises
    ------
    InputError
        Where the system refuses, and where something other than a regular file is at `path`.
    """
    target = path if replace else _target(path)
    with storage_errors(path):
        descriptor, temporary = _open_temporary(target, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                if not replace:
                    _take_over_permissions(target, file.fileno())
                os.fsync(file.fileno())
                # Renamed while the lock is held, so that no other run takes it for a leftover.
                os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)


def check_regular(path: Path) -> None:
    """Raise `InputError` where something other than a regular file is at `path`."""
    kind = kind_of(path)
    if kind not in (None, "file"):
        hint = "Name a file in it." if kind == "folder" else "Name another file."
        raise invalid("results are written to a file", received=f"a {kind}, {_shown(path)}", hint=hint)


def check_writable(path: Path) -> None:
    """Raise `InputError` where no file can be written at `path`, before minutes of work are lost; make its folder."""
    target = _target(path)
    make_folder(target.parent)
    with storage_errors(path):
        descriptor, temporary = _open_temporary(target, 0o666)
        try:
            os.write(descriptor, b"\n")
            os.fsync(descriptor)  # some file systems notice only here that they are full
        finally:
            temporary.unlink(missing_ok=True)
            os.close(descriptor)


def remove_leftovers(folder: Path, pattern: str = "*") -> int:
    """Remove temporary files of dead writers, for file names that match `pattern`; return their number."""
    removed = 0
    with storage_errors(folder):
        for path in sorted(folder.glob(f".{pattern}.*{_SUFFIX}")):
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    if _lock(descriptor):
                        path.unlink()
                        removed += 1
                finally:
                    os.close(descriptor)
    return removed


class NotRegularError(OSError):
    """There is a pipe, device or socket in place of a file; opening or reading it might never end."""


@contextlib.contextmanager
def opened_regular(path: Path) -> Iterator[int]:
    """Yield a descriptor for reading a regular file. Raises `NotRegularError` for a pipe or device, or `OSError`."""
    # Without O_NONBLOCK, opening a pipe waits for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise NotRegularError(errno.EINVAL, "it is not a regular file", str(path))
        yield descriptor
    finally:
        os.close(descriptor)


def read_opened(descriptor: int) -> bytes:
    """All bytes of an open file."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def read_regular(path: Path) -> bytes:
    """All bytes of the regular file `path`. Raises `NotRegularError` for a pipe or device, or `OSError`."""
    with opened_regular(path) as descriptor:
        return read_opened(descriptor)


@contextlib.contextmanager
def locked(path: Path, seconds: float) -> Iterator[bool | None]:
    """Hold the lock of the file `path`, which one process has at a time; the file is made if it is missing.

    Yields True with the lock, False where another process still held it after `seconds` (it may be stopped), and None where
    the file cannot be made or locked.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError:
        yield None
        return
    try:
        yield _lock_within(descriptor, seconds)
    finally:
        os.close(descriptor)


def _lock_within(descriptor: int, seconds: float) -> bool | None:
    end = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while not (held := _lock(descriptor)):
            if held is None or time.monotonic() > end:
                return held
            time.sleep(0.02)
        return True
    return None


def _shown(path: Path) -> str:
    text = str(path)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 2 :]}"


def _target(path: Path) -> Path:
    """The file to write: the one that a link leads to, else `path` itself. Raises `InputError`."""
    check_regular(path)
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _take_over_permissions(target: Path, descriptor: int) -> None:
    """Give the open file the permissions and the owner of the file that it will replace."""
    try:
        before = target.stat()
    except FileNotFoundError:
        return
    now = os.fstat(descriptor)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        with contextlib.suppress(OSError):  # only root may give a file away
            os.fchown(descriptor, before.st_uid, before.st_gid)
    with contextlib.suppress(OSError):  # some file systems have no permissions
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def _open_temporary(path: Path, mode: int) -> tuple[int, Path]:
    name = path.name
    if len(os.fsencode(name)) > _LONGEST_NAME - len(f"..{_SUFFIX}") - 16:
        name = name[:40]  # at most 160 bytes
    while True:
        temporary = path.with_name(f".{name}.{secrets.token_hex(8)}{_SUFFIX}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, mode)
        # Another run may have removed the file before it was locked; then try again.
        if _lock(descriptor) is not False and os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Whether this process got the lock; None where the file system has no locks (leftovers then stay)."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
