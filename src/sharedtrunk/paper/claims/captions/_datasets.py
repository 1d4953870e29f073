"""The stored datasets of a folder, from which the claims of captions are judged.

Nothing is trained here: if a dataset is missing or lacks a value, the row of the ledger says so and how to make it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sharedtrunk import sweeps
from sharedtrunk._support.files import kind_of
from sharedtrunk.errors import invalid
from sharedtrunk.paper.commands import figure_command
from sharedtrunk.paper.contrasts import NotMeasured

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]
"""The benefits of figures by name, such as `Datasets`; claims about captions are measured from them."""

VALUE = "benefit"
"""The variable that is judged: the multitask benefit with oracle stopping, as in the paper."""

_ORIGIN = ("command", "created", "commit", "size", "seeds")
"""The attributes that say where a dataset comes from."""


class Datasets:
    """The benefits of the datasets stored in a folder, by figure; each dataset is read when it is first needed.

    Parameters
    ----------
    folder
        The folder of `sharedtrunk reproduce --out`.
    quick
        Whether to take the datasets on the coarse grids.

    Raises
    ------
    InputError
        Where `folder` is not a folder.
    """

    def __init__(self, folder: str | os.PathLike[str], *, quick: bool = False):
        self.folder = Path(folder)
        self.quick = quick
        self._read: dict[str, xarray.Dataset] = {}
        if kind_of(self.folder) != "folder":
            raise invalid(
                "stored datasets are in a folder",
                received=f"no folder {self.folder}",
                hint="Make them first: sharedtrunk reproduce all --out DIR.",
            )

    def __getitem__(self, figure: str) -> "xarray.DataArray":
        """The benefit of that figure, with its `seed` axis.

        Raises `NotMeasured` where the dataset is missing or has no such benefit, and `InputError` where it is damaged.
        """
        dataset = self._dataset(figure)
        if VALUE not in dataset or "seed" not in dataset[VALUE].dims:
            raise NotMeasured(f"the dataset of {figure} has no {VALUE} over seeds")
        return dataset[VALUE]

    def _dataset(self, figure: str) -> "xarray.Dataset":
        if figure not in self._read:
            path = self.folder / f"{figure}{'-quick' * self.quick}.nc"
            if kind_of(path) != "file":
                raise NotMeasured(f"make it with `{self._command(figure)}`")
            dataset = sweeps.read_dataset(path)
            owner = dataset.attrs.get("figure", "no figure")
            if owner != figure:
                raise invalid(
                    f"{path.name} must hold the dataset of {figure}",
                    received=f"the dataset of {owner} in {path}",
                    hint=f"Make it again: {self._command(figure)}.",
                )
            self._read[figure] = dataset
        return self._read[figure]

    @property
    def origins(self) -> dict[str, dict[str, Any]]:
        """The origin of each dataset that was read, by figure: the command, the time, the commit, the size, the seeds."""
        return {
            figure: {name: str(dataset.attrs[name]) for name in _ORIGIN if name in dataset.attrs}
            for figure, dataset in self._read.items()
        }

    def _command(self, figure: str) -> str:
        return figure_command("reproduce", [figure], self.folder, "quick" if self.quick else "standard")
