"""Lanes of theory as functions that a sweep can call: one for the Gaussian closure, one for the population flow.

They take the settings and lanes of `experiments.standard_lanes` and draw the same teachers, inputs, labels and starts.
`sweeps` calls them by name in a worker process, which has one thread.
"""

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.experiments import Draw, StandardSettings, draw_lanes
from sharedtrunk.flows.stopped import Stopped
from sharedtrunk.prediction._arms import closure_arm, population_arm


def closure_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """The Gaussian closure of each lane's sample (8), to the minimum of its generalization loss.

    Parameters
    ----------
    settings, lanes
        See `experiments.standard_lanes`; students must be linear.

    Returns
    -------
    dict
        Lane by lane: `loss` in nats, `loss_error`, half of its 99 % interval, `stop` in training time, and the `result`
        code. A lane whose closure failed is NaN with its code.

    Raises
    ------
    InputError
        Where `experiments.standard_lanes` raises it, and for students that are not linear.
    """
    parsed = linear_settings(settings)
    draw = draw_lanes(parsed, lanes)
    return _columns(closure_arm(draw, _weights(parsed, draw), parsed.time_limit, workers=1).oracle)


def population_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """The flow on infinite data from each lane's noisy teachers (2), (8), to the minimum of its generalization loss.

    Parameters
    ----------
    settings, lanes
        See `closure_lanes`. Lanes share `seed`; their number of samples makes no difference.

    Returns
    -------
    dict
        See `closure_lanes`. A lane whose minimum is not bracketed by the time limit has the lowest loss up to then.

    Raises
    ------
    InputError
        Where `closure_lanes` raises it.
    """
    parsed = linear_settings(settings)
    # only the teachers are needed, but inputs are drawn with them: one is enough
    with_one = [{name: value for name, value in lane.items() if name != "n_aux"} | {"n_samples": 1} for lane in lanes]
    draw = draw_lanes(parsed, with_one)
    return _columns(population_arm([draw], _weights(parsed, draw), parsed.time_limit, workers=1).oracle)


def linear_settings(settings: dict) -> StandardSettings:
    """The settings, of linear students: others have no theory."""
    parsed = StandardSettings.parse(settings)
    if parsed.activation != "linear":
        raise invalid(
            "Theory is for linear students", received=parsed.activation, hint="Leave theory out of this figure"
        )
    return parsed


def _weights(settings: StandardSettings, draw: Draw) -> np.ndarray:
    return np.tile(np.asarray(settings.task_weights(len(draw.labels))), (draw.moments.shape[0], 1))


def _columns(stopped: Stopped) -> dict[str, np.ndarray]:
    """A stop as the columns of a dataset."""
    assert stopped.result is not None  # theory always sets it
    return {
        "loss": stopped.loss,
        "loss_error": stopped.error,
        "stop": stopped.time,
        "result": stopped.result.astype(np.int8),
    }
