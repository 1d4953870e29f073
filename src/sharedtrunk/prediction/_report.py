"""A prediction as the rows of a table and as JSON data. The command line draws the table."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sharedtrunk._support import json_files as _json
from sharedtrunk._support.statistics import Estimate, estimate, mean_and_error
from sharedtrunk.prediction._prediction import Answer, Method, Prediction
from sharedtrunk.prediction._task_values import Related

COLUMNS = ("method", "benefit ± 95 %", "bounds", "loss", "stop")
_NOTHING = "–"
_CAPTION = (
    "Means over seeds in nats; ± half the t-interval; loss of A alone → with {}. Training stops early, at the lowest "
    "generalization loss; bounds (24), (25) at the stopped weights."
)
CAPTION = _CAPTION.format("B")

LABELS: dict[Method, str] = {"decay": "infinite size, best weight decay"}
"""Names of the rows that are not those of the methods."""

_EARLY = "to the lowest generalization loss"
_TO_THE_END = "to the minimum with the best weight decay of each arm, N and N_f → ∞"

UNFINISHED = "so far"
"""Marks a benefit whose arms had not both reached their minima by the time limit."""

VALIDATION = "… validation stop"
"""The row of the benefit with validation stopping, under that of the simulation."""


def caption(made: Prediction) -> str:
    """The caption of the table: what the columns mean, which rows are unfinished, and what validation stopping changes.

    Parameters
    ----------
    made
        The prediction in the table.

    Returns
    -------
    str
        `CAPTION`, with the names of all auxiliary tasks; one more sentence where a row of `rows` says "so far", and one where
        there is a row for validation stopping or for weight decay.
    """
    late = [
        f"{name} {answer.unreached} of {len(made.seeds)}" for name, answer in made.ways.items() if not answer.finished
    ]
    words = [_CAPTION.format(made.setting.auxiliaries_in_words)]
    if late:
        words.append(
            f"{UNFINISHED}: the lowest losses up to the time limit are not minima yet, so the benefit may still change "
            f"(seeds: {', '.join(late)})."
        )
    words += [_validation(answer) for answer in made.ways.values() if answer.benefit_honest is not None]
    if "decay" in made.ways:
        words.append(
            f"{LABELS['decay']}: training goes on to its minimum, with the weight decay λ of each arm that has the lowest "
            f"generalization loss, in the limit N, N_f → ∞ at N/N_f = {made.samples_per_feature:g}."
        )
    return " ".join(words)


def _validation(answer: Answer) -> str:
    """How validation stopping changes the benefit, over the seeds that have it with both kinds of stopping."""
    change = estimate(np.asarray(answer.benefit_honest) - answer.benefit)
    added = f"adds {_interval(change)} nats to the benefit" if change.n else "changes the benefit by an unknown amount"
    return (
        f"{VALIDATION}: both arms stop at their lowest loss on held-out noisy labels, as one must in practice; "
        f"that {added}."
    )


def label(method: Method) -> str:
    """The name of a method's row.

    Parameters
    ----------
    method
        The method, as in `Prediction.ways`.

    Returns
    -------
    str
        The method's own name, or the one in `LABELS`.
    """
    return LABELS.get(method, method)


def title(made: Prediction) -> str:
    """The setting in one line, as the title of the table.

    Parameters
    ----------
    made
        The prediction.

    Returns
    -------
    str
        The title.
    """
    at = made.setting
    main = f"Benefit of {at.auxiliaries_in_words} for A: {at.samples} samples, s_main {_values(at.s_main)}"
    tasks = [f"s_aux {_values(values)}, relatedness {_related(related)}" for values, related in at.auxiliaries]
    seeds = f"{len(made.seeds)} seeds"
    if len(tasks) == 1:
        return f"{main}, {tasks[0]}, {seeds}"
    return "; ".join([main, *map("{} {}".format, at.auxiliary_names, tasks), seeds])


def _values(values: float | Sequence[float]) -> str:
    """Singular values: "10", or "(1, 0.5)"."""
    return f"({', '.join(f'{each:g}' for each in values)})" if isinstance(values, Sequence) else f"{values:g}"


def _related(related: Related) -> str:
    """Relatedness: "0.5", "diag(1, 0.5)", or the rows of a matrix, "[1 0.2; 0 0.5]"."""
    if not isinstance(related, tuple):
        return f"{related:g}"
    matrix = np.array(related)
    if matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.diag(np.diag(matrix))):
        return f"diag{_values(np.diag(matrix).tolist())}"
    return f"[{'; '.join(' '.join(f'{each:g}' for each in row) for row in related)}]"


def rows(made: Prediction) -> list[tuple[str, ...]]:
    """One row per method, in the order of `COLUMNS`, and one more for validation stopping where it is known.

    The row of weight decay has λ in the place of a stopping time; without a benefit it says why.

    Parameters
    ----------
    made
        The prediction.

    Returns
    -------
    list of tuple of str
        The texts of the table's cells.
    """
    found = []
    for name, answer in made.ways.items():
        bounds = _two_means("[{}, {}]", answer.lower, answer.upper, "+.3f")
        losses = _two_means("{}→{}", answer.loss_single, answer.loss_joint, ".3f")
        if answer.decay_single is None or answer.decay_joint is None:
            stops = _two_means("{}→{}", answer.stop_single, answer.stop_joint, ".1f")
        else:
            stops = _two_means("λ {}→{}", answer.decay_single, answer.decay_joint, ".2g")
        found.append((label(name), _marked(answer), bounds, losses, stops))
        if answer.benefit_honest is not None:
            found.append((VALIDATION, _benefit(answer.benefit_honest), "", "", ""))
    return found + [(label(name), reason, *(_NOTHING,) * 3) for name, reason in made.refused.items()]


def write_json(path: str | os.PathLike[str], made: Prediction) -> None:
    """Write a prediction with the numbers of every seed as JSON.

    Parameters
    ----------
    path
        The file, written whole or not at all.
    made
        The prediction.

    Raises
    ------
    InputError
        Where the file cannot be written.
    """
    _json.write_json(Path(path), as_json(made))


def as_json(made: Prediction) -> dict[str, Any]:
    """The prediction as JSON data; NaN and infinity become None."""
    ways = {}
    for name, answer in made.ways.items():
        columns = {key: value.tolist() for key, value in vars(answer).items() if value is not None}
        mean = dataclasses.asdict(answer.estimate())
        state = {"finished": answer.finished, "unfinished_seeds": answer.unreached, "failures": answer.failures}
        training = _TO_THE_END if name == "decay" else _EARLY
        ways[name] = {"training": training, "benefit_mean": mean, **columns, **state}
    plain = {
        "setting": dataclasses.asdict(made.setting),
        "problem": dict(made.problem),
        "seeds": list(made.seeds),
        "units": {
            "benefit, error, bounds, losses": "nats",
            "stops": "training time",
            "decays": "nats per squared weight",
        },
        "ways": ways,
        "refused": dict(made.refused),
        "sentence": made.sentence,
    }
    return _json.without_nan(plain)


def _marked(answer: Answer) -> str:
    """The benefit as the table shows it, marked if it is not final. Theory without a value says why."""
    if answer.decay_joint is not None and answer.lost == len(answer.benefit):
        return "none: " + ", ".join(f"{n} of {answer.lost} seeds {why}" for why, n in answer.failures.items())
    return _benefit(answer.benefit) if answer.finished else f"{UNFINISHED} {_benefit(answer.benefit)}"


def _benefit(values: np.ndarray) -> str:
    found = estimate(values)
    if found.n == 0:
        return _NOTHING
    # say so where the mean is over some of the seeds only
    some = f" ({found.n} of {len(values)} seeds)" if found.left_out else ""
    return f"{_interval(found)}{some}"


def _interval(found: Estimate) -> str:
    """A mean with half of its 95 % interval."""
    return f"{found.mean:+.3f}" + (", no error" if found.n == 1 else f" ± {found.high - found.mean:.3f}")


def _two_means(form: str, first: np.ndarray, second: np.ndarray, number_format: str) -> str:
    """`form`, a text with two places, filled with the means of `first` and `second` over seeds."""
    means = [mean_and_error(values, axis=0)[0] for values in (first, second)]
    if np.isnan(means).all():
        return _NOTHING
    return form.format(*(_NOTHING if np.isnan(mean) else format(float(mean), number_format) for mean in means))
