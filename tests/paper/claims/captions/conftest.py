"""Datasets on the grids of the figures, with a benefit that is known everywhere."""

import numpy as np
import pytest
import xarray as xr

from sharedtrunk import sweeps
from sharedtrunk.paper import figures


@pytest.fixture
def stored(tmp_path):
    """Write the datasets of some figures: `function(**columns)` is the benefit, `columns` the axes and the figure."""

    def write(function, names, *, quick=False, **axes):
        for figure in names:
            grid = figures.get(figure).axes("quick" if quick else "standard")
            grid = {name: axes.get(name, values) for name, values in grid.items()}
            columns = dict(zip(grid, np.meshgrid(*grid.values(), indexing="ij"), strict=True))
            shape = tuple(len(values) for values in grid.values())
            values = np.broadcast_to(np.asarray(function(figure=figure, **columns), float), shape).copy()
            coords = {name: list(found) for name, found in grid.items()}
            dataset = xr.Dataset({"benefit": (list(grid), values)}, coords=coords)
            dataset.attrs.update(figure=figure, command=f"sharedtrunk reproduce {figure}", created="today")
            sweeps.write_dataset(dataset, tmp_path / f"{figure}{'-quick' * quick}.nc")
        return tmp_path

    return write
