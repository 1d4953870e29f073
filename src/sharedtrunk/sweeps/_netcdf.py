"""Datasets on disk: NetCDF files (through h5netcdf) that exist whole or not at all.

A dataset that is written twice gives the same bytes, because no time of writing is stored. The file's attribute `checksum`
(see `sharedtrunk._support.checksum`) is verified before HDF5 opens the file, because HDF5 does not notice changed numbers.
"""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sharedtrunk._support import checksum as _checksum
from sharedtrunk._support.files import make_folder, read_regular, remove_leftovers, storage_errors, write_atomically
from sharedtrunk.errors import InputError, invalid

if TYPE_CHECKING:
    import xarray


_ATTRIBUTE = "checksum"


def write_dataset(dataset: "xarray.Dataset", path: str | os.PathLike[str]) -> None:
    """Write a dataset as a NetCDF file with a checksum, whole or not at all.

    Parameters
    ----------
    dataset
        Variables and attributes of numbers, strings or lists of these.
    path
        The file; its folder is made where it is missing.

    Raises
    ------
    InputError
        Where the dataset holds other data, or the file cannot be written.
    """
    path = Path(path)
    try:
        # In memory first: HDF5 writes in many small steps, and the process may end between any two.
        blank = dataset.assign_attrs({_ATTRIBUTE: _checksum.BLANK})
        content = bytes(blank.to_netcdf(engine="h5netcdf"))
    except (TypeError, ValueError) as error:
        raise invalid(
            "a dataset's variables and attributes must be numbers, strings or lists of these",
            received=" ".join(str(error).split()),
            hint="Store other attributes as JSON text.",
        ) from error
    make_folder(path.parent)
    remove_leftovers(path.parent, path.name)
    write_atomically(path, _checksum.sealed(content))


def read_dataset(path: str | os.PathLike[str]) -> "xarray.Dataset":
    """Load into memory a dataset that `write_dataset` stored.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    xarray.Dataset
        The dataset, without the attribute `checksum`.

    Raises
    ------
    InputError
        Where there is no file, or any of its bytes was changed.
    """
    import xarray  # imported here: workers import this package but never need xarray

    path = Path(path)
    with storage_errors(path):
        try:
            content = read_regular(path)
        except FileNotFoundError:
            raise invalid(
                "a stored dataset is needed",
                received=f"no file at {path}",
                hint="Run the command that computes it first, or point to the folder that holds it.",
            ) from None
    complaint = _checksum.complaint(content)
    if complaint is not None:
        raise _damaged(path, complaint)
    try:
        dataset = xarray.load_dataset(io.BytesIO(content), engine="h5netcdf")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _damaged(path, " ".join(str(error).split())) from error
    del dataset.attrs[_ATTRIBUTE]
    return dataset


def _damaged(path: Path, complaint: str) -> InputError:
    return invalid(
        "a stored dataset must be a whole NetCDF file, unchanged since it was written",
        received=f"{path} ({complaint})",
        hint="Run the command that computes it again; stored chunks are kept.",
    )
