"""JAX does not survive `os.fork`: the child has JAX's memory but none of its threads, and waits for them forever.

In a process that was forked after JAX was used, every function of ours that would use JAX raises `InputError` instead of
hanging: in our modules an object that raises replaces `jax` and `jax.numpy`, and modules that may be imported after the
fork call `check_process`. What needs no JAX still works, such as the predictions of a trained classifier. Processes that
were forked before JAX was used, or that start anew (spawn, forkserver, loky), are not affected.
"""

import os
import sys
from typing import Any

from sharedtrunk.errors import invalid

_forked = False
"""Whether this process was forked from one that had used JAX."""


def check_process() -> None:
    """Raise `InputError` in a process that was forked after JAX was used, where JAX would hang."""
    if _forked:
        raise invalid(
            "JAX works in the process that first used it, not in one forked from that",
            received="a process forked after JAX was used",
            hint='Start processes anew (joblib: backend "loky"; multiprocessing: get_context("spawn"); a web server: '
            "without preloading), or fork before anything is computed. A fitted classifier predicts here.",
        )


class _Refusing:
    """Stands for `jax` and `jax.numpy` in a forked process, and raises when it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # code that inspects modules must find an ordinary object
            raise AttributeError(name)
        return check_process()


def _refuse_jax() -> None:
    """Replace JAX in our modules. This runs in the child, right after the fork."""
    global _forked
    # JAX has no public way to ask for its backends without making them. This is JAX's dictionary of them; JAX's function
    # takes a lock, which another thread may have held at the fork.
    if _forked or not getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", None):
        return
    _forked = True
    libraries, refusing = (sys.modules["jax"], sys.modules.get("jax.numpy")), _Refusing()
    for module in [module for name, module in sys.modules.items() if name.startswith("sharedtrunk.")]:
        for name, value in list(vars(module).items()):
            if any(value is library for library in libraries):
                setattr(module, name, refusing)


if hasattr(os, "register_at_fork"):  # on systems that can fork
    os.register_at_fork(after_in_child=_refuse_jax)
