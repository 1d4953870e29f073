"""The data of the page's explorer: mean and standard error over seeds of every cell of a cube of benefits."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.paper.report._gather import CUBE_DIMS

if TYPE_CHECKING:
    import xarray

QUANTITIES = ("benefit", "benefit_honest", "benefit_closure", "benefit_lower", "benefit_upper")
THEORY = QUANTITIES[2:]

LABELS = {
    "n_samples": ("Training points", "N"),
    "s_main": ("Main task’s SNR", "s_main"),
    "s_aux": ("Auxiliary task’s SNR", "s_aux"),
    "relatedness": ("Relatedness", "r"),
}
# Where the sliders begin: clean, fully related tasks, and enough data to see their benefit.
START = {"n_samples": 800, "s_main": 10.0, "s_aux": 10.0, "relatedness": 1.0}
DECIMALS = 5  # of a benefit: a fiftieth of its numerical tolerance, in two thirds of the bytes that all digits take


def explorer_data(dataset: "xarray.Dataset") -> dict[str, Any]:
    """Return axes, colours, and for each quantity the flat lists `mean`, `error`, `seeds` in the order of `CUBE_DIMS`.

    A number that does not exist is None. `scale`, the end of the colour scale, is the largest |mean benefit| of either
    stopping, rounded up.
    """
    values = {name: quantity(dataset[name], CUBE_DIMS) for name in QUANTITIES if name in dataset}
    largest = max(
        (abs(mean) for name in QUANTITIES[:2] if name in values for mean in values[name]["mean"] if mean is not None),
        default=0.0,
    )
    return {
        "axes": {axis: dataset[axis].values.tolist() for axis in CUBE_DIMS},
        "colours": colours(dataset),
        "scale": max(0.01, float(np.ceil(100 * largest) / 100)),
        "seeds": dataset.sizes["seed"],
        "values": values,
    }


def controls(axes: Mapping[str, Sequence[int | float]]) -> list[dict[str, Any]]:
    """Return the sliders: name, label, symbol, stops as text, and the indices of the last stop and the initial one."""
    return [
        {
            "name": name,
            "label": label,
            "symbol": symbol,
            "stops": [f"{value:g}" for value in axes[name]],
            "last": len(axes[name]) - 1,
            "start": int(np.argmin(np.abs(np.asarray(axes[name], float) - START[name]))),
        }
        for name, (label, symbol) in LABELS.items()
    ]


def why_no_theory(values: Mapping[str, Any], command: str) -> str:
    """Say why theory cannot be shown, or return an empty text where it can."""
    if any(name in values for name in THEORY):
        return ""
    return f"This dataset has no theory; `{command}` adds it."


def colours(dataset: "xarray.Dataset") -> list[str]:
    """The colour of each relatedness."""
    return [_hex(value) for value in dataset["relatedness"].values.tolist()]


def quantity(array: "xarray.DataArray", dims: Sequence[str]) -> dict[str, list[Any]]:
    """Flat lists of mean, standard error and number of seeds, in the order of `dims`."""
    mean, error, seeds = mean_and_error(array.transpose(*dims, "seed").values, axis=-1)
    return {"mean": _listed(mean), "error": _listed(error), "seeds": seeds.ravel().tolist()}


def _listed(numbers: np.ndarray) -> list[float | None]:
    return [round(value, DECIMALS) if np.isfinite(value) else None for value in numbers.ravel().tolist()]


def _hex(relatedness: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in plots.relatedness_colour(relatedness))
