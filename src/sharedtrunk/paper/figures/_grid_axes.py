"""The axes of a grid of benefits: what each means, and which values it can have.

Values are checked before any worker starts, so that the message names the axis and its value.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real

from sharedtrunk.errors import invalid


@dataclass(frozen=True)
class Axis:
    """An axis: units and long name of its coordinate; the rule for its values in words, a hint, and the rule as a test."""

    units: str
    long_name: str
    rule: str
    hint: str
    allows: Callable[[object], bool]


def check_axes(axes: Mapping[str, tuple]) -> None:
    """Check the names of axes, and their values. Raises `InputError` for an axis that is not in `AXES`, and for the first
    value that breaks the rule of its axis."""
    unknown = [name for name in axes if name not in AXES]
    if unknown:
        raise invalid(
            "the axes of a grid of benefits are among those in `paper/figures/_grid_axes.py`",
            received=", ".join(unknown),
            hint=f"Add it there, or choose from {', '.join(AXES)}.",
        )
    for name, axis in AXES.items():
        for value in axes.get(name, ()):
            if not axis.allows(value):
                raise invalid(f"{name} must be {axis.rule}", received=repr(value), hint=axis.hint)
    if "n_aux" in axes and min(axes["n_aux"]) < max(axes["n_samples"]):
        raise invalid(
            "the auxiliary task has at least as many points as the main task, because it includes the main task's points",
            received=f"n_aux {min(axes['n_aux'])} beside n_samples {max(axes['n_samples'])}",
            hint="Raise n_aux, or swap the tasks.",
        )


def _whole(least: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _number(fits: Callable[[float], bool]) -> Callable[[object], bool]:
    def allows(value: object) -> bool:
        if not isinstance(value, Real) or isinstance(value, bool):
            return False
        return math.isfinite(value) and fits(float(value))

    return allows


AXES = {
    "student": Axis("1", "nonlinearity and depth of the student", "a name", "Give the student a name.", _name),
    "choice": Axis("1", "what differs from the standard problem", "a name", "Give the choice a name.", _name),
    "setting": Axis("1", "what differs from the base setting", "a name", "Give the setting a name.", _name),
    "classes": Axis(
        "1",
        "number of classes and rank of the teachers",
        "a whole number, at least 2",
        "Give 2 or more.",
        _whole(2),
    ),
    "features": Axis("1", "number of features", "a whole number, at least 1", "Give 1 or more.", _whole(1)),
    "samples_per_feature": Axis(
        "1",
        "number of training points over number of features",
        "a finite number above 0",
        "Give a number such as 4.",
        _number(lambda value: value > 0),
    ),
    "alpha_aux": Axis(
        "1",
        "weight of the auxiliary task's loss; that of the main task is 1",
        "a finite number, at least 0",
        "Give 1 for equal weights.",
        _number(lambda value: value >= 0),
    ),
    "n_samples": Axis(
        "1",
        "number of training points",
        "a whole number of training points, at least 1",
        "Give 1 or more, without a decimal point.",
        _whole(1),
    ),
    "n_aux": Axis(
        "1",
        "number of the auxiliary task's training points",
        "a whole number of training points, at least 1",
        "Give 1 or more, without a decimal point.",
        _whole(1),
    ),
    "s_main": Axis(
        "1",
        "signal-to-noise ratio of the main task: the singular values of its teacher",
        "a finite number above 0",
        "Without a signal there is nothing to learn.",
        _number(lambda value: value > 0),
    ),
    "s_aux": Axis(
        "1",
        "signal-to-noise ratio of the auxiliary task: the singular values of its teacher",
        "a finite number, at least 0",
        "Give 0 for an auxiliary task of pure noise.",
        _number(lambda value: value >= 0),
    ),
    "relatedness": Axis(
        "1",
        "relatedness of the auxiliary task to the main task",
        "a number from -1 to 1",
        "1 means the same features, 0 unrelated ones.",
        _number(lambda value: abs(value) <= 1),
    ),
    "seed": Axis(
        "1",
        "seed of teachers, inputs, label noise and start",
        "a whole number, at least 0",
        "Use seeds 0, 1, 2 and so on.",
        _whole(0),
    ),
}
