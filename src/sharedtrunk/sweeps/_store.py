"""The store: a folder with one file per finished chunk, named by the chunk's content key.

Files are written atomically and never changed, so any number of runs may share a folder: where two of them compute the
same chunk, the second replaces the file by an equal one.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sharedtrunk._support.files import (
    NotRegularError,
    make_folder,
    read_regular,
    remove_leftovers,
    storage_errors,
    write_atomically,
)
from sharedtrunk.sweeps._plan import Chunk
from sharedtrunk.sweeps._shard import Arrays, DamagedShardError, decode, encode


@dataclass(frozen=True)
class Store:
    """A folder of finished chunks; the first run makes it.

    Parameters
    ----------
    path
        The folder.

    Raises
    ------
    InputError
        From every method, where the system refuses to read or write.
    """

    path: str | os.PathLike[str]

    @property
    def folder(self) -> Path:
        """`path` as a `Path`."""
        return Path(self.path)

    def file(self, chunk: Chunk) -> Path:
        """The file of a chunk."""
        return self.folder / f"{chunk.key}.shard"

    def prepare(self) -> None:
        """Make the folder, and remove the temporary files of runs that were killed."""
        make_folder(self.folder)
        remove_leftovers(self.folder, "*.shard")

    def write(self, chunk: Chunk, arrays: Mapping[str, np.ndarray]) -> None:
        """Store the arrays of a chunk, whole or not at all."""
        write_atomically(self.file(chunk), encode(chunk, arrays), replace=True)

    def read(self, chunk: Chunk) -> Arrays | None:
        """The stored arrays of a chunk, or None. Raises `DamagedShardError`."""
        with storage_errors(self.file(chunk)):
            try:
                content = read_regular(self.file(chunk))
            except FileNotFoundError:
                return None
            except NotRegularError as error:
                raise DamagedShardError(error.strerror) from None
        return decode(chunk, content)

    def discard(self, chunks: Iterable[Chunk]) -> None:
        """Remove the files of these chunks."""
        for chunk in chunks:
            with storage_errors(self.file(chunk)):
                self.file(chunk).unlink(missing_ok=True)
