"""The students of Figure 3, right, and of Figure A4: ReLU students with 1–4 hidden layers, and two linear students.

A student with a nonlinearity has no composite weights: its loss is sampled on inputs that all lanes of a seed share. One
start serves all depths, `experiments.RELU_START_SCALE`: N(0, 1/fan_in) in the trunk, and 0.3 times such weights in the heads,
so that the student starts near chance and every depth learns. Because the start alone changes benefits, there is a second
linear student, with the start of the ReLU students.
"""

from sharedtrunk.experiments.problems import RELU_RTOL, RELU_START_SCALE
from sharedtrunk.paper.claims.captions import LINEAR, LINEAR_ALIKE

DIM = "student"
POINTS = 800
DEPTHS = (1, 2, 3, 4)


def name_of(depth: int) -> str:
    """The name of a ReLU student."""
    return f"ReLU, {depth} layer{'s' * (depth > 1)}"


RELU_START = list(RELU_START_SCALE)
RELU = {"activation": "relu", "start_scale": RELU_START, "rtol": RELU_RTOL}
STUDENTS = {LINEAR: {}, LINEAR_ALIKE: {"start_scale": RELU_START}}
STUDENTS |= {name_of(depth): {**RELU, "hidden_layers": depth} for depth in DEPTHS}
"""The students by name, each with the settings in which it differs from the standard one."""
