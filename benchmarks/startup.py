"""Seconds until the command answers, until training begins, and until its first chunk of lanes is done.

    python benchmarks/startup.py [--repeats 5] [--processes 4] [--figures fig2-left all]

Prints a markdown table. `--help` and `list` are timed to their end. `reproduce … --quick --fresh` is timed from the
start of the interpreter until the first worker has its imports and calls its point function ("begins"), and until the
first chunk is done. The first run has an empty folder of compiled programs and runs to its end; the others find that
folder full, and are interrupted after their first chunk.
"""

import argparse
import dataclasses
import importlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOG, LIMIT = "SHAREDTRUNK_STARTUP_LOG", 300.0


def standard_lanes(settings, lanes):
    return _logged("sharedtrunk.experiments:standard_lanes", settings, lanes)


def rank_one_lanes(settings, lanes):
    return _logged("sharedtrunk.experiments:rank_one_lanes", settings, lanes)


def closure_lanes(settings, lanes):
    return _logged("sharedtrunk.prediction:closure_lanes", settings, lanes)


def population_lanes(settings, lanes):
    return _logged("sharedtrunk.prediction:population_lanes", settings, lanes)


def _logged(name: str, settings, lanes):
    """Call the point function of that name, and write the times of its call and its return to the log."""
    module, _, attribute = name.partition(":")
    function = getattr(importlib.import_module(module), attribute)
    begins = time.time()
    returned = function(settings, lanes)
    with open(os.environ[LOG], "a") as log:
        log.write(f"{attribute} {begins} {time.time()}\n")
    return returned


def _command(words: list[str]) -> None:
    """Run the command with its point functions replaced by those above."""
    from sharedtrunk import cli
    from sharedtrunk.paper import figures

    for name, figure in figures.FIGURES.items():
        functions = {role: f"startup:{point.partition(':')[2]}" for role, point in figure.functions.items()}
        figures.FIGURES[name] = dataclasses.replace(figure, functions=functions)
    sys.argv = ["sharedtrunk", *words]
    cli.main()


def start(figure: str, processes: int, cache: Path, *, whole: bool = False) -> tuple[float, float]:
    """Seconds until a point function is first called, and until one first returns; a `whole` run is not interrupted."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        words = ["reproduce", figure, "--quick", "--fresh", "--processes", str(processes), "--out", folder]
        environment = {
            **os.environ,
            LOG: str(log),
            "XDG_CACHE_HOME": str(cache),
            "PYTHONPATH": str(Path(__file__).parent),
        }
        began = time.time()
        code = f"import startup; startup._command({words!r})"
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        run = subprocess.Popen([sys.executable, "-c", code], env=environment, text=True, **pipes)
        while not log.exists() and run.poll() is None and time.time() < began + LIMIT:
            time.sleep(0.01)
        if not whole and run.poll() is None:
            run.send_signal(signal.SIGINT)  # its workers end with it
        messages = run.communicate()[1]
        if not log.exists():
            sys.exit(f"`sharedtrunk {' '.join(words)}` began nothing within {LIMIT:g} s:\n{messages}")
        lines = [line.split() for line in log.read_text().splitlines()]
    return min(float(begin) for _, begin, _ in lines) - began, min(float(end) for _, _, end in lines) - began


def answer(word: str) -> float:
    """Seconds that `sharedtrunk WORD` takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sharedtrunk", word], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--figures", nargs="+", default=["fig2-left", "all"])
    options = parser.parse_args()
    print(f"| {options.processes} processes, medians of {options.repeats} | seconds |\n|---|---|")
    answers = {word: [] for word in ("--help", "list")}
    for _ in range(options.repeats):
        for word, seconds in answers.items():
            seconds.append(answer(word))
    for word, seconds in answers.items():
        print(f"| `sharedtrunk {word}` | {statistics.median(seconds):.2f} |", flush=True)
    for figure in options.figures:
        with tempfile.TemporaryDirectory() as cache:
            cold = start(figure, options.processes, Path(cache), whole=True)
            warm = [start(figure, options.processes, Path(cache)) for _ in range(options.repeats)]
        begins, done = (statistics.median(column) for column in zip(*warm, strict=True))
        print(
            f"| `reproduce {figure} --quick`, nothing compiled: begins / first chunk | {cold[0]:.1f} / {cold[1]:.1f} |"
        )
        print(f"| the same, programs cached | {begins:.1f} / {done:.1f} |", flush=True)


if __name__ == "__main__":
    main()
