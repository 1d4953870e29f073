"""From the lanes of both arms to the dataset of multitask benefits, the waist through which everything passes.

Benefit is the loss of the single-task student minus that of the multitask student: positive where the auxiliary task
helps. It comes with its numerical error, with the bounds (22)–(23) where students are linear, and with the benefit
that theory predicts for the same draws.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sharedtrunk._support.statistics import scramble_factor
from sharedtrunk.paper.figures._axes import AXES
from sharedtrunk.paper.figures._measured import ARMS, LOSSES, OF_THE_LABELS, OF_THEORY, THEORIES

if TYPE_CHECKING:
    import xarray

"""Of the interval that the scrambles give: wide, because the spread of a few is itself uncertain."""

STOPPINGS = {"": "oracle stopping, as the paper", "_honest": "each arm stopped by its validation loss"}


def benefit_dataset(collected: "Mapping[str, xarray.Dataset]") -> "xarray.Dataset":
    """Join the arms: benefit = loss_single − loss_joint, paired lane by lane (nats), and each arm's own numbers.

    `benefit_error` estimates the numerical error of `benefit`: both arms use the same quadrature nodes, so their errors
    are alike and the difference is judged scramble by scramble; what the saved times leave open comes on top.
    `result` is the joint lane's code, or its baseline's where that one failed. Of a theory there are `benefit_{theory}`,
    `result_{theory}` and each arm's loss and time.
    """
    import xarray  # here: listing the figures does without it

    single, joint = collected["single"], collected["joint"]
    data = {f"{name}_{arm}": collected[arm][name] for arm in ARMS for name in LOSSES}
    data |= {name: single[name] for name in OF_THE_LABELS}
    for suffix, stopping in STOPPINGS.items():
        data[f"benefit{suffix}"] = _named(_difference(single, joint, f"loss{suffix}"), f"multitask benefit, {stopping}")
        data[f"benefit{suffix}_error"] = _named(
            _benefit_error(single, joint, suffix), f"estimated numerical error of the multitask benefit, {stopping}"
        )
    data["result"] = _result(single, joint)
    if "weights" in joint:
        data |= _bounds(single, joint)
    for theory, words in THEORIES.items():
        if f"{theory}_joint" in collected:
            data |= _theory(theory, words, collected)
    order = [str(dim) for dim in joint["loss"].dims]
    dataset = xarray.Dataset(
        {name: data[name].transpose(*(dim for dim in order if dim in data[name].dims)) for name in sorted(data)}
    )
    return with_axes(dataset)


def with_axes(dataset: "xarray.Dataset") -> "xarray.Dataset":
    """The dataset with units and meaning on every coordinate."""
    for name in dataset.coords:
        axis = AXES[str(name)]
        dataset[name].attrs.update(units=axis.units, long_name=axis.long_name)
    return dataset


def _theory(theory: str, words: str, collected: "Mapping[str, xarray.Dataset]") -> "dict[str, xarray.DataArray]":
    single, joint = (collected[f"{theory}_{arm}"] for arm in ARMS)
    data = {f"{name}_{theory}_{arm}": collected[f"{theory}_{arm}"][name] for arm in ARMS for name in OF_THEORY}
    predicted = _difference(single, joint, "loss")
    data[f"benefit_{theory}"] = _named(predicted, f"multitask benefit predicted by the {words}, oracle stopping")
    data[f"result_{theory}"] = _result(single, joint)
    return data


def _bounds(single: "xarray.Dataset", joint: "xarray.Dataset") -> "dict[str, xarray.DataArray]":
    """⟨M − ∇F(W_A), W_A − W̃⟩ ≤ benefit ≤ ⟨M − ∇F(W̃), W_A − W̃⟩ (22)–(25), M the hard-label moment."""
    step = joint["weights"].astype("float64") - single["weights"].astype("float64")
    sides = {"lower": (joint, "multitask"), "upper": (single, "single-task")}
    data = {
        f"benefit_{side}": _named(
            (arm["slope"].astype("float64") * step).sum(["class", "feature"], skipna=False),
            f"{side} bound on the multitask benefit, from the slope at the {student} student, oracle stopping",
        )
        for side, (arm, student) in sides.items()
    }
    length = (step**2).sum(["class", "feature"], skipna=False) ** 0.5
    # more than is needed: the bounds are of the very weights whose losses are compared, wherever these were stopped
    refinement = single["loss_refinement"] + joint["loss_refinement"]
    worst = joint["slope_error"].where(joint["slope_error"] > single["slope_error"], single["slope_error"])
    data["bounds_error"] = _named(
        length * worst + refinement, "estimated numerical error of either bound on the multitask benefit"
    )
    return data


def _benefit_error(single: "xarray.Dataset", joint: "xarray.Dataset", suffix: str) -> "xarray.DataArray":
    """Half-width of the interval of the paired difference, plus what both arms' times leave open."""
    paired = single[f"loss{suffix}_scrambles"] - joint[f"loss{suffix}_scrambles"]
    count = paired.sizes["scramble"]
    quadrature = scramble_factor(count) * paired.std("scramble", ddof=1) / count**0.5
    return quadrature + single[f"loss{suffix}_refinement"] + joint[f"loss{suffix}_refinement"]


def _difference(single: "xarray.Dataset", joint: "xarray.Dataset", name: str) -> "xarray.DataArray":
    # In float64: the difference of two losses of size 2 must not lose what float32 losses still tell.
    return single[name].astype("float64") - joint[name].astype("float64")


def _result(single: "xarray.Dataset", joint: "xarray.Dataset") -> "xarray.DataArray":
    import xarray

    words = "how the multitask student ended, or its baseline where that one failed; 0 is success"
    codes = xarray.where(joint["result"] != 0, joint["result"], single["result"])
    return codes.assign_attrs({**joint["result"].attrs, "long_name": words})


def _named(values: "xarray.DataArray", long_name: str) -> "xarray.DataArray":
    return values.assign_attrs(units="nats", long_name=long_name)
