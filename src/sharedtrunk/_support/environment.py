"""What worker processes start with: one thread each, float64 at hand, compiled programs kept between runs.

One single-threaded process per core beats threads inside one process for lanes of this size, and the counts must be
set before NumPy is imported. JAX's flags are set here, in the environment of our own workers, never in a user's
process.
"""

import contextlib
import importlib.util
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sharedtrunk._support import cache as _cache
from sharedtrunk.errors import invalid

_TRAINING_LIBRARIES = ("jax", "jaxlib", "equinox", "diffrax", "jaxtyping")

_SINGLE_THREAD = {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "NPROC": "1",  # XLA sizes its thread pool from this; the flag alone does not bind its matrix products
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def worker_environment() -> dict[str, str]:
    """Variables for `sweeps.run`: threads, precision, and the folder of cached programs where it can be used."""
    # Float32 lanes, losses accumulated in float64. Diffrax checks its input by calling the host, and JAX stores no
    # program that does: a failed check makes the lane NaN instead, which is a result code.
    environment = {**_SINGLE_THREAD, "JAX_ENABLE_X64": "1", "EQX_ON_ERROR": "nan"}
    if _has_plugin():
        # Accelerators round the factors of float32 products to fewer digits unless told otherwise.
        environment["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
    folder = compilation_cache(os.environ)
    # Set even if there is none: a folder that may not be used is not to be inherited.
    environment[_cache.FOLDER] = "" if folder is None else str(folder)
    if folder is not None:
        # JAX unpickles nothing, but loads machine code: its own cache lies in our folder, unless the user gave it one.
        environment["JAX_COMPILATION_CACHE_DIR"] = os.environ.get("JAX_COMPILATION_CACHE_DIR") or str(folder)
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        # Workers that start together may meet a program that another is still writing; JAX then compiles it anew.
        environment["PYTHONWARNINGS"] = "ignore:Error reading persistent compilation cache entry:UserWarning"
    return environment


def accelerator() -> str | None:
    """What JAX would train on here, "gpu" or "tpu"; None for the processor.

    JAX is asked only where a plugin for an accelerator is installed, and then in a process of its own: this one must not
    load JAX before it knows with which environment to train.
    """
    if not _has_plugin():
        return None
    words = [sys.executable, "-c", "import jax; print(jax.default_backend())"]
    asked = subprocess.run(words, capture_output=True, text=True, check=False)
    backend = asked.stdout.strip()
    return None if asked.returncode != 0 or backend == "cpu" else backend


def _has_plugin() -> bool:
    """Whether something is installed with which JAX might train elsewhere than on the processor."""
    return any(importlib.util.find_spec(name) is not None for name in ("jax_plugins", "libtpu"))


def compilation_cache(environ: Mapping[str, str]) -> Path | None:
    """The folder of compiled programs and arrays, made if missing; None where there is none that may be used.

    It is `SHAREDTRUNK_CACHE_DIR`, or `sharedtrunk/xla` in the user's cache. A cache only saves time, so a read-only home, an
    account without one, or a folder that others can write is no error. The folder that the user has given to JAX may
    be shared with others, and is JAX's alone.
    """
    given = environ.get(_cache.FOLDER)
    if given:
        return _cache.make(Path(given).absolute())
    base = environ.get("XDG_CACHE_HOME", "")
    try:
        # The XDG specification says to ignore a relative path.
        home = Path(base) if os.path.isabs(base) else Path("~/.cache").expanduser()
    except RuntimeError:  # no HOME, and the system does not know the user
        return None
    return _cache.make(home / "sharedtrunk" / "xla")


def cores() -> int:
    """Cores that this process may use: fewer than the machine has, where a batch system or a container lends fewer.

    Returns
    -------
    int
        The least of the cores of the machine, those the process is bound to, and the container's CPU quota rounded up.
    """
    # joblib's cpu_count reads the same files; importing it takes longer than all else that a command does before its work.
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    return bound if quota is None else max(1, min(bound, math.ceil(quota)))


_CGROUP = Path("/sys/fs/cgroup")


def _quota() -> float | None:
    """Cores' worth of time that the container may use (control groups of version 2, then 1); None without a limit."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        with contextlib.suppress(OSError, ValueError):
            words = " ".join((_CGROUP / name).read_text() for name in names).split()
            quota, period = words
            # "max", or −1 in version 1, is no limit.
            return None if quota == "max" or int(quota) <= 0 or int(period) <= 0 else int(quota) / int(period)
    return None


def check_trainable() -> None:
    """Refuse to train where JAX or what trains with it is not installed; a look only, nothing is imported."""
    absent = [name for name in _TRAINING_LIBRARIES if importlib.util.find_spec(name) is None]
    if absent:
        raise invalid(
            f"training needs JAX ({', '.join(_TRAINING_LIBRARIES)})",
            received=f"an installation without {', '.join(absent)}",
            hint="Install sharedtrunk with its dependencies; redraw works without it.",
        )


def check_inline() -> None:
    """Refuse to train in this process while JAX's float64 is off: the numbers would not be those of the workers."""
    jax = sys.modules.get("jax")
    on = os.environ.get("JAX_ENABLE_X64", "").lower() in ("1", "true", "yes", "on", "y", "t")
    if not (on if jax is None else jax.config.jax_enable_x64):
        raise invalid(
            "processes=0 trains in this process, with JAX's float64 switched on",
            received="float64 off",
            hint="Set JAX_ENABLE_X64=1 before JAX is imported, or let worker processes do the training.",
        )
