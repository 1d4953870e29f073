"""A figure of the paper: what it claims, the grid that shows it, how it is drawn and how it is judged.

A `Figure` is data with verbs in it. `sweeps` turns a grid and the problem's settings into the sweeps that
measure it, by name; `dataset` joins what they collected into one labelled dataset, the waist through which
everything downstream passes; `draw` and `judge` see that dataset and nothing else, so a stored one is enough for
both, where JAX is not installed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from sharedtrunk.experiments.problems import StandardProblem
from sharedtrunk.paper.figures._standard import POINT_FUNCTIONS

Axes = Mapping[str, tuple]

Size = Literal["quick", "standard", "full"]
"""Which of a figure's grids: the coarse one, the paper's, or (where there is one) a larger one."""

SIZE_MARKS: dict[Size, str] = {"quick": " (quick grid)", "standard": "", "full": " (full grid)"}
"""What the title of a picture on that grid ends with."""

HONEST = "-honest"
"""What the name of the companion picture ends with: the same as the figure's, with honest stopping."""


@runtime_checkable
class Problem(Protocol):
    """What a figure says of its lanes beyond their place in the grid."""

    @property
    def precision(self) -> str:
        """Of the lanes, "float32" or "float64"."""
        ...

    def settings(self) -> dict[str, object]:
        """The problem as JSON data."""
        ...


@dataclass(frozen=True)
class Figure:
    """One figure: `name` (the command's word), `title`, `claim`, `paper` (where it stands), `minutes` on 4 cores.

    `sweeps(name, axes, settings, functions)` → sweeps by name; `dataset(collected)` → xarray dataset;
    `draw(dataset)` → matplotlib figure, of oracle stopping where both are not in one picture, and then
    `draw_honest(dataset)` the other; `judge(dataset)` → checks. `functions` are the point functions by role,
    `value` is the variable that the picture shows.
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
    draw_honest: Callable[[Any], Any] | None = None
    full_grid: Axes | None = None
    problem: Problem = field(default_factory=StandardProblem)
    functions: Mapping[str, str] = field(default_factory=lambda: dict(POINT_FUNCTIONS))
    value: str = "benefit"

    @property
    def dims(self) -> tuple[str, ...]:
        """The dims of `value`: the axes of the grid."""
        return tuple(self.grid)

    @property
    def pictures(self) -> dict[str, Callable[[Any], Any]]:
        """What draws each picture, by what its name ends with."""
        return {"": self.draw} | ({} if self.draw_honest is None else {HONEST: self.draw_honest})

    def stem(self, size: Size) -> str:
        """The name of the figure's files without their ending; those of another grid are files of their own."""
        return self.name if size == "standard" else f"{self.name}-{size}"

    def axes(self, size: Size, *, seeds: int | None = None) -> Axes:
        """The grid of that size, with the figure's own seeds or the first `seeds` of them."""
        grids = {"quick": self.quick_grid, "standard": self.grid, "full": self.full_grid or self.grid}
        axes = dict(grids[size])
        if seeds is not None:
            axes["seed"] = tuple(range(seeds))
        return axes
