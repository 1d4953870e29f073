"""Public functions and classes list their parameters and results, as numpydoc has them.

ruff checks the form of docstrings (the rules D in pyproject.toml); that no parameter is left out is checked here.
"""

import importlib
import inspect
import re

import pytest

PACKAGES = ("sharedtrunk.errors", "sharedtrunk.sweeps")
"""Packages whose public names are all documented; a package is added once it passes."""


def public_names():
    for name in PACKAGES:
        package = importlib.import_module(name)
        for attribute, value in vars(package).items():
            public = not attribute.startswith("_") and (inspect.isfunction(value) or inspect.isclass(value))
            if public and value.__module__.startswith("sharedtrunk"):
                yield pytest.param(value, id=f"{name}.{attribute}")


def sections(docstring: str) -> dict[str, str]:
    """Section of a numpydoc docstring → its text."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", docstring, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("value", list(public_names()))
def test_parameters_and_results_are_listed(value):
    docstring = inspect.getdoc(value)
    assert docstring
    found = sections(docstring)
    listed = [
        name for line in re.findall(r"^(\w.*)$", found.get("Parameters", ""), re.MULTILINE) for name in line.split(", ")
    ]
    # An exception without a constructor of its own takes what every exception takes.
    plain_exception = inspect.isclass(value) and issubclass(value, Exception) and "__init__" not in vars(value)
    assert listed == [] if plain_exception else listed == list(inspect.signature(value).parameters)
    if inspect.isfunction(value) and inspect.signature(value).return_annotation not in (None, inspect.Signature.empty):
        assert {"Returns", "Yields"} & found.keys()
