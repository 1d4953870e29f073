"""JAX's float64, on or off for one computation: a student's numbers depend on its `dtype` and not on the process.

Processes differ: joblib's workers start with JAX's float64 off, whatever their parent process has set. JAX keeps this setting
per thread, so work on another thread has to enter the context on that thread.
"""

from contextlib import AbstractContextManager

import jax
import jax.experimental

from sharedtrunk._support.forked import check_process


def jax_precision(dtype: str) -> AbstractContextManager:
    """A context in which JAX computes in `dtype`, "float32" or "float64"; the process's own setting stays as it is.

    Raises `InputError` in a process that was forked after JAX was used.
    """
    check_process()
    # JAX 0.7 has enable_x64 in jax.experimental only, later versions only in jax.
    enable = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # pyright: ignore[reportAttributeAccessIssue]
    return enable(dtype == "float64")
