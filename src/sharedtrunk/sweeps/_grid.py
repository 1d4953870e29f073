"""A grid: named axes and the cartesian product of their values.

An *axis* is a name and its distinct values, all of one type (bool, int, float or str; whole numbers among floats become
floats). A *point* is one value per axis. Points come in the order of nested loops, the last axis fastest.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharedtrunk.errors import invalid

Scalar = bool | int | float | str
Point = dict[str, Scalar]


@dataclass(frozen=True)
class Grid:
    """The cartesian product of the values of named axes.

    Parameters
    ----------
    axes
        Name → distinct values (bool, int, float or str), in the order of the dataset's dims.

    Raises
    ------
    InputError
        Where there is no axis, or an axis has no values, repeated values, NaN, infinity or mixed types.
    """

    axes: Mapping[str, Sequence[Scalar]]

    def __post_init__(self):
        if not self.axes:
            raise invalid("a grid must have an axis", received="none", hint="Name at least one axis.")
        object.__setattr__(self, "axes", {name: _axis(name, values) for name, values in self.axes.items()})

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values on each axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    def points(self) -> Iterator[Point]:
        """Every point, the last axis fastest."""
        for values in itertools.product(*self.axes.values()):
            yield dict(zip(self.axes, values, strict=True))


def _axis(name: Any, values: Iterable[Any]) -> tuple[Scalar, ...]:
    if not isinstance(name, str) or not name:
        raise invalid("an axis needs a name", received=repr(name), hint="Give each axis a non-empty string.")
    if isinstance(values, str):
        raise invalid(
            f"axis {name!r} must list its values",
            received=f"the string {values!r}",
            hint="Write a tuple, even for one value.",
        )
    values = tuple(value.item() if isinstance(value, np.generic) else value for value in values)
    if not values:
        raise invalid(f"axis {name!r} must have values", received="none", hint="Give at least one.")
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        # Content keys are made of the values, so an axis must not spell one number both 1 and 1.0.
        values, kinds = tuple(float(value) for value in values), {float}
    if len(kinds) > 1 or not kinds <= {bool, int, float, str}:
        raise invalid(
            f"values of axis {name!r} must be all numbers, all strings or all booleans",
            received=" and ".join(sorted(kind.__name__ for kind in kinds)),
            hint="Represent other objects by strings or numbers.",
        )
    for value in values:
        if isinstance(value, float) and not math.isfinite(value):
            raise invalid(f"values of axis {name!r} must be finite", received=value, hint="Leave it out.")
    repeated = [value for index, value in enumerate(values) if value in values[:index]]
    if repeated:
        raise invalid(
            f"values of axis {name!r} must be distinct",
            received=f"{repeated[0]!r} twice",
            hint="Give each value once; make repetitions an axis, such as seed.",
        )
    return values
