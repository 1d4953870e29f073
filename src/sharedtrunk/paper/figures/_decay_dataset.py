"""The lanes and the dataset of the figure of weight decay.

All numbers of a seed belong to the same draws: students at their *best decay*, students that *stop early* (the lanes of other
figures), and the *theory* of many features at its best decay. On the panel of N_f there are also students at one *fixed* λ,
and the theory of the very teachers that were *drawn*, at the same λ.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sharedtrunk.paper.figures._benefit_dataset import benefit_error, difference, named, result_of, with_axes
from sharedtrunk.paper.figures._decay_settings import BASE, DECAY, DIM, PANELS, SETTINGS, name_of
from sharedtrunk.paper.figures._grid_axes import check_axes
from sharedtrunk.paper.figures._measured import ARMS
from sharedtrunk.paper.figures._standard import CHUNK_LIMITS, RESULT_FLAGS, THEORY_CHUNK_LIMIT
from sharedtrunk.sweeps import Grid, Sweep, Variable

if TYPE_CHECKING:
    import xarray

FUNCTIONS = {
    "decay": "sharedtrunk.experiments:decay_lanes",
    "stopping": "sharedtrunk.experiments:standard_lanes",
    "limit": "sharedtrunk.prediction:decay_limit_lanes",
    "drawn": "sharedtrunk.prediction:decay_drawn_lanes",
}

CHOSEN = {"": "chosen by the oracle", "_honest": "chosen by the validation loss"}
"""How λ or the stopping time is chosen, by the ending of a variable's name. "Honest" is the old name of validation."""

STUDENTS = {
    "decay": ("", "weight_decay", "λ", "at its best weight decay"),
    "stopping": ("_stopping", "stop", "training time", "that stops early"),
}
"""For each kind of students: the ending of its variables, what is chosen with its unit, and words."""

SIZES = tuple(name_of("features", value) for value in PANELS["features"])
"""The settings of the panel of N_f."""

_SEPARATOR = " / "
_KEPT = ("relatedness", "seed", "scramble")


def decay_sweeps(
    name: str, axes: Mapping[str, tuple], settings: Mapping, functions: Mapping[str, str]
) -> dict[str, Sweep]:
    """The sweeps of all classes and settings, under keys such as "3 / base / decay single"."""
    check_axes(axes)
    lanes = {axis: axes[axis] for axis in ("relatedness", "seed")}
    found = {}
    for classes in axes["classes"]:
        for setting in axes[DIM]:
            problem = {**settings, "classes": classes, "rank": classes}
            for role, sweep in _of_setting(f"{name}, K = {classes}, {setting}", setting, lanes, problem, functions):
                found[_SEPARATOR.join((str(classes), setting, role))] = sweep
    return found


def _of_setting(
    name: str, setting: str, lanes: Mapping[str, tuple], problem: Mapping, functions: Mapping[str, str]
) -> Iterator[tuple[str, Sweep]]:
    values, fixed = SETTINGS[setting], {"weight_decay": DECAY}

    def sweep(role: str, function: str, arm: str, values: Mapping, more: dict, variables, **chunks: Any) -> Sweep:
        point = {"n_samples": round(values["samples_per_feature"] * values["features"]), "s_main": values["s_main"]}
        point |= ({"s_aux": values["s_aux"]} if arm == "joint" else {}) | more
        weights = {"alpha": (1.0, values["alpha_aux"])} if arm == "joint" else {}
        return Sweep(
            name=f"{name} ({role})",
            function=functions[function],
            grid=Grid({**{axis: (value,) for axis, value in point.items()}, **lanes}),
            settings={**problem, **weights, "features": values["features"], "tasks": {"single": 1, "joint": 2}[arm]},
            variables=variables,
            work="n_samples",
            **chunks,
        )

    for arm in ARMS:
        # The main task alone is trained for every relatedness, although that makes no difference: it takes less time than
        # compiling a program for chunks of another size.
        chunks = {"group_by": ("n_samples", "seed"), "chunk_limit": CHUNK_LIMITS["linear"]}
        for kind in STUDENTS:
            yield f"{kind} {arm}", sweep(f"{kind} {arm}", kind, arm, values, {}, _of_students(kind, arm), **chunks)
        if setting in SIZES:
            known = {name: _of_students("decay", arm)[name] for name in ("loss", "result")}
            yield f"fixed {arm}", sweep(f"fixed {arm}", "decay", arm, values, fixed, known, **chunks)
    chunks = {"group_by": ("n_samples", "s_main", "s_aux"), "chunk_limit": THEORY_CHUNK_LIMIT}
    # With many features all N_f are alike, and share their stored chunks.
    yield (
        "limit",
        sweep("limit", "limit", "joint", {**values, "features": BASE["features"]}, {}, _of_theory(), **chunks),
    )
    if setting in SIZES:
        yield "drawn", sweep("drawn", "drawn", "joint", values, fixed, _of_theory(), **chunks)


def _of_students(kind: str, arm: str) -> dict[str, Variable]:
    _, what, unit, words = STUDENTS[kind]
    found = {"result": Variable(units="code", long_name=f"how the {ARMS[arm]} ended; 0 is success", flags=RESULT_FLAGS)}
    for suffix, chosen in CHOSEN.items():
        student = f"the {ARMS[arm]} {words}, {chosen}"
        found |= {
            f"loss{suffix}": Variable((), "nats", f"generalization loss of {student}"),
            f"loss{suffix}_scrambles": Variable(("scramble",), "nats", f"loss of {student}, by every scramble"),
            f"loss{suffix}_refinement": Variable((), "nats", f"error of the loss of {student} from the interpolation"),
            f"accuracy{suffix}": Variable(
                (), "1", f"share of inputs on which {student}, agrees with the clean teacher"
            ),
            f"{what}{suffix}": Variable((), unit, f"{unit} of {student}"),
        }
    return found


def _of_theory() -> dict[str, Variable]:
    found = {
        "benefit_error": Variable((), "nats", "numerical error of the benefit by the theory"),
        "result": Variable(units="code", long_name="how the fixed points ended; 0 is success", flags=RESULT_FLAGS),
    }
    for arm, words in ARMS.items():
        found[f"loss_{arm}"] = Variable((), "nats", f"generalization loss of the {words} by the theory")
        found[f"weight_decay_{arm}"] = Variable((), "λ", f"weight decay of the {words} in the theory")
    return found


def decay_dataset(collected: "Mapping[str, xarray.Dataset]") -> "xarray.Dataset":
    """Join the sweeps into one dataset with dims classes, setting, relatedness, seed.

    With `_honest` at the end of a name, λ or the stopping time is chosen by the validation loss, otherwise by the oracle.

    - `benefit` at the best decay of each arm, with its numerical error, losses, accuracies and `weight_decay` of both arms;
    - `benefit_stopping` and the like for early stopping, with stopping times;
    - `benefit_theory` and the like for many features at the best decay;
    - `loss_{arm}_fixed` and `loss_{arm}_drawn` on the panel of N_f: students and theory of the drawn teachers, λ = `DECAY`;
    - `result`, `result_stopping` and `result_theory`: how the lanes ended. Fixed points that were not reached are NaN.
    """
    import xarray  # here, because listing the figures does not need it

    roles: dict[tuple[int, str], dict[str, xarray.Dataset]] = {}
    for key, dataset in collected.items():
        classes, setting, role = key.split(_SEPARATOR)
        part = dataset.squeeze([dim for dim in dataset.dims if dim not in _KEPT], drop=True)
        roles.setdefault((int(classes), setting), {})[role] = part

    def joined(parts: "list[xarray.Dataset]", dim: str, values: list) -> xarray.Dataset:
        return xarray.concat(parts, xarray.DataArray(values, dims=dim, name=dim), combine_attrs="override")

    numbers = list(dict.fromkeys(classes for classes, _ in roles))
    settings = list(dict.fromkeys(setting for _, setting in roles))
    rows = [joined([_of_place(roles[classes, name]) for name in settings], DIM, settings) for classes in numbers]
    places = {axis: (DIM, [SETTINGS[name][axis] for name in settings]) for axis in PANELS}
    return with_axes(joined(rows, "classes", numbers).assign_coords(places))


def _of_place(roles: "Mapping[str, xarray.Dataset]") -> "xarray.Dataset":
    import xarray

    data: dict[str, xarray.DataArray] = {}
    for kind, (ending, what, _, words) in STUDENTS.items():
        single, joint = (roles[f"{kind} {arm}"] for arm in ARMS)
        data[f"result{ending}"] = result_of(single, joint)
        for suffix, chosen in CHOSEN.items():
            benefit = f"multitask benefit of students {words}, {chosen}".replace(" its ", " their ").replace(
                "stops", "stop"
            )
            data[f"benefit{ending}{suffix}"] = named(difference(single, joint, f"loss{suffix}"), benefit)
            error = benefit_error(single, joint, suffix)
            data[f"benefit{ending}{suffix}_error"] = named(error, f"numerical error of the {benefit}")
            for arm, name in ((arm, name) for arm in ARMS for name in ("loss", "accuracy", what)):
                data[f"{name}_{arm}{ending}{suffix}"] = roles[f"{kind} {arm}"][f"{name}{suffix}"]
    data["result_theory"] = roles["limit"]["result"]
    data |= _of_arms(_solved(roles["limit"]), "theory", "by the theory of many features, at its best weight decay")
    if "drawn" in roles:
        fixed = xarray.Dataset({f"loss_{arm}": roles[f"fixed {arm}"]["loss"] for arm in ARMS})
        data |= _of_arms(fixed, "fixed", f"of students at λ = {DECAY:g}")
        data |= _of_arms(_solved(roles["drawn"]), "drawn", f"by the theory of the drawn teachers, at λ = {DECAY:g}")
    return xarray.Dataset({name: data[name] for name in sorted(data)})


def _solved(theory: "xarray.Dataset") -> "xarray.Dataset":
    """The numbers of theory, NaN where a fixed point was not reached."""
    return theory.drop_vars("result").where(theory["result"] == 0)


def _of_arms(known: "xarray.Dataset", ending: str, words: str) -> "dict[str, xarray.DataArray]":
    """Both arms' variables, and the benefit."""
    data = {f"{name}_{ending}": values for name, values in known.data_vars.items()}
    benefit = known["loss_single"].astype("float64") - known["loss_joint"]
    return {**data, f"benefit_{ending}": named(benefit, f"multitask benefit {words}")}
