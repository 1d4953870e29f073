"""Advice and matrix as data frames, plain JSON data and files."""

import dataclasses
import math
import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from sharedtrunk._support import json_files as _json
from sharedtrunk._support.cache.fingerprint import library_versions
from sharedtrunk._support.files import write_atomically
from sharedtrunk._support.limits import NUMBER_METRICS
from sharedtrunk._support.statistics import Estimate
from sharedtrunk._version import __version__
from sharedtrunk.affinity._records import AdviceRecord, AuxiliaryAdvice, Effect, MatrixRecord

Record: TypeAlias = AdviceRecord | MatrixRecord

LIBRARIES = ("jax", "jaxlib", "numpy", "optax", "pandas", "scikit-learn", "scipy")
UNITS = {
    "benefit, loss": "nats",
    "accuracy": "points (hundredths)",
    "predicted": "share of linearly explainable variance",
}
_EXPLAINED = (
    "relatedness", "relatedness_error", "low", "high", "snr_main", "snr_auxiliary", "labels_per_parameter", "trunk_share",
    "predicted", "predicted_error", "predicted_verdict",
)  # fmt: skip
"""Fields of an explanation that are columns of the frame."""

_RENAMED = {"low": "relatedness_low", "high": "relatedness_high"}
"""Columns whose name says more than the field's, which is clear only within an explanation."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n")
"""First characters of texts that spreadsheets run as formulas (OWASP, CSV injection)."""


def advice_frame(advice: AdviceRecord) -> pd.DataFrame:
    """One row per auxiliary task, best first: effect with intervals, verdict, and the theory's numbers (NaN without them)."""
    best = () if advice.best_set is None else advice.best_set.auxiliaries
    rows = [_auxiliary(each) | {"in_best_set": each.name in best} for each in advice.auxiliaries]
    frame = pd.DataFrame(rows)
    frame.attrs = {"main": advice.main, "labels": advice.conditions.labels, "units": _units(advice)}
    return frame


def matrix_frame(matrix: MatrixRecord) -> pd.DataFrame:
    """One row per ordered pair (main, auxiliary): effect with intervals, verdict, and whether a group has both."""
    rows = [
        {"main": main, "auxiliary": auxiliary, **_effect(effect)}
        | {"same_group": any({main, auxiliary} <= set(group) for group in matrix.groups)}
        for (main, auxiliary), effect in matrix.effects.items()
    ]
    frame = pd.DataFrame(rows)
    frame.attrs = {"units": _units(matrix)}
    return frame


def frame(made: Record) -> pd.DataFrame:
    """`advice_frame` of advice, `matrix_frame` of a matrix."""
    return advice_frame(made) if isinstance(made, AdviceRecord) else matrix_frame(made)


def record(made: Record) -> dict[str, Any]:
    """All fields as JSON data, with units and versions; numbers that are not finite are None."""
    plain = advice_record(made) if isinstance(made, AdviceRecord) else matrix_record(made)
    versions = {"sharedtrunk": __version__, **library_versions(LIBRARIES)}
    return {"units": _units(made), "versions": versions, **plain}


def _units(made: Record) -> dict[str, str]:
    """Units of the numbers; a benefit may be in another metric than the loss."""
    metric = made.conditions.metric if isinstance(made, AdviceRecord) else made.conditions[made.tasks[0]].metric
    if metric == "log_loss":
        return UNITS
    loss = "of the variance" if metric in NUMBER_METRICS else "nats"
    return {"benefit": metric, "loss": loss} | {name: unit for name, unit in UNITS.items() if name != "benefit, loss"}


def advice_record(advice: AdviceRecord) -> dict[str, Any]:
    """The advice as JSON data; an explanation carries its sentence."""
    auxiliaries = [_plain(each) | {"explanation": each.explanation and _explained(each)} for each in advice.auxiliaries]
    return _plain(advice) | {"auxiliaries": auxiliaries}


def matrix_record(matrix: MatrixRecord) -> dict[str, Any]:
    """The matrix as JSON data; effects by pair become a list."""
    effects = [
        {"main": main, "auxiliary": auxiliary, **_plain(effect)} for (main, auxiliary), effect in matrix.effects.items()
    ]
    return _plain(dataclasses.replace(matrix, effects={})) | {"effects": effects}


def write_json(path: str | os.PathLike[str], made: Record) -> None:
    """Write all fields to a JSON file, whole or not at all. Raises `InputError`."""
    _json.write_json(Path(path), record(made))


def write_csv(path: str | os.PathLike[str], made: Record) -> None:
    """Write the frame to a CSV file, whole or not at all; NaN is an empty field. Raises `InputError`.

    A text that a spreadsheet would run as a formula, such as a task's name @SUM(1), gets an apostrophe before it.
    """
    safe = frame(made).map(_inert)
    write_atomically(Path(path), _encoded(safe.to_csv(index=False, lineterminator="\n")))


def _inert(cell: Any) -> Any:
    """The cell, with an apostrophe before a text that a spreadsheet would run as a formula."""
    if not isinstance(cell, str):
        return cell
    # Before Python 3.13, csv does not quote a carriage return, which would then end the row.
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and text.strip() == text
    except ValueError:
        return False


def _encoded(text: str) -> bytes:
    """UTF-8, with an escape for half a surrogate pair, which a name from an array can hold."""
    return text.encode("utf-8", "backslashreplace")


def _auxiliary(each: AuxiliaryAdvice) -> dict[str, Any]:
    explanation = each.explanation
    names = {name: _RENAMED.get(name, name) for name in _EXPLAINED}
    missing = {"predicted_verdict": ""}
    explained = {
        column: missing.get(name, math.nan) if explanation is None else getattr(explanation, name)
        for name, column in names.items()
    }
    return {
        "auxiliary": each.name,
        "labels": each.labels,
        **_effect(each.effect),
        **explained,
        "agreement": each.agreement,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    measured = _estimate("benefit", effect.benefit) | _estimate("accuracy", effect.accuracy)
    tested = {name: getattr(effect, name) for name in ("p_value", "p_adjusted", "verdict", "reason")}
    if effect.nats is not None:
        measured |= _estimate("nats", effect.nats)
    return measured | {"splits": effect.benefit.n} | tested


def _estimate(name: str, found: Estimate) -> dict[str, float]:
    parts = {"": found.mean, "_low": found.low, "_high": found.high, "_error": found.standard_error}
    return {f"{name}{part}": value for part, value in parts.items()}


def _explained(each: AuxiliaryAdvice) -> dict[str, Any]:
    assert each.explanation is not None
    return _plain(each.explanation) | {"sentence": each.explanation.sentence}


def _plain(value: Any) -> Any:
    """Dataclasses, tuples and arrays as JSON data."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _json.without_nan(value)
