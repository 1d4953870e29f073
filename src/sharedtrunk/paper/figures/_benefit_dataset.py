"""The dataset of multitask benefits, made from the lanes of both arms. Pictures, checks and the report read nothing else.

The benefit is the loss of the single-task student minus that of the multitask student, positive where the auxiliary task
helps. Beside it are its numerical error, the bounds (22)–(23) where students are linear, and the benefit that theory
predicts for the same samples.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sharedtrunk._support.statistics import scramble_factor
from sharedtrunk.paper.figures._grid_axes import AXES
from sharedtrunk.paper.figures._measured import ARMS, LOSSES, OF_THE_LABELS, OF_THEORY, THEORIES

if TYPE_CHECKING:
    import xarray


STOPPINGS = {"": "oracle stopping, as in the paper", "_honest": "each arm stopped by its validation loss"}
"""The stopping rule behind a variable, by the ending of its name. "Honest" is the old name of validation stopping."""


def benefit_dataset(collected: "Mapping[str, xarray.Dataset]") -> "xarray.Dataset":
    """Join the arms into one dataset.

    Its variables are

    - `benefit` = loss_single − loss_joint, paired lane by lane, and `benefit_honest` with validation stopping (nats);
    - `benefit_error`, the numerical error of the benefit: both arms use the same quadrature nodes, so the error is taken from
      the difference in each scramble, and the error from the saved times is added;
    - `benefit_lower`, `benefit_upper` and `bounds_error` of linear students;
    - losses, accuracies and stopping times of each arm;
    - `result`, the joint lane's result code, or its baseline's where the joint lane succeeded and the baseline did not;
    - for each theory `benefit_{theory}`, `result_{theory}`, and each arm's loss and stopping time.

    Parameters
    ----------
    collected
        The lanes of the sweeps "single" and "joint", and of the sweeps of theories.

    Returns
    -------
    xarray.Dataset
        Dims n_samples, s_main, s_aux, relatedness, seed, and others that the lanes have.
    """
    import xarray  # here, because listing the figures does not need it

    single, joint = collected["single"], collected["joint"]
    data = {f"{name}_{arm}": collected[arm][name] for arm in ARMS for name in LOSSES}
    data |= {name: single[name] for name in OF_THE_LABELS}
    for suffix, stopping in STOPPINGS.items():
        data[f"benefit{suffix}"] = named(difference(single, joint, f"loss{suffix}"), f"multitask benefit, {stopping}")
        data[f"benefit{suffix}_error"] = named(
            benefit_error(single, joint, suffix), f"estimated numerical error of the multitask benefit, {stopping}"
        )
    data["result"] = result_of(single, joint)
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
    """Put units and long name on every coordinate, and return the dataset."""
    for name in dataset.coords:
        axis = AXES[str(name)]
        dataset[name].attrs.update(units=axis.units, long_name=axis.long_name)
    return dataset


def _theory(theory: str, words: str, collected: "Mapping[str, xarray.Dataset]") -> "dict[str, xarray.DataArray]":
    single, joint = (collected[f"{theory}_{arm}"] for arm in ARMS)
    data = {f"{name}_{theory}_{arm}": collected[f"{theory}_{arm}"][name] for arm in ARMS for name in OF_THEORY}
    predicted = difference(single, joint, "loss")
    data[f"benefit_{theory}"] = named(predicted, f"multitask benefit predicted by the {words}, oracle stopping")
    data[f"result_{theory}"] = result_of(single, joint)
    return data


def _bounds(single: "xarray.Dataset", joint: "xarray.Dataset") -> "dict[str, xarray.DataArray]":
    """⟨M − ∇F(W_A), W_A − W̃⟩ ≤ benefit ≤ ⟨M − ∇F(W̃), W_A − W̃⟩ (22)–(25), M the hard-label moment."""
    step = joint["weights"].astype("float64") - single["weights"].astype("float64")
    sides = {"lower": (joint, "multitask"), "upper": (single, "single-task")}
    data = {
        f"benefit_{side}": named(
            (arm["slope"].astype("float64") * step).sum(["class", "feature"], skipna=False),
            f"{side} bound on the multitask benefit, from the slope at the {student} student, oracle stopping",
        )
        for side, (arm, student) in sides.items()
    }
    length = (step**2).sum(["class", "feature"], skipna=False) ** 0.5
    # The refinement overestimates the error: the bounds hold for the stopped weights, at whatever time these were stopped.
    refinement = single["loss_refinement"] + joint["loss_refinement"]
    worst = joint["slope_error"].where(joint["slope_error"] > single["slope_error"], single["slope_error"])
    data["bounds_error"] = named(
        length * worst + refinement, "estimated numerical error of either bound on the multitask benefit"
    )
    return data


def benefit_error(single: "xarray.Dataset", joint: "xarray.Dataset", suffix: str) -> "xarray.DataArray":
    """Return the half-width of the paired difference's interval, plus the errors from both arms' saved times."""
    paired = single[f"loss{suffix}_scrambles"] - joint[f"loss{suffix}_scrambles"]
    count = paired.sizes["scramble"]
    quadrature = scramble_factor(count) * paired.std("scramble", ddof=1) / count**0.5
    return quadrature + single[f"loss{suffix}_refinement"] + joint[f"loss{suffix}_refinement"]


def difference(single: "xarray.Dataset", joint: "xarray.Dataset", name: str) -> "xarray.DataArray":
    # In float64, so that subtracting two losses of size 2 keeps all digits of float32.
    return single[name].astype("float64") - joint[name].astype("float64")


def result_of(single: "xarray.Dataset", joint: "xarray.Dataset") -> "xarray.DataArray":
    import xarray

    words = "how the multitask student ended, or its baseline if the student succeeded; 0 is success"
    codes = xarray.where(joint["result"] != 0, joint["result"], single["result"])
    return codes.assign_attrs({**joint["result"].attrs, "long_name": words})


def named(values: "xarray.DataArray", long_name: str) -> "xarray.DataArray":
    return values.assign_attrs(units="nats", long_name=long_name)
