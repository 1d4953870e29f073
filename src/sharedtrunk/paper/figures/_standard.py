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
"""The function that computes a chunk of lanes, as "module:function", by role. Only workers import it."""

RESULT_FLAGS = {int(result): result.message for result in Result}
"""What a lane's result code means, for the attributes of a dataset."""

# Lanes in a chunk. The 35 lanes of a linear group train in about a second. ReLU lanes gain nothing from a large batch,
# so their chunks are small, and an interruption loses little.
CHUNK_LIMITS = {"linear": 36, "relu": 4}
# Theory computes a whole group at once, because its lanes share the sample's covariance.
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
"""The grid of the standard problem (Figure A1)."""

QUICK_CUBE = {
    "n_samples": (100, 400, 1600),
    "s_main": (0.1, 1.0, 10.0),
    "s_aux": (0.1, 1.0, 10.0),
    "relatedness": (0.0, 0.5, 1.0),
    "seed": (0, 1),
}
"""A part of the standard grid, for a first look in seconds."""
