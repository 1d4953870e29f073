"""The quick simulation: the students of a draw, trained, stopped and valued as the figures' lanes are."""

from sharedtrunk.experiments import Draw, StandardSettings, follow, stopped_students
from sharedtrunk.flows.stopped import Stops
from sharedtrunk.prediction._theory import lanes_of


def simulated_arm(problem: StandardSettings, draw: Draw, lanes: slice) -> Stops:
    """Some lanes of a draw through the standard training; `problem.tasks` is 1 for baselines.

    Each stop has a result of its own: an open validation loss leaves the oracle's minimum where it is.
    """
    part = lanes_of(draw, lanes)
    return stopped_students(problem, part, follow(problem, part))
