"""Sweeps of lanes that measure the benefits on a grid.

A joint lane trains the main and the auxiliary task on a shared trunk, a single lane trains the main task alone. The single
lane does not depend on the auxiliary task, so there is one single lane for each (n_samples, s_main, seed), which all joint
lanes share. Where students are linear, theory follows the same lanes: the *closure* on the same samples, and the *population*
flow on infinite data, whose grid has no number of samples.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sharedtrunk.paper.figures._grid_axes import check_axes
from sharedtrunk.paper.figures._measured import ARMS, of_students, of_theory
from sharedtrunk.paper.figures._standard import CHUNK_LIMITS, POINT_FUNCTIONS, THEORY_CHUNK_LIMIT
from sharedtrunk.sweeps import Grid, Sweep, Variable

OF_THE_AUXILIARY = ("n_aux", "s_aux", "relatedness")
OF_THE_SAMPLE = ("n_samples", "n_aux")

_TASKS = {"single": 1, "joint": 2}
_GROUPS = {"single": ("n_samples", "seed"), "joint": ("n_samples", "n_aux", "seed", "s_main")}


def benefit_sweeps(theories: tuple[str, ...] = ("closure",)) -> Callable[..., dict[str, Sweep]]:
    """Return the function that makes the sweeps of a figure of benefits.

    The sweeps are called `single` and `joint`; the sweeps of a theory are called `closure_single` and so on. The lanes of a
    chunk share inputs and starts. A chunk depends only on the problem and on its own lanes, so figures whose grids overlap
    share stored chunks. The function raises `InputError` for an unknown axis, and for a value that an axis cannot have.

    Parameters
    ----------
    theories
        Theories that follow the lanes of linear students.
    """

    def make(name: str, axes: Mapping[str, tuple], settings: Mapping, functions: Mapping[str, str]) -> dict[str, Sweep]:
        check_axes(axes)
        linear = settings["activation"] == "linear"
        sweeps = {
            arm: _sweep(
                f"{name} ({words}s)", arm, axes, settings, functions["students"], of_students(arm, linear=linear)
            )
            for arm, words in ARMS.items()
        }
        for theory in theories if linear else ():
            sweeps |= {
                f"{theory}_{arm}": _sweep(
                    f"{name} ({theory}, {words})", arm, _known(theory, axes), settings, functions[theory],
                    of_theory(arm, theory), THEORY_CHUNK_LIMIT,
                )
                for arm, words in ARMS.items()
            }  # fmt: skip
        return sweeps

    return make


def widened(sweep: Sweep) -> Sweep:
    """Return the sweep with the largest chunks whose lanes share inputs; an accelerator trains a whole chunk at once."""
    if sweep.function != POINT_FUNCTIONS["students"]:
        return sweep
    shared = tuple(axis for axis in sweep.group_by if axis != "s_main")
    return replace(sweep, group_by=shared, chunk_limit=sweep.grid.size)


def _known(theory: str, axes: Mapping[str, tuple]) -> dict[str, tuple]:
    """Return the axes that a theory's numbers depend on."""
    return {axis: values for axis, values in axes.items() if theory != "population" or axis not in OF_THE_SAMPLE}


def _sweep(
    name: str,
    arm: str,
    axes: Mapping[str, tuple],
    settings: Mapping,
    function: str,
    variables: Mapping[str, Variable],
    chunk_limit: int | None = None,
) -> Sweep:
    known = {axis: values for axis, values in axes.items() if arm == "joint" or axis not in OF_THE_AUXILIARY}
    return Sweep(
        name=name,
        function=function,
        grid=Grid(known),
        group_by=tuple(axis for axis in _GROUPS[arm] if axis in known),
        chunk_limit=chunk_limit or CHUNK_LIMITS[settings["activation"]],
        work=next((axis for axis in reversed(OF_THE_SAMPLE) if axis in known), None),
        settings={**settings, "tasks": _TASKS[arm]},
        variables=variables,
    )
