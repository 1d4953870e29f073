"""The README's Python example runs and gives a benefit; its commands exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.float64
def test_the_example_runs():
    example, _ = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=300, check=True)
    number, unit = done.stdout.split()
    assert unit == "nats"
    assert 0 < float(number) < 1


def test_the_example_of_a_table_runs():
    _, example = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=300, check=True)
    assert "task1" in done.stdout
    assert done.stdout.count("\n") == 2 + 5  # one auxiliary task under its heading; five predictions of two tasks


def test_the_commands_exist():
    from typer.testing import CliRunner

    from sharedtrunk.cli import app

    commands = [line.removeprefix("$ ") for line in README.splitlines()]
    used = {line.split()[1] for line in commands if line.startswith("sharedtrunk ")}
    assert used == {"list", "reproduce", "redraw", "predict", "claims", "report", "advise"}
    for command in used:
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
