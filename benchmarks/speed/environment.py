"""The environment of everything that is measured: one thread per process, as in the library's own workers.

Thread counts must be set before NumPy, JAX and PyTorch are imported, so the command restarts itself.
"""

import os
import re
import shlex
import sys
from collections.abc import Sequence

from sharedtrunk._support.environment import worker_environment

_MARK = "SHAREDTRUNK_SPEED_BENCHMARK"
_PATH = re.compile(r"(?<![^=])[^=]*/")


def variables(*, threads: int = 1) -> dict[str, str]:
    """The current environment with the threads and precision of the library's workers; `threads` is PyTorch's number."""
    single = worker_environment()
    count = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    return {**os.environ, **single, **count, _MARK: "1"}


def start_anew() -> None:
    """Replace this process by one in the environment of `variables`, unless it already runs in it."""
    if os.environ.get(_MARK) != "1":
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.speed", *sys.argv[1:]], variables())


def describe() -> dict[str, str]:
    """Versions, processor and date, for the record."""
    import datetime
    import importlib.metadata
    import platform

    import jax
    import torch

    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load_at_start": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "python": platform.python_version(),
        "jax": jax.__version__,
        "torch": torch.__version__,
        "numpy": importlib.metadata.version("numpy"),
    }


def portable_command(words: Sequence[str]) -> str:
    """The command with these arguments, for the record; a path on this machine is cut down to the file's name."""
    return shlex.join(["python", "-m", "benchmarks.speed", *(_PATH.sub("", word) for word in words)])


def _processor() -> str:
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
