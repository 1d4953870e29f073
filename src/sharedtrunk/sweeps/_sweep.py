"""A sweep: a function that is evaluated on every point of a grid, specified by data alone.

A *lane* is one point. Lanes that agree on the `group_by` axes form a *group* and may share a call of the function; a *chunk*
is the lanes of one call. The key of a stored result is made of lanes, settings and the function's name, so everything else
that determines the numbers of a result must be among the settings: a function that changes what it computes needs a new name,
or a version in its settings.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sharedtrunk.errors import invalid
from sharedtrunk.sweeps._canonical import plain
from sharedtrunk.sweeps._grid import Grid, Scalar

RESULT = "result"
"""The variable that holds result codes: whole numbers, 0 for a lane that succeeded."""


@dataclass(frozen=True)
class Variable:
    """One of the arrays that the function returns, with axes (lane, *dims).

    Parameters
    ----------
    dims
        Names of the axes after the lane.
    units, long_name
        Attributes of the variable in the dataset.
    flags
        Whole-number code → words, for the dataset's attributes and the summary of failed lanes.
    """

    dims: tuple[str, ...] = ()
    units: str = ""
    long_name: str = ""
    flags: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sweep:
    """The specification of `function(settings, lanes)` on the points of a grid.

    Parameters
    ----------
    name
        The sweep's name in messages. The name is not part of the keys, so sweeps with different names can share chunks.
    function
        "package.module:function", which workers import. It takes the settings and a list of lanes (axis → value), and
        returns arrays by name whose first axis is the lane.
    grid
        The points.
    variables
        The arrays that the dataset is made of; the function may return more.
    settings
        Plain data for the function.
    group_by
        Axes on which the lanes of a chunk agree.
    chunk_limit
        Largest number of lanes in a chunk: a number, or one of the `group_by` axes with a number for each value, such as
        `{"n_samples": {100: 16, 1600: 8}}`.
    work
        An axis of positive numbers that the run time of a lane is roughly proportional to. The axis orders the queue, largest
        value first, and weights the time left; it changes no result.

    Raises
    ------
    InputError
        If the parameters contradict each other.
    """

    name: str
    function: str
    grid: Grid
    variables: Mapping[str, Variable]
    settings: Mapping[str, Any] = field(default_factory=dict)
    group_by: tuple[str, ...] = ()
    chunk_limit: int | Mapping[str, Mapping[Scalar, int]] = 16
    work: str | None = None

    def __post_init__(self):
        # The function gets exactly what the key is made of, so nothing that JSON would lose can change a number.
        object.__setattr__(self, "settings", plain(self.settings, f"settings of sweep {self.name!r}"))
        object.__setattr__(self, "group_by", tuple(self.group_by))
        _check_function(self)
        _check_axes(self)
        _check_variables(self)
        for value in self._limited_values():
            self._checked_limit(value)

    def limit(self, point: Mapping[str, Scalar]) -> int:
        """Largest number of lanes in a chunk of the group that `point` belongs to."""
        axis = self._limit_axis()
        return self._checked_limit(None if axis is None else point[axis])

    def _limit_axis(self) -> str | None:
        if isinstance(self.chunk_limit, int):
            return None
        if len(self.chunk_limit) == 1 and next(iter(self.chunk_limit)) in self.group_by:
            return next(iter(self.chunk_limit))
        raise invalid(
            f"chunk_limit of sweep {self.name!r} must be a number or a table for one axis in group_by",
            received=list(self.chunk_limit),
            hint=f"Choose one of {list(self.group_by)}.",
        )

    def _limited_values(self) -> Sequence[Scalar | None]:
        axis = self._limit_axis()
        return (None,) if axis is None else self.grid.axes[axis]

    def _checked_limit(self, value: Scalar | None) -> int:
        limit: Any = self.chunk_limit
        if not isinstance(self.chunk_limit, int):
            (limits,) = self.chunk_limit.values()
            limit = limits.get(value) if value is not None else None
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise invalid(
                f"chunk_limit of sweep {self.name!r} must be at least 1 lane everywhere",
                received=f"{limit}" if value is None else f"{limit} for {value!r}",
                hint="Give a positive whole number.",
            )
        return limit


def _check_function(sweep: Sweep) -> None:
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", sweep.function) or sweep.function.startswith("__main__:"):
        raise invalid(
            f"function of sweep {sweep.name!r} must be importable in another process, 'package.module:function'",
            received=repr(sweep.function),
            hint="Put the function at the top level of a module, not in the script that is run.",
        )


def _check_axes(sweep: Sweep) -> None:
    unknown = [axis for axis in sweep.group_by if axis not in sweep.grid.axes]
    if unknown or len(set(sweep.group_by)) < len(sweep.group_by):
        raise invalid(
            f"group_by of sweep {sweep.name!r} must name distinct axes of the grid",
            received=list(sweep.group_by),
            hint=f"Choose from {list(sweep.grid.dims)}.",
        )
    if sweep.work is not None:
        values = sweep.grid.axes.get(sweep.work, ())
        if not values or not all(isinstance(value, int | float) and value > 0 for value in values):
            raise invalid(
                f"work of sweep {sweep.name!r} must name an axis of positive numbers",
                received=f"{sweep.work!r} with values {list(values)}",
                hint="Leave it out if all lanes take equally long.",
            )


def _check_variables(sweep: Sweep) -> None:
    if not sweep.variables:
        raise invalid(f"sweep {sweep.name!r} must have variables", received="none", hint="Name one array.")
    names = {*sweep.variables, *(dim for variable in sweep.variables.values() for dim in variable.dims)}
    clash: list[str] = sorted(names & set(sweep.grid.dims))
    if clash:
        raise invalid(
            f"variables of sweep {sweep.name!r} and their dims must not have the names of grid axes",
            received=clash,
            hint="Rename them.",
        )
    for name, variable in sweep.variables.items():
        if name in variable.dims or len(set(variable.dims)) < len(variable.dims):
            raise invalid(
                f"dims of variable {name!r} must be distinct and not its own name",
                received=list(variable.dims),
                hint="Rename them.",
            )
