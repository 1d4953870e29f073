"""The point function: train one chunk of lanes of the standard problem, stop them, and value what they learned."""

import numpy as np

from sharedtrunk.experiments._draw import Draw, draw_lanes
from sharedtrunk.experiments._follow import follow
from sharedtrunk.experiments._relu_lanes import draw_fresh, relu_lanes
from sharedtrunk.experiments._stopped import stop_and_value
from sharedtrunk.experiments.problems import StandardSettings


def standard_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Train the lanes of one chunk and return, lane by lane, losses, accuracies, stopping times and result codes.

    `lanes` share `n_samples` and `seed`; each has `s_main` and, for a joint lane (`settings["tasks"]` = 2), `s_aux` and
    `relatedness`. Joint lanes may share an `n_aux` ≥ `n_samples`: the auxiliary task's points, of which the first
    `n_samples` are the main task's. A baseline (1) is trained as a joint lane whose auxiliary task has weight 0, which
    leaves the main task as it is alone, and shares the joint lanes' compiled program.

    Losses in nats: at the minimum over time of the generalization loss (`loss`) and of the validation loss
    (`loss_honest`), each with its estimated numerical error (`_error`), its value by every scramble of the quadrature
    rule (`_scrambles`) and what the saved times leave open (`_refinement`). Of the oracle's stop also `weights`,
    the main task's composite W (lane, class, feature); `slope` (the same shape) = M − ∇F(W) = −∇L(W), of which the bounds
    (22)–(23) are made; and `slope_error` (lane,), the numerical error of the slope's Frobenius norm. ReLU students have none
    of these three; their losses are means over blocks of fresh inputs, one "scramble" each (see `_relu_lanes`).

    Raises `InputError` for settings or lanes out of range, and lanes that do not share what they must.
    """
    parsed = StandardSettings.parse(settings)
    draw = draw_lanes(parsed, lanes)
    if parsed.activation == "linear":
        values = stop_and_value(parsed, draw, follow(parsed, draw))
    else:
        values = relu_lanes(parsed, draw, draw_fresh(parsed, draw, int(lanes[0]["seed"])))
    return values | describe_labels(parsed, draw)


def describe_labels(settings: StandardSettings, draw: Draw) -> dict[str, np.ndarray]:
    """What the main task's training labels are like: the share that noise flipped, the rarest and commonest class."""
    labels = np.asarray(draw.labels[0])
    shares = (labels[:, :, None] == np.arange(settings.classes)).mean(axis=1)
    return {
        "label_flips": (labels != np.asarray(draw.clean_labels)).mean(axis=1),
        "smallest_class": shares.min(axis=1),
        "largest_class": shares.max(axis=1),
    }
