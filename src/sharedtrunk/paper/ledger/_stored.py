"""Claims that stored datasets decide, and the rows that come of them.

A *stored claim* names the figures whose datasets it needs and has a function from these to evidence. Where a dataset is
missing, or lacks a value that the claim names, the row says so and how to get it: nothing is trained here.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sharedtrunk import sweeps
from sharedtrunk._support.files import kind_of
from sharedtrunk.errors import invalid
from sharedtrunk.paper.commands import figure_command
from sharedtrunk.paper.contrasts import NotMeasured
from sharedtrunk.paper.ledger._claim import Claim, Evidence
from sharedtrunk.paper.ledger._row import Row

if TYPE_CHECKING:
    import xarray

VALUE = "benefit"
"""What is judged: the multitask benefit with oracle stopping, as the paper."""

_ORIGIN = ("command", "created", "commit", "size", "seeds")


@dataclass(frozen=True)
class StoredClaim(Claim):
    """A claim of the ledger and the function benefits (by figure) → evidence that judges it.

    The function raises `NotMeasured` where a benefit lacks a value that it needs.
    """

    judge: "Callable[[Mapping[str, xarray.DataArray]], Evidence]" = field(repr=False, compare=False)

    def __post_init__(self):
        if not self.figures:
            raise invalid(
                "A stored claim needs a figure's dataset", received=self.key, hint="Give StoredClaim(figures=…)"
            )


class Datasets:
    """The stored datasets of a folder by figure, each read when it is first asked for; `quick`: those of coarse grids.

    Raises `InputError` where `folder` is not a folder.
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

    def __getitem__(self, figure: str) -> "xarray.Dataset":
        """The dataset of that figure. Raises `NotMeasured` where it is missing, `InputError` where it is damaged."""
        if figure not in self._read:
            path = self.folder / f"{figure}{'-quick' * self.quick}.nc"
            if kind_of(path) != "file":
                raise NotMeasured(f"make it with `{self._command(figure)}`")
            dataset = sweeps.read_dataset(path)
            owner = dataset.attrs.get("figure", "no figure")
            if owner != figure:
                raise invalid(
                    f"{path.name} must hold the dataset of {figure}",
                    received=f"that of {owner} in {path}",
                    hint=f"Make it again: {self._command(figure)}.",
                )
            self._read[figure] = dataset
        return self._read[figure]

    @property
    def origins(self) -> dict[str, dict[str, Any]]:
        """Where the datasets come from that were read, by figure: the command, the time, the commit, the seeds."""
        return {
            figure: {name: str(dataset.attrs[name]) for name in _ORIGIN if name in dataset.attrs}
            for figure, dataset in self._read.items()
        }

    def _command(self, figure: str) -> str:
        return figure_command("reproduce", [figure], self.folder, "quick" if self.quick else "standard")


def judge_all(claims: Sequence[StoredClaim], datasets: Datasets) -> list[Row]:
    """A row for each claim, in their order."""
    return [_judged(claim, datasets) for claim in claims]


def _judged(claim: StoredClaim, datasets: Datasets) -> Row:
    begin = time.perf_counter()
    try:
        evidence = claim.judge({figure: _benefit(datasets[figure], figure) for figure in claim.figures})
    except NotMeasured as reason:
        return Row(claim, None, reason=str(reason))
    return Row(claim, evidence, time.perf_counter() - begin)


def _benefit(dataset: "xarray.Dataset", figure: str) -> "xarray.DataArray":
    if VALUE not in dataset or "seed" not in dataset[VALUE].dims:
        raise NotMeasured(f"the dataset of {figure} has no {VALUE} over seeds")
    return dataset[VALUE]
