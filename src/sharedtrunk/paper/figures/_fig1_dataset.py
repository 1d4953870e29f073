"""The lanes and the dataset of Figure 1: curves of two order parameters, and how far each theory is from the students.

The *relative error* of a theory is formed seed by seed, over the saved steps after the start:

    √(mean_t (theory(t) − students(t))²) / √(mean_t students(t)²).

The order parameters of the students are the *projection* û·W v̂ and the leading *singular value*. Equation (3) has one s,
which is compared with both. It has two readings: *equation*, as printed, with the teacher's own ŝ; and *limit*, β → ∞,
which holds for hard labels alone and is NaN for soft ones.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sharedtrunk.paper.figures._standard import RESULT_FLAGS
from sharedtrunk.sweeps import Grid, Sweep, Variable

if TYPE_CHECKING:
    import xarray

THEORIES = {
    "equation": "equation (3) as printed",
    "limit": "equation (3) in its hard-label limit",
    "population": "population flow (infinite data)",
    "closure": "Gaussian closure of the sample",
}
READINGS = ("equation", "limit")
"""The theories that are readings of (3), with one curve for both order parameters."""

PARAMETERS = {
    "projection": "projection û·Wv̂ on the teacher's leading vectors",
    "singular_value": "leading singular value",
}

CHUNK_LIMIT = 18  # lanes in a chunk: 2 noises × 3 s_main × 3 starts, all that share classes, labels and seed

COORDINATES = {
    "classes": "number of classes K",
    "labels": "argmax of the noisy teacher (hard) or its softmax at inverse temperature 1 (soft)",
    "noise": "scale of the teacher's noise",
    "s_main": "singular value of the clean rank-one teacher",
    "start": "singular value s(0) at which the student starts, aligned with the noisy teacher",
    "seed": "seed of teacher and inputs",
    "step": "training steps",
    "theory": "what predicts the curve",
    "order_parameter": "which number of the student's composite weights W is predicted",
}


def rank_one_sweeps(
    name: str, axes: Mapping[str, tuple], settings: Mapping, functions: Mapping[str, str]
) -> dict[str, Sweep]:
    """Return the one sweep, which trains and predicts every lane. Lanes of one seed, shape and labels share a chunk."""
    lanes = Sweep(
        name=name,
        function=functions["lanes"],
        grid=Grid(axes),
        group_by=("classes", "labels", "seed"),
        chunk_limit=CHUNK_LIMIT,
        work="classes",
        settings=settings,
        variables=_variables(),
    )
    return {"lanes": lanes}


def rank_one_dataset(collected: "Mapping[str, xarray.Dataset]") -> "xarray.Dataset":
    """Return the curves over `step`, and `relative_error` (theory, order_parameter, …, seed)."""
    import xarray  # here, because listing the figures does not need it

    dataset = collected["lanes"]
    counts = dataset["steps"].isel({dim: 0 for dim in dataset["steps"].dims if dim != "step"})
    dataset = dataset.drop_vars("steps").assign_coords(step=counts.values)
    parameters = _axis("order_parameter", PARAMETERS)
    errors = [
        xarray.concat([_relative_error(_of(dataset, theory, name), dataset[name]) for name in PARAMETERS], parameters)
        for theory in THEORIES
    ]
    words = "root-mean-square distance of theory from students over the steps, relative to the students"
    together = xarray.concat(errors, _axis("theory", THEORIES)).assign_attrs(units="1", long_name=words)
    dataset = dataset.assign(relative_error=together)
    for name in dataset.coords:
        dataset[name].attrs.update(units="1", long_name=COORDINATES[str(name)])
    return dataset


def _of(dataset: "xarray.Dataset", theory: str, parameter: str) -> "xarray.DataArray":
    return dataset[theory if theory in READINGS else f"{parameter}_{theory}"]


def _relative_error(theory: "xarray.DataArray", students: "xarray.DataArray") -> "xarray.DataArray":
    theory, students = (curve.isel(step=slice(1, None)).astype("float64") for curve in (theory, students))
    distance = ((theory - students) ** 2).mean("step", skipna=False)
    return (distance / (students**2).mean("step", skipna=False)) ** 0.5


def _axis(name: str, values: Mapping[str, str]):
    import xarray

    return xarray.DataArray(list(values), dims=name, name=name)


def _variables() -> dict[str, Variable]:
    curve_of = {"": "the students", **{f"_{name}": THEORIES[name] for name in ("population", "closure")}}
    curves = {
        f"{parameter}{suffix}": f"{words} of {who}"
        for parameter, words in PARAMETERS.items()
        for suffix, who in curve_of.items()
    }
    curves |= {name: f"s of {THEORIES[name]}" for name in READINGS}
    curves["limit"] += "; NaN: soft labels"
    ended = {"result": "the students", **{f"result_{name}": words for name, words in THEORIES.items()}}
    ended["result_limit"] += " (not solved for soft labels, 0)"
    return {
        **{name: Variable(("step",), "1", words) for name, words in curves.items()},
        "steps": Variable(("step",), "1", "training steps"),
        "named_classes": Variable(units="1", long_name="number of classes that the training labels name"),
        "validation_excess": Variable(
            units="nats", long_name="validation loss at the last step, less its minimum over training"
        ),
        "validation_stop": Variable(
            units="1", long_name="training steps at the minimum of the validation loss; NaN: not bracketed"
        ),
        **{
            name: Variable(units="code", long_name=f"how {who} ended; 0 is success", flags=RESULT_FLAGS)
            for name, who in ended.items()
        },
    }
