"""Compare the library's speed with PyTorch and plain JAX; store the results in `results.json` and print tables.

    python -m benchmarks.speed                 one core, equal step counts, and the cost of starting; nine minutes
    python -m benchmarks.speed --quick         a part of that, in a minute
    python -m benchmarks.speed all-cores       one process per core against a single one (needs an idle machine)
    python -m benchmarks.speed whole-figure    Figure A1 at equal accuracy, extrapolated
    python -m benchmarks.speed tune            find every peer's best lane counts and write lanes.json
    python -m benchmarks.speed tables          the tables of the stored results

Paths are timed in turn on the same lanes, one thread each, and only after they have given the same trajectory.
"""

import argparse
import itertools
import json
import sys
from pathlib import Path

from . import paths
from .problem import Case

RESULTS = Path(__file__).with_name("results.json")
SAMPLES = (100, 400, 800, 1600)
A1_SAMPLES = (100, 200, 400, 800, 1600)
NETWORKS = (("linear", 1), ("relu", 1), ("relu", 3))
PRECISIONS = ("float32", "float64")
CORES_SAMPLES = (400, 1600)
CORES_PATHS = (paths.OURS, paths.MODULE, paths.COMPILED)


def main() -> None:
    """Parse, measure, store, print."""
    options = _options()
    _bind_torch()
    whole = not (options.quick or options.samples or options.only or options.precision)
    file = options.json or (RESULTS if whole else None)
    stored = json.loads(file.read_text()) if file is not None and file.exists() else {}
    if options.part == "tune":
        from . import tune

        tune.store(tune.tune(_cases(options, ("float32",)), (paths.VMAPPED, paths.COMPILED, paths.PLAIN)))
        return
    found = {} if options.part == "tables" else _measured(options)
    stored |= found
    if file is not None and found:
        file.write_text(json.dumps(stored, indent=1) + "\n")
    from . import report

    print(report.tables(found or stored))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("one-core", "all-cores", "whole-figure", "tune", "tables")
    parser.add_argument("part", nargs="?", default="one-core", choices=parts)
    parser.add_argument(
        "--quick", action="store_true", help="one N, single precision, few rounds; stored only with --json"
    )
    parser.add_argument("--samples", type=_numbers, help="numbers of samples, such as 100,400")
    parser.add_argument("--only", choices=("linear", "relu"))
    parser.add_argument("--precision", choices=PRECISIONS)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--ours-seconds", type=float, help="whole-figure: the measured time of A1 on all cores")
    parser.add_argument("--json", type=Path, help="store here; without it only whole runs are stored, in results.json")
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _bind_torch() -> None:
    import torch

    torch.set_num_threads(1)


def _cases(options, precisions, samples=None) -> list[Case]:
    samples = options.samples or samples or ((400,) if options.quick else SAMPLES)
    networks = [network for network in NETWORKS if options.only in (None, network[0])]
    if options.quick:
        networks, precisions = networks[:2], precisions[:1]
    if options.precision is not None:
        precisions = (options.precision,)
    return [Case(n, *network, p) for p, network, n in itertools.product(precisions, networks, samples)]


def _measured(options) -> dict:
    from . import environment

    origin = environment.describe() | {"command": environment.portable_command(sys.argv[1:])}
    rounds = options.rounds or (3 if options.quick else 5)
    if options.part == "whole-figure":
        return {"whole_figure": {"environment": origin, **_whole_figure(options, rounds)}}
    if options.part == "all-cores":
        from . import all_cores

        cases = _cases(options, ("float32",), CORES_SAMPLES)
        rows = all_cores.measure(cases, CORES_PATHS, rounds)
        return {"all_cores": {"environment": origin, "rows": rows}}
    from . import one_core, starting

    cases = _cases(options, PRECISIONS)
    found = {"one_core": {"environment": origin, "rows": one_core.measure(cases, list(paths.WORDS), rounds)}}
    if not options.quick:
        few = [case for case in cases if case.samples == min(400, max(c.samples for c in cases)) and case.layers == 1]
        rows = starting.measure([case for case in few if case.precision == cases[0].precision], list(paths.WORDS))
        found["starting"] = {"environment": origin, "rows": rows}
    return found


def _whole_figure(options, rounds: int) -> dict:
    from . import whole_figure

    samples = options.samples or ((100,) if options.quick else A1_SAMPLES)
    values = whole_figure.SINGULAR_VALUES[1:3] if options.quick else whole_figure.SINGULAR_VALUES
    rows = whole_figure.measure(samples, values, rounds)
    return {"rows": rows, "whole": whole_figure.whole(rows, options.ours_seconds)}
