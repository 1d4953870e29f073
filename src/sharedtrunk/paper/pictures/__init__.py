"""The forms of the paper's pictures: arrays with labels in, a matplotlib figure out.

- `trajectories_figure`, Figure 1: curves over training, and how far theory is from them
- `stripes_figure`, Figures 2 and 3: oracle stopping large, validation stopping beside it
- `panels_figure`, Figures A1–A4: a panel for every row and column
- `forest_figure`, Table 1: numbers with their intervals, and where the claims say that they lie
- `matrix_figure`, sensitivity: verdicts of statements under choices
- `curves_figure`, weight decay: theory and simulation over one thing at a time

Nothing here reads a file, judges or needs JAX.
"""

from sharedtrunk.paper.pictures._curve_panels import Curve as Curve
from sharedtrunk.paper.pictures._curve_panels import Panel as Panel
from sharedtrunk.paper.pictures._curve_panels import curves_figure as curves_figure
from sharedtrunk.paper.pictures._forest import Number as Number
from sharedtrunk.paper.pictures._forest import Statement as Statement
from sharedtrunk.paper.pictures._forest import forest_figure as forest_figure
from sharedtrunk.paper.pictures._panel_grid import draw_panel as draw_panel
from sharedtrunk.paper.pictures._panel_grid import panels_figure as panels_figure
from sharedtrunk.paper.pictures._stripes import Stripes as Stripes
from sharedtrunk.paper.pictures._stripes import draw_stripes as draw_stripes
from sharedtrunk.paper.pictures._stripes import stripes_figure as stripes_figure
from sharedtrunk.paper.pictures._trajectories import draw_errors as draw_errors
from sharedtrunk.paper.pictures._trajectories import draw_trajectories as draw_trajectories
from sharedtrunk.paper.pictures._trajectories import trajectories_figure as trajectories_figure
from sharedtrunk.paper.pictures._verdict_matrix import Cell as Cell
from sharedtrunk.paper.pictures._verdict_matrix import matrix_figure as matrix_figure
