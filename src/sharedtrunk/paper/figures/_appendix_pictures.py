"""The pictures of the appendix figures (A1–A4): a panel for every row and column, one picture for each way of stopping."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from sharedtrunk.paper.figures._title_and_note import STOPPINGS, marked, over_seeds

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

    Draw = Callable[[xarray.Dataset], matplotlib.figure.Figure]

COLUMNS = "s_main"


def cube_pictures(title: str, *, rows: str, row_label: str, fixed: str | None = None) -> "tuple[Draw, Draw]":
    """Return the functions that draw a cube under oracle and under validation stopping, as `draw_cube` does."""
    draw = functools.partial(draw_cube, title=title, rows=rows, row_label=row_label, fixed=fixed)
    oracle, validation = (functools.partial(draw, variable=variable) for variable in STOPPINGS)
    return oracle, validation


def draw_cube(
    dataset: "xarray.Dataset", *, variable: str, rows: str, row_label: str, title: str, fixed: str | None = None
) -> "matplotlib.figure.Figure":
    """Draw a benefit in panels: the main task's SNR grows to the right, and each relatedness has a line.

    The closure's benefit is drawn under oracle stopping alone, which is what it predicts.

    Parameters
    ----------
    dataset
        The benefits.
    variable
        The benefit to draw, by its name in the dataset.
    rows, row_label
        The axis that grows downwards, and its name in the picture.
    title
        Text above the panels.
    fixed
        An axis of one value, which the picture leaves out.
    """
    from sharedtrunk.paper import pictures  # matplotlib, only where a picture is drawn

    shown = dataset if fixed is None else dataset.isel({fixed: 0})
    means = over_seeds(dataset, variable)
    return pictures.panels_figure(
        shown[variable],
        rows=rows,
        columns=COLUMNS,
        title=f"{marked(title, dataset)}\n{STOPPINGS[variable]}",
        row_label=row_label,
        column_label="s_main",
        note=f"{means[0].upper()}{means[1:]} (shaded). Every row has a scale of its own.\n"
        "Columns: the main task's SNR (singular value s_main); across a panel: the auxiliary task's (s_aux).",
        theory=shown["benefit_closure"] if variable == "benefit" and "benefit_closure" in shown else None,
    )
