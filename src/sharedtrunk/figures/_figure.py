"""A figure of the paper: what it claims, the grid that shows it, how it is drawn and how it is judged.

A `Figure` is data with three verbs in it. `sweeps` turns a grid and the problem's settings into the sweeps that
measure it, by name; `dataset` joins what they collected into one labelled dataset, the waist through which
everything downstream passes; `draw` and `judge` see that dataset and nothing else, so a stored one is enough for
both, where JAX is not installed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sharedtrunk.figures._standard import POINT_FUNCTION, StandardProblem

Axes = Mapping[str, tuple]

QUICK_MARK = " (quick grid)"
"""What the title of a picture on the coarse grid ends with."""


@dataclass(frozen=True)
class Figure:
    """One figure: `name` (the command's word), `title`, `claim`, `paper` (where it stands), `minutes` on 4 cores.

    `sweeps(name, axes, settings, function)` → sweeps by name; `dataset(collected)` → xarray dataset;
    `draw(dataset)` → matplotlib figure; `judge(dataset)` → checks.
    """

    name: str
    title: str
    claim: str
    paper: str
    minutes: float
    grid: Axes
    quick_grid: Axes
    # `Any`: naming the types of xarray and matplotlib here would import them where only a list is asked for.
    sweeps: Callable[..., Mapping[str, Any]]
    dataset: Callable[[Mapping[str, Any]], Any]
    draw: Callable[[Any], Any]
    judge: Callable[[Any], list[Any]]
    problem: StandardProblem = field(default_factory=StandardProblem)
    function: str = POINT_FUNCTION

    def stem(self, *, quick: bool) -> str:
        """The name of the figure's files without their ending; the quick ones are files of their own."""
        return f"{self.name}-quick" if quick else self.name

    def axes(self, *, quick: bool, seeds: int | None) -> Axes:
        """The grid asked for: full or quick, with the figure's own seeds or the first `seeds` of them."""
        axes = dict(self.quick_grid if quick else self.grid)
        if seeds is not None:
            axes["seed"] = tuple(range(seeds))
        return axes
