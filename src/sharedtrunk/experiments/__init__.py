"""From settings to numbers: the standard problem as a function that trains one chunk of lanes.

This is where teachers, students and benefit meet. `sweeps` calls `standard_lanes` by name in a worker process and knows
nothing of what it does; `figures` says which lanes to train and what to make of them.
"""

from sharedtrunk.experiments._draw import Draw as Draw
from sharedtrunk.experiments._draw import draw_chunk as draw_chunk
from sharedtrunk.experiments._lanes import follow as follow
from sharedtrunk.experiments._lanes import standard_lanes as standard_lanes
from sharedtrunk.experiments._lanes import stop_and_value as stop_and_value
from sharedtrunk.experiments._settings import StandardSettings as StandardSettings
