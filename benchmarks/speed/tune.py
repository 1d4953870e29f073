"""Find the lane count at which every batched peer is fastest, case by case, and store it in `lanes.json`."""

import json
import sys
from collections.abc import Sequence
from functools import partial

import numpy as np

from . import paths, peers, timing
from .problem import Case, draw

BLOCK_SECONDS = 0.2
ROUNDS = 3


def tune(cases: Sequence[Case], names: Sequence[str]) -> dict[str, dict[str, int]]:
    """The fastest lane count of `paths.CANDIDATES` for every case and every peer in `names`; candidates are timed in turn."""
    found = {}
    for case in cases:
        found[case.work] = {name: _fastest(case, name) for name in names}
        print(case.work, found[case.work], file=sys.stderr, flush=True)
    return found


def _fastest(case: Case, name: str) -> int:
    peers.forget_compiled()
    trains = [paths.build(name, draw(case, count)) for count in paths.CANDIDATES]
    for train in trains:
        train(1)
    steps = [timing.steps_for(train, BLOCK_SECONDS) for train in trains]
    blocks = [partial(train, count) for train, count in zip(trains, steps, strict=True)]
    seconds = timing.interleaved(blocks, ROUNDS).min(axis=1)
    return paths.CANDIDATES[int(np.argmax(np.asarray(steps) * paths.CANDIDATES / seconds))]


def store(found: dict[str, dict[str, int]]) -> None:
    """Add the lane counts to the file, which keeps those of other cases and peers."""
    known = json.loads(paths.LANES_FILE.read_text()) if paths.LANES_FILE.exists() else {}
    for case, lanes in found.items():
        known[case] = known.get(case, {}) | lanes
    lines = [f"  {json.dumps(case)}: {json.dumps(lanes)}" for case, lanes in known.items()]
    paths.LANES_FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
