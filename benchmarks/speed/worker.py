"""One path in a process of its own: `python -m benchmarks.speed.worker '{"samples": …}' PATH ARRAYS THREADS`.

The arrays are drawn by the parent, so that PyTorch's processes need no JAX. The first training has FIRST_STEPS steps and is
done twice. Then the worker prints what that cost as one line of JSON. For every number of steps that it reads, it trains so
many steps and prints the seconds that they took.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from . import environment, paths
from .problem import Case, Lanes, draw

FIRST_STEPS = 50


class Costs(NamedTuple):
    """Seconds from the start of the process to the first trained students, seconds that the first training took beyond the
    second (compilation), and peak memory in bytes: before the first training, and in all."""

    first_result: float
    compile: float
    bytes_imported: int
    bytes_peak: int


class Worker:
    """A path's process, as its parent sees it."""

    def __init__(self, case: Case, path: str, lanes: int, *, threads: int = 1, cache: str | None = None):
        extra = {} if cache is None else {"JAX_COMPILATION_CACHE_DIR": cache, "TORCHINDUCTOR_CACHE_DIR": cache}
        self.lanes = lanes
        self._folder = tempfile.TemporaryDirectory()
        arrays = Path(self._folder.name) / "lanes.npz"
        draw(case, lanes).save(arrays)
        self._begin = time.perf_counter()  # one clock for all processes of the machine
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.worker", json.dumps(vars(case)), path, str(arrays), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env=environment.variables(threads=threads) | extra,
        )

    def wait_until_ready(self) -> Costs:
        """Wait for the first training and return what it cost."""
        printed = json.loads(self._line())
        return Costs(**{**printed, "first_result": printed["first_result"] - self._begin})

    def begin(self, steps: int) -> None:
        """Start to train so many steps."""
        assert self._process.stdin is not None
        print(steps, file=self._process.stdin, flush=True)

    def end(self) -> float:
        """Seconds that the steps took."""
        return float(self._line())

    def train(self, steps: int) -> float:
        """Train so many steps and return the seconds that they took."""
        self.begin(steps)
        return self.end()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._folder.cleanup()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with status {self._process.wait()}; its error is above")
        return line


def costs(case: Case, path: str, lanes: int) -> tuple[Costs, Costs]:
    """A path's costs with nothing compiled before, and in a second process with the first one's compilation cache."""
    found = []
    with tempfile.TemporaryDirectory() as cache:
        for _ in range(2):
            worker = Worker(case, path, lanes, cache=cache)
            found.append(worker.wait_until_ready())
            worker.close()
    return found[0], found[1]


def main() -> None:
    """Train the lanes of the command line, for each number of steps that standard input gives."""
    case = Case(**json.loads(sys.argv[1]))
    path, arrays, threads = sys.argv[2], Lanes.load(case, Path(sys.argv[3])), int(sys.argv[4])
    if path not in (paths.OURS, paths.PLAIN):
        import torch

        torch.set_num_threads(threads)
    train = paths.build(path, arrays)
    imported = _peak_bytes()
    begin, result, trained = time.perf_counter(), train(FIRST_STEPS), time.perf_counter()
    del result
    train(FIRST_STEPS)
    again = time.perf_counter() - trained
    cost = Costs(trained, max(0.0, trained - begin - again), imported, _peak_bytes())
    print(json.dumps(cost._asdict()), flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        train(int(line))
        print(time.perf_counter() - begin, flush=True)


def _peak_bytes() -> int:
    """The largest resident size so far. `getrusage` would give the parent's if that is larger, because it survives `exec`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
