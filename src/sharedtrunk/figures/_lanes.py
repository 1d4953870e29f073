"""From a grid of settings to sweeps of lanes, and from their results to the dataset of multitask benefits.

A joint lane trains the main and the auxiliary task on a shared trunk; a single lane trains the main task alone.
The baseline knows neither the auxiliary SNR nor the relatedness, so it is trained once per (n_samples, s_main,
seed) and shared. Benefit is its loss minus the joint lane's: positive where the auxiliary task helps.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sharedtrunk._statistics import t_factor
from sharedtrunk.figures._axes import AXES, check_axes
from sharedtrunk.figures._standard import CHUNK_LIMIT, RESULT_FLAGS
from sharedtrunk.sweeps import Grid, Sweep, Variable

if TYPE_CHECKING:
    import xarray

AUXILIARY_AXES = ("s_aux", "relatedness")

# What a lane returns: name → (units, meaning). "{arm}" becomes the arm's words.
MEASURED = {
    "loss": ("nats", "generalization loss of the {arm} at the minimum over time (oracle stopping)"),
    "loss_error": ("nats", "estimated numerical error of the loss of the {arm}, oracle stopping"),
    "loss_honest": ("nats", "generalization loss of the {arm}, stopped by its validation loss"),
    "loss_honest_error": ("nats", "estimated numerical error of the loss of the {arm}, honest stopping"),
    "loss_scrambles": ("nats", "loss of the {arm} by every scramble of the quadrature rule, oracle stopping"),
    "loss_refinement": ("nats", "error of the loss of the {arm} from the spacing of the saved times, oracle stopping"),
    "loss_honest_scrambles": ("nats", "loss of the {arm} by every scramble of the quadrature rule, honest stopping"),
    "loss_honest_refinement": ("nats", "error of the loss of the {arm} from the spacing of the times, honest stopping"),
    "accuracy": ("1", "share of inputs on which the {arm} agrees with the clean teacher, oracle stopping"),
    "accuracy_honest": ("1", "share of inputs on which the {arm} agrees with the clean teacher, honest stopping"),
    "stop": ("training time", "time at which the generalization loss of the {arm} is smallest"),
    "stop_honest": ("training time", "time at which the validation loss of the {arm} is smallest"),
    "label_flips": ("1", "share of the main task's training labels that the teacher's noise flipped"),
    "smallest_class": ("1", "share of the main task's training labels in their rarest class"),
    "largest_class": ("1", "share of the main task's training labels in their commonest class"),
    "result": ("code", "how the {arm} ended; 0 is success"),
}
OF_THE_LABELS = ("label_flips", "smallest_class", "largest_class")
"""The same for both arms, so they stand once in the dataset."""

INTERNAL = ("loss_scrambles", "loss_honest_scrambles", "loss_refinement", "loss_honest_refinement")
"""Stored with the lanes for the error of the benefit, which is formed scramble by scramble; not in the dataset."""

NUMERICAL_CONFIDENCE = 0.99
"""Of the interval that the scrambles give: wide, because the spread of eight is itself uncertain."""

ARMS = {"single": "single-task student", "joint": "multitask student"}


def benefit_sweeps(name: str, axes: Mapping[str, tuple], settings: Mapping, function: str) -> dict[str, Sweep]:
    """The two sweeps of a figure of benefits: `single` (the shared baseline) and `joint`.

    Lanes that share a chunk share inputs and starts. The chunks depend on the problem and the group's own points
    only, so two figures with overlapping grids share stored chunks. Raises `InputError` for a value that an axis
    cannot have.
    """
    check_axes(axes)
    single_axes = {axis: values for axis, values in axes.items() if axis not in AUXILIARY_AXES}
    arms = {
        "single": (single_axes, ("n_samples", "seed"), 1),
        "joint": (dict(axes), ("n_samples", "seed", "s_main"), 2),
    }
    return {
        arm: Sweep(
            name=f"{name} ({ARMS[arm]}s)",
            function=function,
            grid=Grid(arm_axes),
            group_by=group_by,
            chunk_limit=CHUNK_LIMIT,
            work="n_samples",
            settings={**settings, "tasks": tasks},
            variables={
                variable: Variable(
                    dims=("scramble",) if variable.endswith("scrambles") else (),
                    units=units,
                    long_name=meaning.format(arm=ARMS[arm]),
                    flags=RESULT_FLAGS if variable == "result" else {},
                )
                for variable, (units, meaning) in MEASURED.items()
            },
        )
        for arm, (arm_axes, group_by, tasks) in arms.items()
    }


def benefit_dataset(collected: "Mapping[str, xarray.Dataset]") -> "xarray.Dataset":
    """Join the two arms: benefit = loss_single − loss_joint, paired lane by lane (nats), and each arm's own numbers.

    `benefit_error` estimates the numerical error of `benefit`: both arms use the same quadrature nodes, so their errors
    are alike and the difference is judged scramble by scramble; what the spacing of the times adds comes on top.
    `result` is the joint lane's code, or its baseline's where that one failed.
    """
    import xarray  # here: listing the figures does without it

    single, joint = collected["single"], collected["joint"]
    data = {
        f"{variable}_{arm}": collected[arm][variable]
        for arm in ARMS
        for variable in MEASURED
        if variable != "result" and variable not in INTERNAL + OF_THE_LABELS
    }
    data |= {variable: single[variable] for variable in OF_THE_LABELS}
    for suffix, stopping in (
        ("", "oracle stopping, as the paper"),
        ("_honest", "each arm stopped by its validation loss"),
    ):
        # In float64: the difference of two losses of size 2 must not lose what float32 losses still tell.
        benefit = single[f"loss{suffix}"].astype("float64") - joint[f"loss{suffix}"].astype("float64")
        error = _benefit_error(single, joint, suffix)
        data[f"benefit{suffix}"] = benefit.assign_attrs(units="nats", long_name=f"multitask benefit, {stopping}")
        data[f"benefit{suffix}_error"] = error.assign_attrs(
            units="nats", long_name=f"estimated numerical error of the multitask benefit, {stopping}"
        )
    result = xarray.where(joint["result"] != 0, joint["result"], single["result"])
    data["result"] = result.assign_attrs(
        {
            **joint["result"].attrs,
            "long_name": "how the multitask student ended, or its baseline where that one failed; 0 is success",
        }
    )
    dataset = xarray.Dataset({name: data[name].transpose(*_ordered(data[name].dims, joint)) for name in sorted(data)})
    for name in dataset.coords:
        axis = AXES[str(name)]
        dataset[name].attrs.update(units=axis.units, long_name=axis.long_name)
    return dataset


def _benefit_error(single: "xarray.Dataset", joint: "xarray.Dataset", suffix: str) -> "xarray.DataArray":
    """Half-width of the interval of the paired difference, plus what both arms' times leave open."""
    paired = single[f"loss{suffix}_scrambles"] - joint[f"loss{suffix}_scrambles"]
    count = paired.sizes["scramble"]
    quadrature = t_factor(count, NUMERICAL_CONFIDENCE) * paired.std("scramble", ddof=1) / count**0.5
    return quadrature + single[f"loss{suffix}_refinement"] + joint[f"loss{suffix}_refinement"]


def _ordered(dims: tuple, like: "xarray.Dataset") -> list[str]:
    return [str(dim) for dim in like["loss"].dims if dim in dims]
