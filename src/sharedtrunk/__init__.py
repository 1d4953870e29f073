"""Will learning task B beside task A help A? By theory, by simulation, and on your own table.

The rooms are imported by name (`from sharedtrunk import gaussian, teachers, students, dynamics, benefit`); importing the
package itself loads neither JAX nor matplotlib, so the command line answers at once. `sharedtrunk.predict` is the answer
for one setting; it loads what it needs when it is asked for.
"""

import importlib
from typing import Any

import sharedtrunk._support.forked  # noqa: F401 - whatever is used first, a fork that JAX does not survive is noticed
from sharedtrunk._version import __version__ as __version__


def __getattr__(name: str) -> Any:
    if name == "predict":
        # By name: whoever imports the package for its version alone must not depend on the science.
        return importlib.import_module("sharedtrunk.prediction").predict
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "predict"]
