"""The summary of an evaluation as columns of numbers: small enough to commit, all that tables and pictures need."""

import json
from pathlib import Path

import numpy as np

from sharedtrunk._support.files import make_folder, write_atomically

from .pairs import Auxiliary, Family, counts
from .stages import EXPLAINED, cores
from .truth import pool_share, standard_error

DIGITS = 3
"""Significant digits that are kept."""

PARTS = ("trials", "nulls", "curves", "choices", "null_choices")


def summary(records: dict) -> dict:
    """Columns of trials, nulls, curves and choices, the share κ of the truth's bound by table, and seconds by stage."""
    shares = _pool_shares(records["families"])
    rows = {
        "trials": [row for record in records["families"] for row in _trials(record, shares)],
        "nulls": [row for record in records["nulls"] for row in _nulls(record)],
        "curves": [row for record in records["curves"] for row in _curves(record, shares)],
        "choices": [_choice(record, shares) for record in records["choices"]],
        "null_choices": [_question(record) | _recommended(record) for record in records["null_choices"]],
    }
    return {
        "cores": cores(),
        "seconds": {name: round(value, 1) for name, value in records["seconds"].items()},
        "pool_shares": shares,
        **{name: _columns(rows[name]) for name in PARTS},
    }


def _pool_shares(records: list[dict]) -> dict[str, float]:
    """κ of every table, from its families' truths, each family once."""
    families = {record["family"]: record["truth"] for record in records}
    found = {}
    for table in dict.fromkeys(family.table for family in families):
        mine = [truth for family, each in families.items() if family.table == table for truth in each.values()]
        found[table] = pool_share(mine)
    return found


def _question(record: dict) -> dict:
    family = record["family"]
    return {
        "table": family.table,
        "main": family.main,
        "family": family.name,
        "labels": family.labels,
        "new": family.new,
        "world": family.world,
        "user": record["user"],
    }


def _benefit(record: dict, name: str) -> dict:
    effect = record["advice"]["auxiliaries"][name]
    mean, error, low, high = effect["benefit"]
    return {"mean": mean, "error": error, "low": low, "high": high, "verdict": effect["verdict"]}


def _new_share(family: Family, auxiliary: Auxiliary) -> float:
    """The share of an auxiliary task's labels that are on rows without a main label."""
    same, new = family.labels * (auxiliary.rows != "new"), family.new * (auxiliary.rows != "same")
    return new / (same + new)


def _trials(record: dict, shares: dict[str, float]) -> list[dict]:
    rows, family = [], record["family"]
    for auxiliary in family.auxiliaries:
        truth, all_labels = record["truth"][auxiliary.name], record["truth_all_labels"]
        row = _question(record) | {"aux": auxiliary.name, "kind": auxiliary.kind, "rows": auxiliary.rows}
        row |= {"dial": auxiliary.dial, "counts": counts(family)} | _benefit(record, auxiliary.name)
        row |= {"truth": truth.mean, "truth_error": standard_error(truth, shares[family.table])}
        row["truth_all_labels"] = all_labels[auxiliary.name].mean if all_labels else None
        row["new_share"] = _new_share(family, auxiliary)
        effect = record["advice"]["auxiliaries"][auxiliary.name]
        row |= {name: effect.get(name) for name in EXPLAINED}
        row["seconds"] = record["advice"]["seconds"] / len(family.auxiliaries)
        row["compared"] = "baselines" in record
        row["core_seconds"] = record["advice"]["core_seconds"] / len(family.auxiliaries)
        for method, (score, low, high, seconds) in _readings(record, auxiliary.name).items():
            row |= {f"{method}": score, f"{method} seconds": seconds}
            if low is not None and np.isfinite(low):
                row |= {f"{method} low": low, f"{method} high": high}
        rows.append(row)
    return rows


def _readings(record: dict, name: str) -> dict:
    return record.get("baselines", {}).get("auxiliaries", {}).get(name, {})


def _nulls(record: dict) -> list[dict]:
    family = record["family"]
    return [_question(record) | {"aux": each.name} | _benefit(record, each.name) for each in family.auxiliaries]


def _recommended(record: dict) -> dict:
    return {"recommended": "+".join(record["advice"]["best_set"] or ())}


def _choice(record: dict, shares: dict[str, float]) -> dict:
    """The true benefit of the recommended set (0 if it is empty), of all auxiliary tasks together and of the best one."""
    family, truths = record["family"], record["truth"]
    names, share = [auxiliary.name for auxiliary in family.auxiliaries], shares[family.table]
    row = _question(record) | _recommended(record)
    best = max(names, key=lambda name: truths[name].mean)
    for role, name in (("recommended", row["recommended"]), ("all", "+".join(names)), ("single", best)):
        row[f"{role}_truth"] = truths[name].mean if name else 0.0
        row[f"{role}_error"] = standard_error(truths[name], share) if name else 0.0
    return row


def _curves(record: dict, shares: dict[str, float]) -> list[dict]:
    family = record["family"]
    truth = record["truth"][family.auxiliaries[0].name]
    rows = []
    for labels, mean, error, low, high, measured in record["advice"]["curve"]:
        row = _question(record) | {"at": labels, "mean": mean, "error": error, "low": low, "high": high}
        row |= {"measured": measured, "truth": None, "truth_error": None}
        if not measured:
            row |= {"truth": truth.mean, "truth_error": standard_error(truth, shares[family.table])}
        rows.append(row)
    return rows


def _columns(rows: list[dict]) -> dict[str, list]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [_short(row.get(name)) for row in rows] for name in names}


def _short(value):
    """The value; a float is rounded to `DIGITS` significant digits, and None if it is not finite."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def write(path: Path, found: dict) -> None:
    """Write the summary, one column per line. Raises `InputError` where it cannot be written."""
    parts = []
    for name, value in found.items():
        if name in PARTS:
            columns = ",\n".join(f"  {json.dumps(key)}: {_coded(column)}" for key, column in value.items())
            parts.append(f'"{name}": {{\n{columns}\n}}')
        else:
            parts.append(f'"{name}": {json.dumps(value)}')
    make_folder(path.parent)
    write_atomically(path, ("{\n" + ",\n".join(parts) + "\n}\n").encode())


def _coded(column: list) -> str:
    """A column of words as the list of distinct words and indices into it; any other column unchanged."""
    if column and all(isinstance(value, str) for value in column):
        words = sorted(set(column))
        return json.dumps({"words": words, "places": [words.index(value) for value in column]}, separators=(",", ":"))
    return json.dumps(column, separators=(",", ":"))


def read(path: Path) -> dict:
    """The summary with columns as arrays: numbers with NaN where one is missing, words as they are."""
    stored = json.loads(path.read_text())
    for part in PARTS:
        stored[part] = {name: _array(column) for name, column in stored[part].items()}
    return stored


def _array(column) -> np.ndarray:
    if isinstance(column, dict):
        return np.array(column["words"], dtype=object)[np.array(column["places"], int)]
    if any(isinstance(value, str) for value in column):
        return np.array(column, dtype=object)
    return np.array(column, float)
