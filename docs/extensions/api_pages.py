"""The pages of the API: one for every room, with all of its public names.

A room is a package whose `__init__.py` re-exports its public names as `from … import X as X`. Its page is written anew at
every build: the package's docstring, a table of names, and each name with its documentation.
"""

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path

from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

ROOMS = (
    ("errors", "What goes wrong"),
    ("gaussian", "Softmax of Gaussian logits"),
    ("spectra", "Random matrices"),
    ("teachers", "Tasks"),
    ("students", "Simulation"),
    ("dynamics", "Theory of training"),
    ("asymptotics", "Theory of weight decay"),
    ("benefit", "The benefit and its bounds"),
    ("flows", "How anything is followed in time"),
    ("experiments", "The standard problem"),
    ("prediction", "One setting, several answers"),
    ("tables", "A user's table"),
    ("affinity", "The question on a table"),
    ("sweeps", "Grids of anything"),
    ("plots", "What pictures share"),
    ("paper.claims", "Claims and verdicts"),
    ("paper.claims.equations", "Claims about equations"),
    ("paper.claims.captions", "Claims about captions"),
    ("paper.contrasts", "Numbers from datasets"),
    ("paper.figures", "Figures of the paper"),
    ("paper.pictures", "Forms of pictures"),
    ("paper.report", "The report"),
)
"""Rooms in the order of the site, from the ground up, each with what it is about."""

PUBLIC_FILES = {"flows": ("trajectory", "result", "stopped")}
"""Rooms that re-export nothing, and their modules with what others use."""


MEMBERS = ["   :members:", "   :exclude-members: set_fit_request, set_score_request, set_transform_request"]
"""What is shown of a class; the excluded methods are scikit-learn's own, and link to its pages."""


def reset_jax(gallery_conf, fname):
    """Give every script of the gallery JAX as a fresh process has it."""
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_enable_x64", False)


def public_names(room: str) -> dict[str, tuple[str, str]]:
    """Name → (module that shows it, module that defines it), in the order of the source."""
    package = importlib.import_module(f"sharedtrunk.{room}")
    if room in PUBLIC_FILES:
        modules = [f"sharedtrunk.{room}.{file}" for file in PUBLIC_FILES[room]]
        return {
            name: (module, module)
            for module in modules
            for name, value in vars(importlib.import_module(module)).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module
        }
    found = {}
    for node in ast.walk(ast.parse(Path(package.__file__).read_text())):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.asname == alias.name:
                    found[alias.name] = (package.__name__, node.module)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found[node.name] = (package.__name__, package.__name__)
    return found


def _data(name: str, value, module: str) -> list[str]:
    """A constant with its value and the text that stands below it in the source."""
    try:
        documented = ModuleAnalyzer.for_module(module).find_attr_docs()
    except PycodeError:
        documented = {}
    text = documented.get(("", name), [])
    shown = repr(value)
    lines = [f".. py:data:: {name}"]
    if len(shown) <= 80 and " at 0x" not in shown:
        lines.append(f"   :value: {shown}")
    return [*lines, "", *(f"   {line}" for line in text), ""]


def _page(room: str, about: str, seen: set) -> str:
    name = f"sharedtrunk.{room}"
    names = public_names(room)
    title = f"{room}: {about[0].lower() + about[1:]}"
    lines = [f"{title}", "=" * len(title), "", f".. automodule:: {name}", "   :no-members:", ""]
    shown = {module for module, _ in names.values()}
    documented = []
    for public, (module, _) in names.items():
        value = getattr(importlib.import_module(module), public)
        if inspect.isclass(value) or inspect.isroutine(value):
            documented.append(f"   {module.removeprefix(name + '.')}.{public}" if len(shown) > 1 else f"   {public}")
    lines += [f".. currentmodule:: {name}", "", ".. autosummary::", "   :nosignatures:", "", *documented, ""]
    here = name
    for public, (module, origin) in names.items():
        if module != here:
            here = module
            lines += [f".. py:module:: {module}", ""]
        value = getattr(importlib.import_module(module), public)
        if inspect.isclass(value):
            kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
            again = ["   :no-index:"] if value in seen else []
            seen.add(value)
            lines += [f".. {kind}:: {public}", *(MEMBERS if kind == "autoclass" else []), *again, ""]
        elif inspect.isroutine(value):
            lines += [f".. autofunction:: {public}", ""]
        else:
            lines += _data(public, value, origin)
    return "\n".join(lines) + "\n"


def write(app):
    """Write the page of every room into `api/`, where it changed."""
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    seen = set()  # classes that another room shows too have their entry in the index once
    for room, about in ROOMS:
        path, text = folder / f"{room}.rst", _page(room, about, seen)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


AXES = re.compile(r"(?<![*\w`\\])\*(?=\w)(?![^*]*[^\s(\[]\*(?!\w))")
"""The star of leading axes, as in (*lane, time), which reStructuredText would take for the start of emphasis."""

SUBSCRIPT = re.compile(r"(?<=\w)_(?![\w`])")
"""An underscore at the end of a word, as in W_<ᵀ, which would be a link."""


def plain_text(app, what, name, obj, options, lines):
    """Escape, outside code, what formulas have in common with the markup of reStructuredText."""
    code = False
    for number, line in enumerate(lines):
        if line.strip() and not line.startswith(" "):
            code = False
        if not code and not line.lstrip().startswith((">>>", "...", "+-", "| ")):
            parts = re.split(r"(`+[^`]*`+)", line)
            parts[::2] = [SUBSCRIPT.sub(r"\\_", AXES.sub(r"\\*", part)).replace("|", r"\|") for part in parts[::2]]
            lines[number] = re.sub(r"(?<=\w`)s\b", r"\\ s", "".join(parts))  # the plural of a name
        code = code or line.endswith("::")
