"""Point functions of theory: the lanes of a sweep by the Gaussian closure, and by the population flow.

They take the settings and lanes of `experiments.standard_lanes`, and meet the same teachers, inputs, labels and starts.
`sweeps` calls them by name in a worker process; a worker is one thread.
"""

import numpy as np

from sharedtrunk._support.statistics import t_factor
from sharedtrunk.errors import invalid
from sharedtrunk.experiments import Draw, StandardSettings, draw_lanes
from sharedtrunk.prediction._arms import Arm
from sharedtrunk.prediction._theory import closure_arm, population_arm

CONFIDENCE = 0.99


def closure_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """The Gaussian closure of each lane's sample (8), followed to the minimum of its generalization loss.

    Returns, lane by lane, `loss` (nats) with its numerical error `loss_error`, `stop` and the `result` code; a lane whose
    closure failed is NaN with its code. Lanes as in `standard_lanes`. Raises `InputError` as `standard_lanes`, and for
    students that are not linear.
    """
    parsed = _linear(settings)
    draw = draw_lanes(parsed, lanes)
    return _told(closure_arm(draw, _weights(parsed, draw), parsed.time_limit, workers=1))


def population_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """The flow on infinite data from each lane's noisy teachers (2), (8), to the minimum of its generalization loss.

    Returns the same four as `closure_lanes`; a lane whose minimum is not bracketed by the time limit has the lowest loss seen
    and that code. Lanes share `seed` and know no number of samples. Raises `InputError` as
    `closure_lanes`.
    """
    parsed = _linear(settings)
    # whoever draws teachers draws inputs too: one will do
    without = [{name: value for name, value in lane.items() if name != "n_aux"} | {"n_samples": 1} for lane in lanes]
    draw = draw_lanes(parsed, without)
    return _told(population_arm([draw], _weights(parsed, draw), parsed.time_limit, workers=1))


def _linear(settings: dict) -> StandardSettings:
    parsed = StandardSettings.parse(settings)
    if parsed.activation != "linear":
        raise invalid(
            "Theory is for linear students", received=parsed.activation, hint="Leave theory out of this figure"
        )
    return parsed


def _weights(settings: StandardSettings, draw: Draw) -> np.ndarray:
    return np.tile(np.asarray(settings.task_weights), (draw.moments.shape[0], 1))


def _told(arm: Arm) -> dict[str, np.ndarray]:
    count = arm.scrambles.shape[1]
    spread = arm.scrambles.std(axis=1, ddof=1) / count**0.5
    return {
        "loss": arm.loss,
        "loss_error": t_factor(count, CONFIDENCE) * spread + arm.refinement,
        "stop": arm.time,
        "result": arm.result.astype(np.int8),
    }
