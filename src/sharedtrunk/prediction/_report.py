"""A prediction in words: the rows of a table, and JSON data. Who draws the table is not decided here."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from sharedtrunk._support import json_files as _json
from sharedtrunk._support.statistics import estimate, mean_and_error
from sharedtrunk.prediction._prediction import Prediction, Way

COLUMNS = ("way", "benefit ± 95 %", "bounds", "loss", "stop")
_NOTHING = "–"
CAPTION = (
    "Means over seeds in nats; ± half the t-interval; bounds (24), (25) at the stopped weights; loss and stopping time of "
    "A alone → with B."
)

UNFINISHED = "so far"
"""Stands before a benefit of which an arm had not reached its minimum by the time limit."""


def caption(made: Prediction) -> str:
    """What the columns mean, and which rows are unfinished.

    Parameters
    ----------
    made
        The prediction whose rows stand in the table.

    Returns
    -------
    str
        `CAPTION`, and a sentence more where a row of `rows` says "so far".
    """
    late = [f"{name} {way.unreached} of {len(made.seeds)}" for name, way in made.ways.items() if not way.finished]
    if not late:
        return CAPTION
    return (
        f"{CAPTION} {UNFINISHED}: the lowest losses by the time limit, not yet a minimum, so the benefit may still change "
        f"(seeds: {', '.join(late)})."
    )


def title(made: Prediction) -> str:
    """The setting, in one line."""
    at = made.setting
    return (
        f"Benefit of B for A: {at.samples} samples, s_main {at.s_main:g}, s_aux {at.s_aux:g}, "
        f"relatedness {at.relatedness:g}, {len(made.seeds)} seeds"
    )


def rows(made: Prediction) -> list[tuple[str, ...]]:
    """One row per way, in the order of `COLUMNS`; one more for honest stopping, where it is known."""
    found = []
    for name, way in made.ways.items():
        bounds = _both("[{}, {}]", way.lower, way.upper, "+.3f")
        losses = _both("{}→{}", way.loss_single, way.loss_joint, ".3f")
        stops = _both("{}→{}", way.stop_single, way.stop_joint, ".1f")
        found.append((name, _marked(way), bounds, losses, stops))
        if way.benefit_honest is not None:
            found.append(("… honest stop", _benefit(way.benefit_honest), "", "", ""))
    return found


def write_json(path: str | os.PathLike[str], made: Prediction) -> None:
    """Write the prediction with every seed's numbers, whole or not at all. Raises `InputError`."""
    _json.write_json(Path(path), as_json(made))


def as_json(made: Prediction) -> dict[str, Any]:
    """As JSON data; what is not a number is None."""
    ways = {}
    for name, way in made.ways.items():
        columns = {key: value.tolist() for key, value in vars(way).items() if value is not None}
        mean = dataclasses.asdict(way.estimate())
        state = {"finished": way.finished, "unfinished_seeds": way.unreached, "failures": way.failures}
        ways[name] = {"benefit_mean": mean, **columns, **state}
    plain = {
        "setting": dataclasses.asdict(made.setting),
        "problem": dict(made.problem),
        "seeds": list(made.seeds),
        "units": {"benefit, error, bounds, losses": "nats", "stops": "training time"},
        "ways": ways,
        "sentence": made.sentence,
    }
    return _json.without_nan(plain)


def _marked(way: Way) -> str:
    """The benefit as the table shows it; one that is not final says so."""
    return _benefit(way.benefit) if way.finished else f"{UNFINISHED} {_benefit(way.benefit)}"


def _benefit(values: np.ndarray) -> str:
    found = estimate(values)
    if found.n == 0:
        return _NOTHING
    error = ", no error" if found.n == 1 else f" ± {found.high - found.mean:.3f}"
    # a mean over some of the seeds is not that of all
    some = f" ({found.n} of {len(values)} seeds)" if found.left_out else ""
    return f"{found.mean:+.3f}{error}{some}"


def _both(form: str, first: np.ndarray, second: np.ndarray, number: str) -> str:
    means = [mean_and_error(values, axis=0)[0] for values in (first, second)]
    if np.isnan(means).all():
        return _NOTHING
    return form.format(*(_NOTHING if np.isnan(mean) else format(float(mean), number) for mean in means))
