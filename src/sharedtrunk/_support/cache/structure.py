"""The structure of a program's result as JSON, so that it can be stored without pickling.

Only these nodes are encoded: None, dictionaries, tuples, lists, and the named tuples and Equinox modules of sharedtrunk and
JAX, whose static fields are strings, numbers and booleans. `LEAF` stands for each array.
"""

import dataclasses
import sys
from typing import Any

import equinox as eqx

_PACKAGES = ("sharedtrunk", "jax")


class Leaf:
    """Marks an array."""


LEAF = Leaf()


def encode(node: Any) -> Any:
    """The structure of a result whose arrays are `LEAF`, in plain data. Raises `TypeError` for a node of another kind."""
    if node is LEAF:
        return "array"
    if node is None or isinstance(node, str | bool | int | float):
        return {"static": node}
    if isinstance(node, eqx.Module):
        fields = [field.name for field in dataclasses.fields(node) if hasattr(node, field.name)]
        return {"module": _name(type(node)), "fields": {name: encode(getattr(node, name)) for name in fields}}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return {"named": _name(type(node)), "items": [encode(item) for item in node]}
    if type(node) in (tuple, list):
        return {type(node).__name__: [encode(item) for item in node]}
    if type(node) is dict and all(isinstance(key, str) for key in node):
        return {"dict": {key: encode(item) for key, item in node.items()}}
    raise TypeError(f"a {type(node).__qualname__} has no plain form")


def decode(encoded: Any) -> Any:
    """The result with `LEAF` for each array. Malformed input raises one of Python's own errors.

    Nothing is imported, and only the constructors of named tuples are called.
    """
    if encoded == "array":
        return LEAF
    match encoded:
        case {"static": value}:
            return value
        case {"module": name, "fields": fields}:
            return _module(_class(name, eqx.Module), fields)
        case {"named": name, "items": items}:
            return _class(name, tuple)(*map(decode, items))
        case {"tuple": items}:
            return tuple(map(decode, items))
        case {"list": items}:
            return list(map(decode, items))
        case {"dict": items}:
            return {key: decode(item) for key, item in items.items()}
    raise TypeError("this is not an encoded structure")


def _module(kind: type, fields: dict[str, Any]) -> Any:
    # As when JAX rebuilds a module, no constructor is called: it would check and convert fields that are not arrays yet.
    module = object.__new__(kind)
    for name, encoded in fields.items():
        object.__setattr__(module, name, decode(encoded))
    return module


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: str, base: type) -> Any:
    """The class of that name, from a module that is already imported."""
    module, _, qualified = name.partition(":")
    if module.split(".")[0] not in _PACKAGES:
        raise TypeError(f"{name} belongs to another package")
    kind: Any = sys.modules[module]
    for attribute in qualified.split("."):
        kind = getattr(kind, attribute)
    if not (isinstance(kind, type) and issubclass(kind, base) and (base is not tuple or hasattr(kind, "_fields"))):
        raise TypeError(f"{name} is not a {base.__name__}")
    return kind
