"""The environment of worker processes, and what this machine offers for training.

One single-threaded process per core beats threads inside one process for lanes of this size, and thread counts must be
set before NumPy is imported. JAX's flags are set here, in the environment of our own workers, never in a user's process.
"""

import contextlib
import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path

from sharedtrunk._support.cache.folder import VARIABLE, folder
from sharedtrunk.errors import invalid

_TRAINING_LIBRARIES = ("jax", "jaxlib", "equinox", "diffrax", "jaxtyping")

_SINGLE_THREAD = {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "NPROC": "1",  # XLA sizes its thread pool from this; the flag alone does not limit its matrix products
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def worker_environment() -> dict[str, str]:
    """Variables for worker processes: one thread each, float64 switched on, and the folder of the cache if there is one."""
    # Lanes train in float32, losses accumulate in float64. Diffrax checks its input by calling the host, but JAX caches
    # no program with such calls. Here a failed check makes the lane NaN instead, which becomes a result code.
    environment = {**_SINGLE_THREAD, "JAX_ENABLE_X64": "1", "EQX_ON_ERROR": "nan"}
    if _has_plugin():
        # By default accelerators round the factors of float32 products to fewer digits.
        environment["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
    cache = folder()
    # Set even if there is no cache: workers must not inherit a folder that may not be used.
    environment[VARIABLE] = "" if cache is None else str(cache)
    if cache is not None:
        # JAX's own cache holds machine code too, so it goes into our folder unless the user chose another.
        environment["JAX_COMPILATION_CACHE_DIR"] = os.environ.get("JAX_COMPILATION_CACHE_DIR") or str(cache)
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        # Workers that start together may meet a program that another is still writing; JAX then compiles it anew.
        environment["PYTHONWARNINGS"] = "ignore:Error reading persistent compilation cache entry:UserWarning"
    return environment


def accelerator() -> str | None:
    """The accelerator that JAX would train on here, "gpu" or "tpu"; None for the processor.

    JAX is asked only where a plugin for an accelerator is installed, and in another process: this process must not load
    JAX before the environment for training is known.
    """
    if not _has_plugin():
        return None
    command = [sys.executable, "-c", "import jax; print(jax.default_backend())"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    backend = done.stdout.strip()
    return None if done.returncode != 0 or backend == "cpu" else backend


def _has_plugin() -> bool:
    """Whether a plugin is installed with which JAX may train on an accelerator."""
    return any(importlib.util.find_spec(name) is not None for name in ("jax_plugins", "libtpu"))


def cores() -> int:
    """Count the cores that this process may use, which are fewer than the machine has under a batch system or in a container.

    Returns
    -------
    int
        The smaller of two: the cores that the process is bound to, and the CPU quota of its container, rounded up.
    """
    # joblib.cpu_count reads the same files, but importing it takes longer than the rest of a command's start.
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    return bound if quota is None else max(1, min(bound, math.ceil(quota)))


_CGROUP = Path("/sys/fs/cgroup")


def _quota() -> float | None:
    """The CPU quota of the container in cores, from control groups of version 2, then 1; None without a limit."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        with contextlib.suppress(OSError, ValueError):
            words = " ".join((_CGROUP / name).read_text() for name in names).split()
            quota, period = words
            # "max", or −1 in version 1, is no limit.
            return None if quota == "max" or int(quota) <= 0 or int(period) <= 0 else int(quota) / int(period)
    return None


def check_trainable() -> None:
    """Raise `InputError` where JAX or another library that training needs is not installed; nothing is imported."""
    absent = [name for name in _TRAINING_LIBRARIES if importlib.util.find_spec(name) is None]
    if absent:
        raise invalid(
            f"training needs JAX ({', '.join(_TRAINING_LIBRARIES)})",
            received=f"an installation without {', '.join(absent)}",
            hint="Install sharedtrunk with its dependencies; redraw works without it.",
        )


def check_can_train_here() -> None:
    """Raise `InputError` while JAX's float64 is off in this process: numbers would differ from those of the workers."""
    jax = sys.modules.get("jax")
    on = os.environ.get("JAX_ENABLE_X64", "").lower() in ("1", "true", "yes", "on", "y", "t")
    if not (on if jax is None else jax.config.jax_enable_x64):
        raise invalid(
            "processes=0 trains in this process, with JAX's float64 switched on",
            received="float64 off",
            hint="Set JAX_ENABLE_X64=1 before JAX is imported, or let worker processes do the training.",
        )
