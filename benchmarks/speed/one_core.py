"""One core: student-steps per second of every path, timed in turn, beside the core's matrix-multiply peak."""

import sys
from collections.abc import Sequence
from functools import partial

import numpy as np

from sharedtrunk.errors import invalid

from . import agreement, paths, peak, peers, timing
from .problem import Case, Train, draw
from .work import student_step

BLOCK_SECONDS = 0.25
PEAK_SECONDS = 0.1


def measure(
    cases: Sequence[Case], names: Sequence[str], rounds: int, block_seconds: float = BLOCK_SECONDS
) -> list[dict]:
    """One row per case; progress goes to stderr."""
    rows = []
    for case in cases:
        rows.append(measure_case(case, names, rounds, block_seconds))
        print(_line(rows[-1]), file=sys.stderr, flush=True)
    return rows


def measure_case(case: Case, names: Sequence[str], rounds: int, block_seconds: float) -> dict:
    """Student-steps per second of every path, ratios of ours to each within a round, and shares of the peak."""
    trains, disagreement = ready(case, names)
    steps = {name: timing.steps_for(train, block_seconds) for name, train in trains.items()}
    multiply = peak.products(case.precision, _repeats(case.precision))
    blocks = [partial(train, steps[name]) for name, train in trains.items()]
    seconds = timing.interleaved([*blocks, *multiply.values()], rounds)
    rates = {name: steps[name] * paths.lane_count(name, case) / seconds[index] for index, name in enumerate(trains)}
    operations = peak.OPERATIONS * _repeats(case.precision)
    library, peak_rate = peak.best(
        {name: operations / seconds[len(blocks) + index] for index, name in enumerate(multiply)}
    )
    useful = {name: student_step(case) * rate for name, rate in rates.items()}
    return {
        "case": case.name,
        "samples": case.samples,
        "network": case.network,
        "precision": case.precision,
        "lanes": {name: paths.lane_count(name, case) for name in trains},
        "block_steps": steps,
        "disagreement_over_tolerance": disagreement,
        "student_steps_per_second": {name: _rounded(np.median(rate)) for name, rate in rates.items()},
        "ratio_of_ours": {
            name: [_rounded(part) for part in timing.paired_ratio(rates[paths.OURS], rate)]
            for name, rate in rates.items()
            if name != paths.OURS
        },
        "peak_gflops": _rounded(np.median(peak_rate) / 1e9),
        "peak_by": library,
        "useful_gflops": {name: _rounded(np.median(rate) / 1e9) for name, rate in useful.items()},
        "share_of_peak": {name: _rounded(timing.paired_ratio(rate, peak_rate)[0]) for name, rate in useful.items()},
    }


def ready(case: Case, names: Sequence[str]) -> tuple[dict[str, Train], dict[str, float]]:
    """Build and compile every path and check that it gives the module's trajectory. Raises `InputError` if one does not."""
    peers.forget_compiled()
    few = draw(case, agreement.LANES)
    reference = paths.build(paths.MODULE, few)(agreement.steps_of(case))
    trains, disagreement = {}, {}
    for name in names:
        graphs = peers.compiled_graphs() if name == paths.COMPILED else 0
        trains[name] = paths.build(name, draw(case, paths.lane_count(name, case)))
        disagreement[name] = _rounded(agreement.check(name, trains[name], few, reference))
        if name == paths.COMPILED and not peers.compiled_graphs() > graphs:
            raise invalid("The compiled peer must be compiled", received="no graph", hint="Unset TORCH_COMPILE_DISABLE")
    return trains, disagreement


def _repeats(precision: str) -> int:
    """Products in a block of about PEAK_SECONDS on a core of 100 GFLOP/s in single precision."""
    return max(1, round(PEAK_SECONDS * (1e11 if precision == "float32" else 5e10) / peak.OPERATIONS))


def _rounded(value) -> float:
    return float(f"{float(value):.4g}")


def _line(row: dict) -> str:
    rates = ", ".join(f"{paths.WORDS[name]} {rate:,.0f}" for name, rate in row["student_steps_per_second"].items())
    return f"{row['case']}: {rates}; ours {row['share_of_peak'][paths.OURS]:.0%} of peak"
