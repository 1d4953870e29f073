"""How time and memory of training grow with samples, features, hidden units, classes and lanes.

    python -m benchmarks.growth [--quick] [--large] [--picture docs/growth.png]

Linear students of two tasks train by descent, in float32 on one thread. One size is changed at a time; the others stay those
of the standard problem with N = 800 and 12 lanes. *Time* is that of a step of the whole batch. *Memory* is what the compiled
training reports: arguments, results and temporary buffers, without what XLA holds inside a fused product (a block of logits).
An exponent is the slope of a least-squares line through the upper half of an axis, in logarithms; the expected exponent is
the slope of the operations, or of the arrays that must exist, through the same points. `--large` adds 1,000 features ×
1,000 classes × 100,000 samples, one task, in a process of its own, whose peak resident memory counts everything.
"""

import argparse
import dataclasses
import json
import math
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .speed import environment, timing

_MARK = "SHAREDTRUNK_GROWTH_BENCHMARK"
STEP = 1e-3
"""Small enough for every size: a student that diverges would not be timed on finite numbers."""

FLOAT = 4


@dataclasses.dataclass(frozen=True)
class Sizes:
    """A batch of linear students with one hidden layer; every task has the same number of classes."""

    samples: int = 800
    features: int = 100
    hidden: int = 100
    classes: int = 10
    lanes: int = 12
    tasks: int = 2


LARGE = Sizes(samples=100_000, features=1000, hidden=100, classes=1000, lanes=1, tasks=1)
AXES = {
    "samples": (200, 400, 800, 1600, 3200, 6400, 12800),
    "features": (25, 50, 100, 200, 400, 800, 1600),
    "hidden": (25, 50, 100, 200, 400, 800, 1600),
    "classes": (5, 10, 20, 40, 80, 160, 320),
    "lanes": (3, 6, 12, 24, 48, 96, 192),
}
QUICK = {axis: values[1:6:2] for axis, values in AXES.items()}
WORDS = {"samples": "N", "features": "features", "hidden": "hidden units", "classes": "classes", "lanes": "lanes"}


def operations(sizes: Sizes) -> int:
    """Operations in matrix products per step of all lanes: logits, their moment, composites and both layers' drives."""
    s = sizes
    return 2 * s.lanes * s.tasks * s.classes * s.features * (2 * s.samples + 3 * s.hidden)


def bytes_needed(sizes: Sizes) -> int:
    """Bytes of the arrays that must exist: inputs and their transposed copy, targets, coefficients, weights before and after,
    label moments and composites."""
    s = sizes
    outputs = s.lanes * s.tasks * s.classes
    data = 2 * s.features * s.samples + outputs * s.samples + s.tasks * s.samples
    weights = 2 * s.lanes * (s.hidden * s.features + s.tasks * s.classes * s.hidden)
    return FLOAT * (data + weights + 2 * outputs * s.features)


class Slope(NamedTuple):
    """An exponent and its standard error."""

    value: float
    error: float


def slope(values, numbers) -> Slope:
    """Least-squares slope of log numbers over log values, in the upper half of an axis (three points at least)."""
    count = max(3, math.ceil((len(values) + 1) / 2))
    x, y = np.log(np.asarray(values, float)[-count:]), np.log(np.asarray(numbers, float)[-count:])
    x, y = x - x.mean(), y - y.mean()
    value = (x @ y) / (x @ x)
    return Slope(float(value), float(np.sqrt(((y - value * x) ** 2).sum() / (count - 2) / (x @ x))))


class Training:
    """Students of given sizes on random data; a call trains them for a number of steps."""

    def __init__(self, sizes: Sizes):
        import jax
        import jax.numpy as jnp

        from sharedtrunk import students

        draw = np.random.default_rng(0)
        inputs = draw.standard_normal((sizes.samples, sizes.features), np.float32)
        shape = (sizes.lanes, sizes.samples) if sizes.lanes > 1 else (sizes.samples,)
        labels = [draw.integers(0, sizes.classes, shape) for _ in range(sizes.tasks)]
        self.problem = students.make_problem(inputs, labels, classes=sizes.classes)
        start = students.random_start(
            jax.random.key(0),
            features=sizes.features,
            hidden=(sizes.hidden,),
            classes=(sizes.classes,) * sizes.tasks,
            dtype=jnp.float32,
        )
        self.start = jax.tree.map(lambda w: jnp.broadcast_to(w, (sizes.lanes, *w.shape)), start)
        self.method = students.Descent(step=STEP)

    def __call__(self, steps: int) -> None:
        """Train from the start; `FloatingPointError` where a lane does not stay finite."""
        import jax.numpy as jnp

        from sharedtrunk import students
        from sharedtrunk.flows.trajectory import Result

        times = jnp.asarray([0.0, steps * STEP], jnp.float32)
        result = students.train(self.start, self.problem, times, self.method).result
        if not (np.asarray(result) == int(Result.SUCCESS)).all():
            raise FloatingPointError(f"a student diverged with step {STEP}")

    def program_bytes(self) -> int:
        """Memory of the compiled training: arguments, results and temporary buffers."""
        import jax
        import jax.numpy as jnp

        from sharedtrunk import students

        times = jnp.asarray([0.0, STEP], jnp.float32)  # known before tracing

        def final(start, problem):
            return students.train(start, problem, times, self.method).final

        found = jax.jit(final).lower(self.start, self.problem).compile().memory_analysis()
        return found.argument_size_in_bytes + found.output_size_in_bytes + found.temp_size_in_bytes


def seconds_a_step(trainings, rounds: int, block_seconds: float) -> np.ndarray:
    """Medians over rounds, all trainings in turn; the overhead of a call is timed too and subtracted."""
    blocks, counts = [], []
    for train in trainings:
        train(1)
        counts.append(timing.steps_for(train, block_seconds))
        blocks += [partial(train, 1), partial(train, 1 + counts[-1])]
    seconds = timing.interleaved(blocks, rounds)
    return np.median(seconds[1::2] - seconds[::2], axis=1) / counts


def measure(axis: str, values, rounds: int, block_seconds: float) -> dict:
    """One axis: seconds per step and bytes, with the expected operations and bytes."""
    sizes = [dataclasses.replace(Sizes(), **{axis: value}) for value in values]
    trainings = [Training(one) for one in sizes]
    seconds = seconds_a_step(trainings, rounds, block_seconds)
    memory = [train.program_bytes() for train in trainings]
    expected = {"time": [operations(one) for one in sizes], "memory": [bytes_needed(one) for one in sizes]}
    row = {"axis": axis, "values": list(values), "lanes": [one.lanes for one in sizes], "expected": expected}
    row["time"], row["memory"] = seconds.tolist(), memory
    return row


def large(steps: int = 3) -> dict:
    """The large case in a process of its own: seconds a step and peak resident memory."""
    command = [sys.executable, "-m", "benchmarks.growth", "--large-here", str(steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, _MARK: "1"})
    return json.loads(done.stdout.splitlines()[-1])


def large_here(steps: int) -> dict:
    """The same in this process; one step is compiled and run beforehand."""
    train = Training(LARGE)
    train(1)
    seconds = timing.interleaved([partial(train, 1), partial(train, 1 + steps)], 1)[:, 0]
    return {
        "seconds": float(seconds[1] - seconds[0]) / steps,
        "peak": peak_bytes(),
        "rate": operations(LARGE) * steps / float(seconds[1] - seconds[0]),
        "needed": bytes_needed(LARGE),
    }


def peak_bytes() -> int:
    """The largest resident size of this process so far (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def table(rows) -> str:
    """Markdown: every axis from end to end, and its exponents."""
    lines = [
        "| axis | µs a student-step | exponent: operations / time | MiB | exponent: arrays / memory |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        values = row["values"]
        micro = [1e6 * seconds / lanes for seconds, lanes in zip(row["time"], row["lanes"], strict=True)]
        cells = []
        for what in ("time", "memory"):
            found = slope(values, row[what])
            cells.append(f"{slope(values, row['expected'][what]).value:.2f} / {found.value:.2f} ± {found.error:.2f}")
        mib = [number / 2**20 for number in row["memory"]]
        lines.append(
            f"| {WORDS[row['axis']]} {values[0]:,}–{values[-1]:,} | {micro[0]:,.0f}–{micro[-1]:,.0f} | {cells[0]} "
            f"| {mib[0]:.3g}–{mib[-1]:.3g} | {cells[1]} |"
        )
    return "\n".join(lines)


def draw(rows, file: Path) -> None:
    """Time and memory over every size as a multiple of the standard one; dashed: expected growth, through the last point."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    panels = figure.subplots(1, 2)
    for panel, what, label in zip(
        panels, ("time", "memory"), ("ms a step of the batch", "MiB of the training"), strict=True
    ):
        scale = 1e3 if what == "time" else 2.0**-20
        for row in rows:
            x = np.asarray(row["values"]) / getattr(Sizes(), row["axis"])
            y, expected = scale * np.asarray(row[what]), np.asarray(row["expected"][what], float)
            (line,) = panel.loglog(x, y, "o-", markersize=3, label=WORDS[row["axis"]])
            panel.loglog(x, expected * y[-1] / expected[-1], "--", color=line.get_color(), linewidth=0.8)
        panel.set_xscale("log", base=2)
        panel.set_xlabel("size, in units of the standard problem's")
        panel.set_ylabel(label)
    panels[0].legend(frameon=False)
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three points an axis, few rounds")
    parser.add_argument("--large", action="store_true", help="the large case too (4 GiB, a minute)")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--large-here", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.large_here:
        print(json.dumps(large_here(options.large_here)))
        return
    began = time.perf_counter()
    rounds, block_seconds = (3, 0.03) if options.quick else (7, 0.1)
    rows = []
    for axis, values in (QUICK if options.quick else AXES).items():
        rows.append(measure(axis, values, rounds, block_seconds))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))
    if options.picture:
        draw(rows, options.picture)
    print(f"\nLoad {os.getloadavg()[0]:.1f}, {time.perf_counter() - began:.0f} s.")
    if options.large:
        found = large()
        print(
            f"The large case: {found['seconds']:.1f} s a step, {found['rate'] / 1e9:.0f} GFLOP/s, peak resident memory "
            f"{found['peak'] / 2**30:.2f} GiB; the arrays that must exist take {found['needed'] / 2**30:.2f} GiB."
        )


if __name__ == "__main__":
    if os.environ.get(_MARK) != "1":
        command = [sys.executable, "-m", "benchmarks.growth", *sys.argv[1:]]
        os.execve(sys.executable, command, {**environment.variables(), _MARK: "1"})
    main()
