"""The data of the explorer of weight decay: benefits along each thing that varies, with decay and with early stopping."""

from typing import TYPE_CHECKING, Any

from sharedtrunk.paper.report._explorer import colours, quantity

if TYPE_CHECKING:
    import xarray

QUANTITIES = ("benefit", "benefit_honest", "benefit_stopping", "benefit_stopping_honest", "benefit_theory")
DIMS = ("classes", "setting", "relatedness")
BASE = "base"

LABELS = {
    "samples_per_feature": ("Training points per feature", "N/N_f"),
    "s_main": ("Main task’s SNR", "s_main"),
    "s_aux": ("Auxiliary task’s SNR", "s_aux"),
    "alpha_aux": ("Auxiliary task’s weight", "α_aux"),
    "features": ("Features", "N_f"),
}


def decay_data(dataset: "xarray.Dataset") -> dict[str, Any]:
    """Return the axes along which settings differ from the base, and flat lists of every quantity in the order of `DIMS`."""
    return {
        "axes": [_axis(dataset, name) for name in LABELS if name in dataset.coords],
        "classes": dataset["classes"].values.tolist(),
        "relatedness": dataset["relatedness"].values.tolist(),
        "colours": colours(dataset),
        "settings": dataset.sizes["setting"],
        "seeds": dataset.sizes["seed"],
        "values": {name: quantity(dataset[name], DIMS) for name in QUANTITIES},
    }


def _axis(dataset: "xarray.Dataset", name: str) -> dict[str, Any]:
    """One thing that varies: its values in rising order, where their settings are, and the rest of the base in words."""
    settings = dataset["setting"].values.tolist()
    base = {axis: dataset[axis].values[settings.index(BASE)] for axis in LABELS if axis in dataset.coords}
    others = [axis for axis in base if axis != name]
    along = [i for i in range(len(settings)) if all(dataset[axis].values[i] == base[axis] for axis in others)]
    along.sort(key=lambda place: dataset[name].values[place])
    label, symbol = LABELS[name]
    values = [dataset[name].values[place].item() for place in along]
    return {
        "label": label,
        "symbol": symbol,
        "values": values,
        "places": along,
        "base": values.index(base[name]),
        "others": ", ".join(f"{LABELS[axis][1]} = {base[axis]:g}" for axis in others),
    }
