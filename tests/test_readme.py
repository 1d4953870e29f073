"""The Python examples of the README and the docs run, their commands exist, and their links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def only_example(text: str) -> str:
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    return example


@pytest.mark.float64
def test_the_example_runs():
    done = subprocess.run(
        [sys.executable, "-c", only_example(README)], capture_output=True, text=True, timeout=300, check=True
    )
    number, unit = done.stdout.split()
    assert unit == "nats"
    assert 0 < float(number) < 1


@pytest.mark.long
def test_the_example_of_a_table_runs():
    example = only_example((ROOT / "docs" / "your-table.md").read_text())
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


def test_the_readme_fits_on_three_screens():
    assert README.count("\n") <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    absent = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not absent
