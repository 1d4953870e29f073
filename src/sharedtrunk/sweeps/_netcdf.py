"""Datasets on disk: NetCDF files (through h5netcdf) that exist whole or not at all.

Written twice, one dataset gives the same bytes: the format stores no times of writing here. The attribute `checksum`
of the file is the sha256 of all its bytes, its own digits counted as zeros; reading checks it before HDF5 sees the
file, since HDF5 itself would hand out a changed number in silence.
"""

import hashlib
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sharedtrunk._errors import InputError, invalid
from sharedtrunk._files import make_folder, read_regular, remove_leftovers, storage_errors, write_atomically

if TYPE_CHECKING:
    import xarray


_ATTRIBUTE = "checksum"
_MARK = b"sharedtrunk-sha256:"
_BLANK = b"0" * 64
_CHECKSUM = re.compile(_MARK + rb"([0-9a-f]{64})")


def write_dataset(dataset: "xarray.Dataset", path: str | os.PathLike[str]) -> None:
    """Write `dataset` to `path`, making the folder where it is missing. Raises `InputError`."""
    path = Path(path)
    try:
        # In memory first: HDF5 writes in many small steps, any of which may be the last.
        blank = dataset.assign_attrs({_ATTRIBUTE: (_MARK + _BLANK).decode()})
        content = bytes(blank.to_netcdf(engine="h5netcdf"))
    except (TypeError, ValueError) as error:
        raise invalid(
            "a dataset's variables and attributes must be numbers, strings or lists of these",
            received=" ".join(str(error).split()),
            way_out="Store other attributes as JSON text.",
        ) from error
    if len(_CHECKSUM.findall(content)) != 1:
        raise invalid(
            "the mark of the file's checksum must stand in it once",
            received=f"{_MARK.decode()!r} in the dataset's own text",
            way_out="Leave it out of the attributes.",
        )
    content = _CHECKSUM.sub(_MARK + _digest(content), content)
    make_folder(path.parent)
    remove_leftovers(path.parent, path.name)
    write_atomically(path, content)


def read_dataset(path: str | os.PathLike[str]) -> "xarray.Dataset":
    """The dataset stored at `path`, loaded into memory. Raises `InputError` where there is none or it is damaged."""
    import xarray  # here and not above: workers import this room, and never need it

    path = Path(path)
    with storage_errors(path):
        try:
            content = read_regular(path)
        except FileNotFoundError:
            raise invalid(
                "a stored dataset is needed",
                received=f"no file at {path}",
                way_out="Run the command that computes it first, or point to the folder that holds it.",
            ) from None
    found = _CHECKSUM.findall(content)
    if len(found) != 1 or found[0] != _digest(_CHECKSUM.sub(_MARK + _BLANK, content)):
        raise _damaged(path, "its checksum does not fit" if found else "it bears no checksum of sharedtrunk's")
    try:
        dataset = xarray.load_dataset(io.BytesIO(content), engine="h5netcdf")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _damaged(path, " ".join(str(error).split())) from error
    del dataset.attrs[_ATTRIBUTE]
    return dataset


def _digest(blank: bytes) -> bytes:
    return hashlib.sha256(blank).hexdigest().encode()


def _damaged(path: Path, complaint: str) -> InputError:
    return invalid(
        "a stored dataset must be a whole NetCDF file, unchanged since it was written",
        received=f"{path} ({complaint})",
        way_out="Give the command that computes it again: stored chunks are kept.",
    )
