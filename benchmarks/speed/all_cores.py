"""All cores: one process per core, all with the same work, against one such process, and against a module on all threads.

Needs an idle machine: any other program takes a core from the measurement on all cores, and none from that on one.
"""

import os
import sys
from collections.abc import Sequence

import numpy as np

from . import paths, timing
from .problem import Case
from .worker import Worker

BLOCK_SECONDS = 1.0
THREADS = "module, all threads"


def measure(
    cases: Sequence[Case], names: Sequence[str], rounds: int, block_seconds: float = BLOCK_SECONDS
) -> list[dict]:
    """One row per case: student-steps per second of one process, of one per core, and of a module on all threads, in turn."""
    cores = len(os.sched_getaffinity(0))
    return [_measure_case(case, names, rounds, block_seconds, cores) for case in cases]


def _measure_case(case: Case, names: Sequence[str], rounds: int, block_seconds: float, cores: int) -> dict:
    groups = {name: [Worker(case, name, paths.lane_count(name, case)) for _ in range(cores)] for name in names}
    threaded = Worker(case, paths.MODULE, 1, threads=cores)
    workers = [*(worker for group in groups.values() for worker in group), threaded]
    for worker in workers:
        worker.wait_until_ready()
    blocks, amounts, labels = [], [], []
    for name, group in groups.items():
        steps = timing.steps_for(group[0].train, block_seconds)
        for count in (1, cores):
            blocks.append(_Together(group[:count], steps))
            amounts.append(steps * count * group[0].lanes)
            labels.append((name, count))
    steps = timing.steps_for(threaded.train, block_seconds)
    seconds = timing.interleaved([*blocks, _Together([threaded], steps)], rounds)
    for worker in workers:
        worker.close()
    rates = {label: amount / seconds[index] for index, (label, amount) in enumerate(zip(labels, amounts, strict=True))}
    row = _row(case, names, cores, rates, steps / seconds[-1])
    print(f"{case.name}: {cores} processes do {row['scaling'][paths.OURS][0]:.2f} times one's work", file=sys.stderr)
    return row


class _Together:
    """A block: the same number of steps in every process. It ends when the last process is done."""

    def __init__(self, workers: Sequence[Worker], steps: int):
        self.workers, self.steps = workers, steps

    def __call__(self) -> None:
        for worker in self.workers:
            worker.begin(self.steps)
        for worker in self.workers:
            worker.end()


def _row(case: Case, names: Sequence[str], cores: int, rates: dict, threaded: np.ndarray) -> dict:
    machine = {name: float(f"{np.median(rates[name, cores]):.4g}") for name in names}
    return {
        "case": case.name,
        "samples": case.samples,
        "network": case.network,
        "precision": case.precision,
        "processes": cores,
        "machine_student_steps_per_second": machine | {THREADS: float(f"{np.median(threaded):.4g}")},
        "scaling": {
            name: [round(part, 3) for part in timing.paired_ratio(rates[name, cores], rates[name, 1])] for name in names
        },
        "ratio_of_ours": {
            name: [round(part, 2) for part in timing.paired_ratio(rates[paths.OURS, cores], rate)]
            for name, rate in [
                *((name, rates[name, cores]) for name in names if name != paths.OURS),
                (THREADS, threaded),
            ]
        },
    }
