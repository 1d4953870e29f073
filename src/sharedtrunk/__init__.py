"""Will learning task B beside task A help A? By theory, by simulation, and on your own table.

Packages are imported by name (`from sharedtrunk import gaussian, teachers, students, dynamics, benefit`). Importing
`sharedtrunk` itself loads neither JAX nor matplotlib, so the command line answers at once. `sharedtrunk.predict` answers the
question for one setting, and is imported at its first use. Input that breaks a rule raises `sharedtrunk.errors.InputError`.
"""

import importlib
from typing import Any

import sharedtrunk._support.forked  # noqa: F401 - watches for forks, which JAX does not survive
from sharedtrunk._version import __version__ as __version__


def __getattr__(name: str) -> Any:
    if name == "predict":
        # Imported by name: a plain import would break import-linter's layers, in which this file lies below `prediction`.
        return importlib.import_module("sharedtrunk.prediction").predict
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "predict"]
