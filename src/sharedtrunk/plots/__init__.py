"""What all pictures share: style, palette, signs of verdicts, line breaks, and writing a figure to bytes.

The pictures themselves are elsewhere: those of advice in `affinity`, those of the paper in `paper.pictures`. Nothing here
needs JAX, trains or judges.
"""

from sharedtrunk.plots._names import name_lines as name_lines
from sharedtrunk.plots._names import printable as printable
from sharedtrunk.plots._number_text import decimals as decimals
from sharedtrunk.plots._number_text import signed as signed
from sharedtrunk.plots._number_text import with_interval as with_interval
from sharedtrunk.plots._palette import relatedness_colour as relatedness_colour
from sharedtrunk.plots._palette import relatedness_legend as relatedness_legend
from sharedtrunk.plots._palette import relatedness_marker as relatedness_marker
from sharedtrunk.plots._render import render as render
from sharedtrunk.plots._style import house_style as house_style
from sharedtrunk.plots._verdicts import VerdictSign as VerdictSign
from sharedtrunk.plots._verdicts import effect_sign as effect_sign
from sharedtrunk.plots._verdicts import verdict_sign as verdict_sign
from sharedtrunk.plots._wrapping import wrapped as wrapped
