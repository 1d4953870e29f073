"""What the tests of this room share: toys in place of the point function, and datasets of the real shape."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sharedtrunk.paper import figures
from sharedtrunk.paper.figures import _reproduce

# Workers inherit sys.path, so the toys are importable there whatever pytest's import mode is.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def toy_registry(monkeypatch):
    """Put a toy in place of the point function of every figure."""
    import figures_toy

    def put(function="toy_lanes"):
        for name, figure in figures_toy.toy_figures(function).items():
            monkeypatch.setitem(figures.FIGURES, name, figure)

    # The sources may be edited while the tests run; the fingerprint has tests of its own.
    monkeypatch.setattr(_reproduce, "fingerprint", lambda: "toy")
    put()
    return put


@pytest.fixture
def blank_pictures(monkeypatch):
    """Leave the pictures blank, which are a second each, where a test is about other things."""
    from sharedtrunk import plots

    monkeypatch.setattr(plots, "render", lambda figure, kind: b"blank")


@pytest.fixture
def benefits():
    """A dataset of the real shape: benefit(n_samples, s_main, s_aux, relatedness, seed), both stoppings alike."""

    def make(function, **axes):
        grid = {**figures.get("fig2-right").grid, **axes}
        shape = tuple(len(values) for values in grid.values())
        columns = dict(zip(grid, np.meshgrid(*grid.values(), indexing="ij"), strict=True))
        values = np.broadcast_to(np.asarray(function(**columns), float), shape).copy()
        array = xr.DataArray(values, coords={axis: list(grid[axis]) for axis in grid}, dims=list(grid))
        return xr.Dataset({"benefit": array, "benefit_honest": array.copy()})

    return make
