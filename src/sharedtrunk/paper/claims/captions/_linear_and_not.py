"""The students of a figure of depth, linear and not, and readings of every nonlinear one.

There may be several linear students, which differ in their start; a comparison is made with each of them.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NotMeasured
from sharedtrunk.paper.ledger._claim import Evidence, Reading

if TYPE_CHECKING:
    import xarray

Benefits = Mapping[str, "xarray.DataArray"]
Comparison = Callable[["xarray.DataArray", "xarray.DataArray", str], Reading]

DIM = "student"
LINEAR = "linear"
"""What a linear student's name begins with."""


def students(benefit: "xarray.DataArray") -> "tuple[dict[str, xarray.DataArray], dict[str, xarray.DataArray]]":
    """The linear students and the nonlinear ones, by name. Raises `NotMeasured` where the benefit lacks either."""
    if DIM not in benefit.dims:
        raise NotMeasured(f"needs the axis {DIM}")
    names = [str(name) for name in benefit[DIM].values]
    found = {name: contrasts.at(benefit, student=name) for name in names}
    linear = {name: each for name, each in found.items() if name.startswith(LINEAR)}
    others = {name: each for name, each in found.items() if name not in linear}
    if not linear or not others:
        raise NotMeasured(f"needs a linear student and a nonlinear one; this grid has {'; '.join(names)}")
    return linear, others


def of_each(judge: "Callable[[xarray.DataArray, str], Reading]") -> Callable[[Benefits], Evidence]:
    """The same reading of every nonlinear student."""

    def judged(benefits: Benefits) -> Evidence:
        _, others = students(benefits["a4"])
        return Evidence(within=tuple(judge(benefit, name) for name, benefit in others.items()))

    return judged


def against_linear(*within: Comparison, beyond: tuple[Comparison, ...] = ()) -> Callable[[Benefits], Evidence]:
    """The same comparisons of every nonlinear student with every linear one."""

    def judged(benefits: Benefits) -> Evidence:
        linear, others = students(benefits["a4"])

        def readings(judges: tuple[Comparison, ...]) -> tuple[Reading, ...]:
            return tuple(
                judge(benefit, reference, f"{name}, beside: {beside}")
                for judge in judges
                for beside, reference in linear.items()
                for name, benefit in others.items()
            )

        return Evidence(within=readings(within), beyond=readings(beyond))

    return judged
