"""The function that sweeps call: train one chunk of lanes of the standard problem, stop them, and evaluate them."""

import numpy as np

from sharedtrunk.experiments._draw import Draw, draw_lanes
from sharedtrunk.experiments._follow import follow
from sharedtrunk.experiments._relu_lanes import draw_evaluation_data, relu_lanes
from sharedtrunk.experiments._stopped import stop_and_value
from sharedtrunk.experiments.problems import StandardSettings


def standard_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Train the lanes of one chunk, stop them by both rules, and evaluate them.

    A baseline is trained as a joint lane whose auxiliary task has weight 0: the main task trains as if alone, in the same
    compiled program as the joint lanes.

    Parameters
    ----------
    settings
        `StandardSettings` as JSON data; `tasks` is 1 for baselines, and 2 or more for joint lanes.
    lanes
        Values of every lane by name: `n_samples` and `seed`, which all share, `s_main` and, for joint lanes, `s_aux` and
        `relatedness`, all as `draw_chunk` takes them. Joint lanes may share an `n_aux` ≥ `n_samples`: the points of every
        auxiliary task, of which the first `n_samples` are the main task's.

    Returns
    -------
    dict of arrays (lane, …)
        `result` codes; `loss` (nats) at the minimum of the generalization loss and `loss_honest` at that of the validation
        loss, each with its numerical error (`_error`), its value by every scramble (`_scrambles`), the error's part that does
        not come from scrambles (`_refinement`), `accuracy` and `stop`. At the oracle's stop also `weights`, the
        main task's composite W (lane, class, feature), `slope` = M − ∇F(W) = −∇L(W), which the bounds (22)–(23) need, and
        `slope_error` (lane,), the error of its Frobenius norm. ReLU students have none of these three; their losses are
        means over blocks of fresh inputs, one "scramble" each. `label_flips`, `smallest_class` and `largest_class` describe
        the main task's training labels.

    Raises
    ------
    InputError
        For settings or lanes out of range, and lanes that do not share what they must.
    """
    parsed = StandardSettings.parse(settings)
    draw = draw_lanes(parsed, lanes)
    if parsed.activation == "linear":
        values = stop_and_value(parsed, draw, follow(parsed, draw))
    else:
        values = relu_lanes(parsed, draw, draw_evaluation_data(parsed, draw, int(lanes[0]["seed"])))
    return values | describe_labels(parsed, draw)


def describe_labels(settings: StandardSettings, draw: Draw) -> dict[str, np.ndarray]:
    """The main task's training labels: the share that noise flipped, and the shares of the rarest and commonest class."""
    labels = np.asarray(draw.labels[0])
    shares = (labels[:, :, None] == np.arange(settings.classes)).mean(axis=1)
    return {
        "label_flips": (labels != np.asarray(draw.clean_labels)).mean(axis=1),
        "smallest_class": shares.min(axis=1),
        "largest_class": shares.max(axis=1),
    }
