"""One spelling for every piece of plain data, so that equal specifications have equal content keys.

*Plain* data are None, bool, int, finite float, str, and lists and string-keyed mappings of these: what JSON can hold.
Tuples become lists and NumPy scalars become Python's. *Canonical* JSON has sorted keys, no spaces, the shortest
digits that read back as the same float, and no NaN; its sha256 is the *content key*.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sharedtrunk.errors import invalid


def plain(value: Any, name: str) -> Any:
    """A copy of `value` in plain data; errors call it `name`. Raises `InputError` for other data."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise invalid(f"numbers in {name} must be finite", received=value, hint="Write it as a string.")
        return value
    if isinstance(value, list | tuple):
        return [plain(item, f"{name}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(item, f"{name}[{key!r}]") for key, item in value.items()}
    raise invalid(
        f"{name} must be made of what JSON can hold (None, bool, int, float, str, lists, mappings keyed by strings)",
        received=f"{type(value).__name__} {value!r:.60}",
        hint="Name the object by a string or a number and build it in the chunk function.",
    )


def canonical(value: Any) -> bytes:
    """The canonical JSON of plain data, on one line."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode("ascii")


def content_key(value: Any) -> str:
    """sha256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
