"""From settings to numbers: the standard problem as a function that trains one chunk of lanes.

This is where teachers, students and benefit meet. `sweeps` calls `standard_lanes` by name in a worker process and knows
nothing of what it does; `figures` says which lanes to train and what to make of them.
"""

from sharedtrunk.experiments._draw import Draw as Draw
from sharedtrunk.experiments._draw import draw_chunk as draw_chunk
from sharedtrunk.experiments._draw import draw_lanes as draw_lanes
from sharedtrunk.experiments._follow import follow as follow
from sharedtrunk.experiments._rank_one_lanes import rank_one_lanes as rank_one_lanes
from sharedtrunk.experiments._standard_lanes import standard_lanes as standard_lanes
from sharedtrunk.experiments._stopped import stop_and_value as stop_and_value
from sharedtrunk.experiments.problems import RELU_RTOL as RELU_RTOL
from sharedtrunk.experiments.problems import RELU_START_SCALE as RELU_START_SCALE
from sharedtrunk.experiments.problems import StandardSettings as StandardSettings
