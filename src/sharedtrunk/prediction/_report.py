"""A prediction in words: the rows of a table, and JSON data. Who draws the table is not decided here."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from sharedtrunk import _json
from sharedtrunk._statistics import estimate, mean_and_error
from sharedtrunk.prediction._prediction import Prediction

COLUMNS = ("way", "benefit ± 95 %", "bounds", "loss", "stop")
_NOTHING = "–"
CAPTION = (
    "Means over seeds in nats; ± half the t-interval; bounds (24), (25) at the stopped weights; loss and stopping time of "
    "A alone → with B."
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
        found.append((name, _benefit(way.benefit), bounds, losses, stops))
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
        columns = {key: _listed(value) for key, value in vars(way).items() if value is not None}
        mean = {key: _finite(value) for key, value in dataclasses.asdict(way.estimate()).items()}
        ways[name] = {"benefit_mean": mean, **columns, "failures": way.failures}
    return {
        "setting": dataclasses.asdict(made.setting),
        "problem": dict(made.problem),
        "seeds": list(made.seeds),
        "units": {"benefit, error, bounds, losses": "nats", "stops": "training time"},
        "ways": ways,
        "sentence": made.sentence,
    }


def _benefit(values: np.ndarray) -> str:
    found = estimate(values)
    if found.n == 0:
        return _NOTHING
    if found.n == 1:
        return f"{found.mean:+.3f}, no error"
    return f"{found.mean:+.3f} ± {found.high - found.mean:.3f}"


def _both(form: str, first: np.ndarray, second: np.ndarray, number: str) -> str:
    means = [mean_and_error(values, axis=0)[0] for values in (first, second)]
    if np.isnan(means).all():
        return _NOTHING
    return form.format(*(_NOTHING if np.isnan(mean) else format(float(mean), number) for mean in means))


def _listed(values: np.ndarray) -> list:
    return [_finite(value) for value in values.tolist()]


def _finite(value):
    return value if isinstance(value, int) or np.isfinite(value) else None
