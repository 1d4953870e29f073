"""Dataset → matplotlib: knows no JAX, trains nothing, judges nothing.

`benefit_by_snr` forms the averages that the paper's summary figures show, `draw_stripes` draws them on axes,
`stripes_figure` composes the picture of Figure 2: oracle stopping large, honest stopping beside it. `house_style`
fixes fonts and sizes whatever the user's matplotlibrc says, and `render` gives the bytes of a PNG or PDF, the same
each time.
"""

from sharedtrunk.plots._averages import HIGH_SNR as HIGH_SNR
from sharedtrunk.plots._averages import LOW_SNR as LOW_SNR
from sharedtrunk.plots._averages import average as average
from sharedtrunk.plots._averages import benefit_by_snr as benefit_by_snr
from sharedtrunk.plots._palette import relatedness_colour as relatedness_colour
from sharedtrunk.plots._palette import relatedness_marker as relatedness_marker
from sharedtrunk.plots._render import render as render
from sharedtrunk.plots._stripes import draw_stripes as draw_stripes
from sharedtrunk.plots._stripes import stripes_figure as stripes_figure
from sharedtrunk.plots._style import house_style as house_style
