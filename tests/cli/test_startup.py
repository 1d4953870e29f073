"""What a process leaves unimported until it needs it; the seconds this saves are measured in benchmarks/startup.py."""

import json
import os
import subprocess
import sys

import pytest

SCIENCE = ("jax", "jaxlib", "equinox", "diffrax", "optax", "jaxtyping", "scipy", "sklearn")
TABLES_AND_PICTURES = ("xarray", "pandas", "matplotlib", "h5py", "h5netcdf", "jinja2")
COMMAND = ("typer", "rich", "pydantic")
EVERYTHING = ("numpy", *SCIENCE, "scipy.stats", *TABLES_AND_PICTURES, *COMMAND)


def imported(code, *words):
    """Which of the modules named above a new interpreter has imported at the end of `code`, run with those words."""
    environment = {**os.environ, "JAX_ENABLE_X64": "1"}
    environment.pop("PYTHONPATH", None)
    ending = f"import sys, json; print(json.dumps([name for name in {EVERYTHING!r} if name in sys.modules]))"
    code = f"import sys; sys.argv = ['sharedtrunk', *{words!r}]\ntry:\n    {code}\nfinally:\n    {ending}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("reproduce", "--help"), ("--version",), ()])
def test_help_is_shown_without_numpy(words):
    found = imported("from sharedtrunk.__main__ import main; main()", *words)
    assert "typer" in found
    assert not found & {"numpy", *SCIENCE, *TABLES_AND_PICTURES, "pydantic"}


def test_figures_are_listed_with_numpy_alone():
    found = imported("from sharedtrunk.__main__ import main; main()", "list")
    assert {"typer", "numpy"} <= found
    assert not found & {*SCIENCE, *TABLES_AND_PICTURES, "rich", "pydantic"}


def test_a_run_reaches_its_workers_before_science_and_pictures_are_imported(tmp_path):
    code = "from sharedtrunk import cli, sweeps; sweeps.run = lambda *_, **__: sys.exit(); cli.main()"
    found = imported(code, "reproduce", "fig2-left", "--quick", "--out", str(tmp_path))
    assert {"numpy", "rich"} <= found  # it got that far
    assert not found & {*SCIENCE, *TABLES_AND_PICTURES}


def test_a_worker_imports_what_it_computes_with_and_no_more():
    found = imported("import sharedtrunk.experiments, sharedtrunk.prediction")
    assert {"numpy", "jax", "scipy"} <= found
    assert not found & {"scipy.stats", "sklearn", "optax", *TABLES_AND_PICTURES, *COMMAND}
