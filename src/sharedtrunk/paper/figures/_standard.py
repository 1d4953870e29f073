"""The standard problem of the paper's figures, as data.

Here is everything that decides a lane's numbers, apart from the lane's setting and seed. It goes as JSON to the worker
that trains the lane, and into the attributes of the dataset. The paper does not give the number of features, the hidden
width, the noise, the start and the step; the values here are our choice, and the figure `sensitivity` varies them.
"""

from dataclasses import asdict, dataclass
from typing import Literal

from sharedtrunk.errors import invalid
from sharedtrunk.paper.contrasts import HIGH_SNR

POINT_FUNCTIONS = {
    "students": "sharedtrunk.experiments:standard_lanes",
    "closure": "sharedtrunk.prediction:closure_lanes",
    "population": "sharedtrunk.prediction:population_lanes",
}
"""The function that computes a chunk of lanes, as "module:function", by role. Only workers import it."""

TRAININGS = ("flow", "descent")

RESULT_FLAGS = {
    0: "trained; the minimum of the generalization loss is bracketed",
    1: "diverged: the weights stopped being finite numbers",
    2: "the solver used up its steps before the last time asked for",
    3: "the minimum of the generalization or the validation loss was not bracketed by the time limit",
    4: "ran away: the weights grew beyond the ceiling before the minimum of the loss was bracketed",
    5: "the quadrature rule is too coarse: its error is no longer small beside the drive of the weights",
}
"""The meaning of each result code: the messages of `sharedtrunk.flows.trajectory.Result`, which needs JAX."""

NOT_BRACKETED = 3

# Lanes in a chunk. The 35 lanes of a linear group train in about a second. ReLU lanes gain nothing from a large batch,
# so their chunks are small, and an interruption loses little.
CHUNK_LIMITS = {"linear": 36, "relu": 4}
# Theory computes a whole group at once, whose lanes share the sample's covariance.
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


@dataclass(frozen=True)
class StandardProblem:
    """Teachers, students, training and quadrature of the standard problem."""

    classes: int = 10
    rank: int = 10
    features: int = 100
    hidden: int = 100
    noise: float = 1.0
    alpha: tuple[float, ...] = (1.0, 1.0)
    start: Literal["random", "aligned"] = "random"
    start_scale: float | tuple[float, float] = 0.3  # for all layers, or for trunk and heads, times N(0, 1/fan_in)
    hidden_layers: int = 1
    activation: Literal["linear", "relu"] = "linear"
    training: str = "flow"
    step: float = 0.1  # descent's step size, without effect on flow
    rtol: float = 1e-4  # flow's relative tolerance, without effect on descent
    time_limit: float = 500.0
    precision: Literal["float32", "float64"] = "float32"
    coarse_points: int = 256
    fine_points: int = 1024
    scrambles: int = 24
    fresh_points: int = 24576  # inputs on which a ReLU student is evaluated, in as many blocks as there are scrambles
    validation_fraction: float = 0.25

    def __post_init__(self):
        if self.training not in TRAININGS:
            raise invalid(
                f"training is one of {', '.join(TRAININGS)}",
                received=repr(self.training),
                hint="Leave it out for the continuous-time flow.",
            )

    def settings(self) -> dict[str, object]:
        """Return the problem as JSON data, with lists for tuples."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
