"""The provenance of figures and ledger, as (name, words) for the page."""

import json
from collections.abc import Mapping
from typing import Any


def of_figure(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return when and from which commit a figure was made, its seeds, grid, settings, versions and lanes."""
    stored = record["provenance"]
    named = {
        "created": stored.get("created"),
        "commit": stored.get("commit"),
        "seeds": _listed(stored.get("seeds")),
        "grid": _listed(stored.get("grid")),
        "settings": _listed(stored.get("settings")),
        "versions": _listed(stored.get("versions")),
        "Python": stored.get("python"),
        "lanes": _lanes(record.get("lanes")),
    }
    return [(name, str(value)) for name, value in named.items() if value]


def of_ledger(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return when the ledger was measured, with which seed and versions."""
    names = ("created", "seed", "thorough", "versions")
    return [(name, _listed(record[name])) for name in names if record.get(name) is not None]


def _lanes(lanes: Any) -> str:
    if not isinstance(lanes, dict):
        return ""
    words = [f"{lanes.get('total', 0):,} values, {lanes.get('without_value', 0):,} missing"]
    words += [f"{count:,}: {reason}" for reason, count in lanes.get("failures", {}).items()]
    if lanes.get("largest_error") is not None:
        words.append(f"numerical error at most {lanes['largest_error']:.1g}")
    return "; ".join(words)


def _listed(value: Any) -> str:
    """Return nested data as text on one line, as in "name value; name value, value"."""
    if isinstance(value, dict):
        return "; ".join(f"{name} {_listed(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_listed(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value) if value is not None else ""
