"""What a path costs before it is fast: compile time, time to the first result, and memory, each in a fresh process."""

import sys
from collections.abc import Sequence

from . import paths, worker
from .problem import Case


def measure(cases: Sequence[Case], names: Sequence[str]) -> list[dict]:
    """One row per case and path: the costs with nothing compiled before, and with the compilation caches of that run."""
    rows = []
    for case in cases:
        for name in names:
            cold, warm = worker.costs(case, name, paths.lane_count(name, case))
            rows.append({"case": case.name, "path": name, "cold": _rounded(cold), "warm": _rounded(warm)})
            print(f"{case.name}, {paths.WORDS[name]}: first result after {cold.first_result:.1f} s", file=sys.stderr)
    return rows


def _rounded(costs: worker.Costs) -> dict[str, float]:
    return {
        "first_result_seconds": round(costs.first_result, 2),
        "compile_seconds": round(costs.compile, 2),
        "imported_mib": round(costs.bytes_imported / 2**20),
        "peak_mib": round(costs.bytes_peak / 2**20),
    }
