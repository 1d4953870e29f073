"""A figure of the paper: its claim, the grid that shows it, and the functions that make, draw and judge its dataset.

`draw` and `judge` take the dataset and nothing else, so a stored one can be drawn and judged where JAX is not installed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from sharedtrunk.experiments.problems import StandardProblem
from sharedtrunk.paper.figures._standard import POINT_FUNCTIONS

Axes = Mapping[str, tuple]

Size = Literal["quick", "standard", "full"]
"""A figure's grid: the coarse one, the paper's, or a larger one, which few figures have."""

SIZE_MARKS: dict[Size, str] = {"quick": " (quick grid)", "standard": "", "full": " (full grid)"}
"""The ending of a picture's title, by grid."""

VALIDATION = "-honest"
"""The ending of the file name of a figure's second picture, which shows validation stopping (old name: "honest")."""


@runtime_checkable
class Problem(Protocol):
    """What all lanes of a figure have in common."""

    @property
    def precision(self) -> str:
        """Precision of the lanes, "float32" or "float64"."""
        ...

    def settings(self) -> dict[str, object]:
        """Return the problem as JSON data."""
        ...


@dataclass(frozen=True)
class Figure:
    """A figure of the paper.

    Parameters
    ----------
    name
        The word that commands and file names use.
    title
        The title of its picture.
    claim
        What the paper concludes from the figure, in one sentence.
    paper
        The figure's name in the paper.
    minutes
        How long making the figure takes on 4 cores.
    grid, quick_grid, full_grid
        The values of every axis: the paper's, coarse ones, and more.
    sweeps
        `(name, axes, settings, functions)` → the sweeps that measure the figure, by name.
    dataset
        Collected sweeps, by name → one labelled xarray dataset.
    draw, draw_validation
        Dataset → matplotlib figure. The second draws validation stopping, for figures whose first picture lacks it.
    judge
        Dataset → checks.
    problem
        What all lanes have in common.
    functions
        The functions that compute a chunk of lanes, as "module:function", by role.
    value
        The variable that the picture shows.
    """

    name: str
    title: str
    claim: str
    paper: str
    minutes: float
    grid: Axes
    quick_grid: Axes
    # `Any`, because the types of xarray and matplotlib would be imported by every command that only lists figures.
    sweeps: Callable[..., Mapping[str, Any]]
    dataset: Callable[[Mapping[str, Any]], Any]
    draw: Callable[[Any], Any]
    judge: Callable[[Any], list[Any]]
    draw_validation: Callable[[Any], Any] | None = None
    full_grid: Axes | None = None
    problem: Problem = field(default_factory=StandardProblem)
    functions: Mapping[str, str] = field(default_factory=lambda: dict(POINT_FUNCTIONS))
    value: str = "benefit"

    @property
    def dims(self) -> tuple[str, ...]:
        """Dims of `value`, the axes of the grid."""
        return tuple(self.grid)

    @property
    def pictures(self) -> dict[str, Callable[[Any], Any]]:
        """The function that draws each picture, by the ending of the picture's file name."""
        return {"": self.draw} | ({} if self.draw_validation is None else {VALIDATION: self.draw_validation})

    def stem(self, size: Size) -> str:
        """Return the name of the figure's files without the ending. Each grid has its own files."""
        return self.name if size == "standard" else f"{self.name}-{size}"

    def axes(self, size: Size, *, seeds: int | None = None) -> Axes:
        """Return the grid of a size, with the figure's own seeds or with seeds 0 to `seeds` − 1."""
        grids = {"quick": self.quick_grid, "standard": self.grid, "full": self.full_grid or self.grid}
        axes = dict(grids[size])
        if seeds is not None:
            axes["seed"] = tuple(range(seeds))
        return axes
