"""The loop that all fuzzers share: random cases for some seconds, faults printed so that one case can be repeated.

A fuzzer is a function of a random generator that tries one case and returns what went wrong in one sentence, or None.
Case number n of seed s always draws the same numbers, whatever ran before it.
"""

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable

Fuzzer = Callable[[random.Random], str | None]

MOST_FAULTS = 10
"""Faults after which a fuzzer stops: they are usually one fault seen many times."""


def main(*fuzzers: Fuzzer) -> None:
    """Run the fuzzers in turn for `--seconds`; exit code 1 if any case was at fault, or if none was tried."""
    options = _options()
    cases = range(options.case, options.case + 1) if options.case is not None else range(10**9)
    end = time.monotonic() + options.seconds
    tried, faults = 0, 0
    for case in cases:
        if (case > 0 and options.case is None and time.monotonic() > end) or faults >= MOST_FAULTS:
            break
        fuzzer = fuzzers[case % len(fuzzers)]
        fault = _fault(fuzzer, random.Random(f"{options.seed} {case}"))
        tried += 1
        if fault is not None:
            faults += 1
            print(f"seed {options.seed} case {case} ({fuzzer.__name__}): {fault}", flush=True)
    print(f"{tried} cases, {faults} at fault (seed {options.seed})")
    sys.exit(1 if faults or not tried else 0)


def _fault(fuzzer: Fuzzer, draw: random.Random) -> str | None:
    try:
        return fuzzer(draw)
    except Exception:
        return traceback.format_exc()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=15.0, help="how long to try new cases")
    parser.add_argument("--seed", type=int, default=0, help="another seed tries other cases")
    parser.add_argument("--case", type=int, help="repeat this case alone")
    return parser.parse_args()
