"""The grids of the paper's figures, and the functions that compute their lanes.

Everything else that decides a lane's numbers is in `experiments.problems.StandardProblem`.
"""

from sharedtrunk.flows.result import Result
from sharedtrunk.paper.contrasts import HIGH_SNR

POINT_FUNCTIONS = {
    "students": "sharedtrunk.experiments:standard_lanes",
    "closure": "sharedtrunk.prediction:closure_lanes",
    "population": "sharedtrunk.prediction:population_lanes",
}
"""`module:function` that works out one chunk of lanes, by role; imported by the worker, never here."""

RESULT_FLAGS = {int(result): result.message for result in Result}
"""What a lane's result code means, for the attributes of a dataset."""

# A linear group's 35 lanes are one chunk, a second's work, which the point function cuts to the cache; ReLU lanes take
# as long one by one.
CHUNK_LIMITS = {"linear": 36, "relu": 4}
# Theory takes a whole group at once: its lanes share the sample's covariance.
THEORY_CHUNK_LIMIT = 36

SAMPLE_COUNTS = (100, 200, 400, 800, 1600)
SINGULAR_VALUES = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
RELATEDNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
SEEDS = (0, 1, 2, 3, 4)
CLEAN_VALUES = tuple(value for value in SINGULAR_VALUES if value >= HIGH_SNR)

STANDARD_CUBE = {
    "n_samples": SAMPLE_COUNTS,
    "s_main": SINGULAR_VALUES,
    "s_aux": SINGULAR_VALUES,
    "relatedness": RELATEDNESS,
    "seed": SEEDS,
}
"""The standard problem's grid (Figure A1)."""

QUICK_CUBE = {
    "n_samples": (100, 400, 1600),
    "s_main": (0.1, 1.0, 10.0),
    "s_aux": (0.1, 1.0, 10.0),
    "relatedness": (0.0, 0.5, 1.0),
    "seed": (0, 1),
}
"""A part of it, for a first look in seconds."""
