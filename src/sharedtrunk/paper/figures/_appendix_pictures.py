"""The picture shared by the appendix figures (A1–A4): a panel for every row and column, honest stopping a twin of it."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from sharedtrunk.paper.figures._title_and_note import marked, over_seeds

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

    Draw = Callable[[xarray.Dataset], matplotlib.figure.Figure]

COLUMNS = "s_main"
STOPPINGS = {
    "benefit": "oracle stopping (test loss, as the paper)",
    "benefit_honest": "honest stopping (validation loss)",
}


def cube_pictures(title: str, *, rows: str, row_label: str, fixed: str | None = None) -> "tuple[Draw, Draw]":
    """What draws a cube under oracle stopping, and what draws it under honest stopping."""
    draw = functools.partial(draw_cube, title=title, rows=rows, row_label=row_label, fixed=fixed)
    return functools.partial(draw, variable="benefit"), functools.partial(draw, variable="benefit_honest")


def draw_cube(
    dataset: "xarray.Dataset", *, variable: str, rows: str, row_label: str, title: str, fixed: str | None = None
) -> "matplotlib.figure.Figure":
    """Draw `variable` (a benefit) in panels: `rows` downwards, the main task's SNR to the right, one line per relatedness.

    `fixed` names an axis of one value, which is left out. The closure's benefit is drawn over oracle stopping, which is
    what it predicts.
    """
    from sharedtrunk.paper import pictures  # matplotlib, only where a picture is drawn

    shown = dataset if fixed is None else dataset.isel({fixed: 0})
    closure = shown["benefit_closure"] if variable == "benefit" and "benefit_closure" in shown else None
    return pictures.panels_figure(
        shown[variable],
        rows=rows,
        columns=COLUMNS,
        title=f"{marked(title, dataset)}\n{STOPPINGS[variable]}",
        row_label=row_label,
        column_label="s_main",
        note=f"{over_seeds(dataset, variable).capitalize()} (shaded). Columns: the main task's SNR (singular value s_main);\n"
        "across a panel: the auxiliary task's (s_aux).",
        theory=closure,
    )
