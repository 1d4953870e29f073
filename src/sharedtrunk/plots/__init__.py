"""Dataset → matplotlib: knows no JAX, trains nothing, judges nothing.

`stripes_figure` composes the summary figures (2 and 3): oracle stopping large, honest stopping beside it, theory drawn
over it; `panels_figure` the appendix figures (A1–A4); `forest_figure` Table 1, numbers against what is claimed of them;
`matrix_figure` verdicts of many statements under many choices; `advice_figure` what auxiliary tasks bring to a main task,
and `affinity_figure` what all tasks of a table bring to each other. `house_style` fixes fonts and sizes whatever the user's
matplotlibrc says, and `render` gives the bytes of a PNG or PDF, the same each time.
"""

from sharedtrunk.plots._advice import Curves as Curves
from sharedtrunk.plots._advice import advice_figure as advice_figure
from sharedtrunk.plots._affinity import Paired as Paired
from sharedtrunk.plots._affinity import affinity_figure as affinity_figure
from sharedtrunk.plots._curve import Here as Here
from sharedtrunk.plots._curve import Point as Point
from sharedtrunk.plots._effects import Bar as Bar
from sharedtrunk.plots._forest import Mark as Mark
from sharedtrunk.plots._forest import Statement as Statement
from sharedtrunk.plots._forest import forest_figure as forest_figure
from sharedtrunk.plots._matrix import Cell as Cell
from sharedtrunk.plots._matrix import matrix_figure as matrix_figure
from sharedtrunk.plots._names import printable as printable
from sharedtrunk.plots._palette import relatedness_colour as relatedness_colour
from sharedtrunk.plots._palette import relatedness_marker as relatedness_marker
from sharedtrunk.plots._panels import draw_panel as draw_panel
from sharedtrunk.plots._panels import panels_figure as panels_figure
from sharedtrunk.plots._render import render as render
from sharedtrunk.plots._stripes import Stripes as Stripes
from sharedtrunk.plots._stripes import draw_stripes as draw_stripes
from sharedtrunk.plots._stripes import stripes_figure as stripes_figure
from sharedtrunk.plots._style import house_style as house_style
from sharedtrunk.plots._trajectories import draw_errors as draw_errors
from sharedtrunk.plots._trajectories import draw_trajectories as draw_trajectories
from sharedtrunk.plots._trajectories import trajectories_figure as trajectories_figure
from sharedtrunk.plots._verdicts import effect_sign as effect_sign
from sharedtrunk.plots._verdicts import verdict_sign as verdict_sign
