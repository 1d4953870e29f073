"""The paths that are timed, by name, and how many lanes each takes at once.

The library takes as many lanes as its figures' chunks have; every batched peer takes the number at which it was fastest in
single precision (`python -m benchmarks.speed tune` writes `lanes.json`).
"""

import importlib
import json
from pathlib import Path

from .problem import Case, Lanes, Train

LANES_FILE = Path(__file__).with_name("lanes.json")
CANDIDATES = (2, 4, 12, 36)
USUAL_LANES = 12
OURS_LANES = {"linear": 7, "relu": 8}

OURS, MODULE, VMAPPED, COMPILED, PLAIN = "ours", "module", "vmapped", "compiled", "plain"

WORDS = {
    OURS: "sharedtrunk",
    MODULE: "module in a loop",
    VMAPPED: "torch.func vmap",
    COMPILED: "the same, compiled",
    PLAIN: "JAX, plain",
}

_BUILDERS = {
    OURS: ("ours", "build"),
    MODULE: ("peers", "module_loop"),
    VMAPPED: ("peers", "vmapped"),
    COMPILED: ("peers", "vmapped_compiled"),
    PLAIN: ("plain", "build"),
}


def build(name: str, lanes: Lanes) -> Train:
    """The named path's training of these lanes; only its own library is imported."""
    module, function = _BUILDERS[name]
    return getattr(importlib.import_module(f".{module}", __package__), function)(lanes)


def lane_count(name: str, case: Case) -> int:
    """How many lanes the path takes at once. A loop takes them one after the other, so one is timed."""
    if name == MODULE:
        return 1
    if name == OURS:
        return OURS_LANES[case.activation]
    known = json.loads(LANES_FILE.read_text()) if LANES_FILE.exists() else {}
    return known.get(case.work, {}).get(name, USUAL_LANES)
