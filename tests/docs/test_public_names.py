"""Every public name has a numpydoc docstring with all of its parameters; the list of what lacks one only gets shorter."""

import enum
import importlib
import inspect
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "extensions"))
pytest.importorskip("sphinx", reason="the pages of the API need Sphinx: make install-docs")
import api_pages

LACKING = {
    "students.composites",
    "students.logits",
    "students.of_lanes",
    "students.training_loss",
    "tables.Features",
    "tables.Identifier",
    "tables.named_columns",
    "tables.object_array",
    "tables.sentinel_note",
}
"""Names whose docstring lists no parameters, or not all."""

HEADINGS = ("Parameters", "Other Parameters", "Attributes")


def listed(value) -> set[str]:
    """The names that a docstring lists, and those of the classes that a class is made from."""
    classes = inspect.getmro(value)[:-1] if inspect.isclass(value) else [value]
    found = set()
    for one in classes:
        if not getattr(one, "__module__", "").startswith("sharedtrunk"):
            continue
        parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.getdoc(one) or "", flags=re.MULTILINE)
        for heading, text in zip(parts[1::2], parts[2::2], strict=True):
            if heading in HEADINGS:
                for line in re.findall(r"^([\w*].*)$", text, re.MULTILINE):
                    found |= {name.strip(" *") for name in line.split(" : ")[0].split(",")}
    return found


def public_values():
    for room, _ in api_pages.ROOMS:
        for name, (module, _) in api_pages.public_names(room).items():
            value = getattr(importlib.import_module(module), name)
            if inspect.isroutine(value) or (
                inspect.isclass(value) and not issubclass(value, BaseException | enum.Enum)
            ):
                yield pytest.param(value, id=f"{room}.{name}")


@pytest.mark.parametrize("value", list(public_values()))
def test_every_parameter_is_listed(value, request):
    assert inspect.getdoc(value), "no docstring"
    try:
        parameters = set(inspect.signature(value).parameters)
    except ValueError:
        return
    lacks = request.node.callspec.id in LACKING
    missing = parameters - listed(value)
    assert bool(missing) == lacks, missing or "lists all: take it out of LACKING"
