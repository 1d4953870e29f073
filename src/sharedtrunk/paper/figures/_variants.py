"""One grid under several choices of the problem, side by side along an axis of names.

The choices differ in settings (depth, nonlinearity, start, width, …) that cannot be an axis of lanes, so every choice has
sweeps of its own, and their datasets are joined along the axis.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset, with_axes
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._grid_axes import check_axes
from sharedtrunk.sweeps import Sweep

if TYPE_CHECKING:
    import xarray

Choices = Mapping[str, Mapping[str, Any]]
"""The settings in which each choice differs from the figure's problem, by the name of the choice."""

_SEPARATOR = " / "


def variant_sweeps(dim: str, choices: Choices, theories: tuple[str, ...] = ()) -> Callable[..., dict[str, Sweep]]:
    """A function that makes the sweeps of all choices on the axis `dim`, under keys such as "CHOICE / single"."""
    make = benefit_sweeps(theories)

    def sweeps_of_choices(
        name: str, axes: Mapping[str, tuple], settings: Mapping, functions: Mapping[str, str]
    ) -> dict[str, Sweep]:
        check_axes(axes)
        lanes = {axis: values for axis, values in axes.items() if axis != dim}
        return {
            f"{choice}{_SEPARATOR}{arm}": sweep
            for choice in axes[dim]
            for arm, sweep in make(f"{name}, {choice}", lanes, {**settings, **choices[choice]}, functions).items()
        }

    return sweeps_of_choices


def variant_dataset(dim: str) -> "Callable[[Mapping[str, xarray.Dataset]], xarray.Dataset]":
    """A function that joins the sweeps of all choices into one dataset, `dim` first. Numbers that a choice lacks are NaN."""

    def join(collected: "Mapping[str, xarray.Dataset]") -> "xarray.Dataset":
        import xarray

        arms: dict[str, dict[str, xarray.Dataset]] = {}
        for key, dataset in collected.items():
            choice, _, arm = key.rpartition(_SEPARATOR)
            arms.setdefault(choice, {})[arm] = dataset
        datasets = {choice: benefit_dataset(each) for choice, each in arms.items()}
        numbers = {
            name: values
            for each in datasets.values()
            for name, values in each.data_vars.items()
            # a result code has no NaN, so codes that some choice lacks are left out
            if values.dtype.kind == "f" or all(name in other for other in datasets.values())
        }
        parts = [_complete(each, numbers)[list(numbers)] for each in datasets.values()]
        joined = xarray.concat(parts, xarray.DataArray(list(datasets), dims=dim, name=dim), combine_attrs="override")
        return with_axes(joined)

    return join


def _complete(dataset: "xarray.Dataset", numbers: "Mapping[Any, xarray.DataArray]") -> "xarray.Dataset":
    """The dataset, with NaN for the numbers that only other choices have."""
    import numpy as np
    import xarray

    missing = [name for name in numbers if name not in dataset]
    return dataset.assign({name: xarray.full_like(numbers[name], np.nan) for name in missing})
