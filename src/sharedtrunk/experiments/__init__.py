"""From settings to numbers: the standard problem as functions that train one chunk of lanes.

This package joins teachers, students and benefit. `sweeps` calls `standard_lanes` by name in a worker process without
knowing what it does; `paper.figures` chooses the lanes and draws the results. `problems` holds the settings and needs no
JAX, so figures can import it where JAX is not installed. Everything else is loaded when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from sharedtrunk.experiments.problems import RELU_RTOL as RELU_RTOL
from sharedtrunk.experiments.problems import RELU_START_SCALE as RELU_START_SCALE
from sharedtrunk.experiments.problems import RankOneProblem as RankOneProblem
from sharedtrunk.experiments.problems import StandardProblem as StandardProblem
from sharedtrunk.experiments.problems import StandardSettings as StandardSettings

if TYPE_CHECKING:
    from sharedtrunk.experiments._decay_lanes import decay_lanes as decay_lanes
    from sharedtrunk.experiments._draw import Draw as Draw
    from sharedtrunk.experiments._draw import draw_chunk as draw_chunk
    from sharedtrunk.experiments._draw import draw_lanes as draw_lanes
    from sharedtrunk.experiments._draw import draw_teachers as draw_teachers
    from sharedtrunk.experiments._follow import follow as follow
    from sharedtrunk.experiments._rank_one_lanes import rank_one_lanes as rank_one_lanes
    from sharedtrunk.experiments._standard_lanes import standard_lanes as standard_lanes
    from sharedtrunk.experiments._stopped import stop_and_value as stop_and_value
    from sharedtrunk.experiments._stopped import stopped_students as stopped_students

_FILES = {
    "decay_lanes": "_decay_lanes",
    "Draw": "_draw",
    "draw_chunk": "_draw",
    "draw_lanes": "_draw",
    "draw_teachers": "_draw",
    "follow": "_follow",
    "rank_one_lanes": "_rank_one_lanes",
    "standard_lanes": "_standard_lanes",
    "stop_and_value": "_stopped",
    "stopped_students": "_stopped",
}
"""The file of every public name that needs JAX."""


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_FILES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_FILES]
