"""Every script in `benchmarks` prints its help, so what it imports from the library is still there."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2]


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.py")), ids=lambda script: script.stem)
def test_a_script_prints_its_help(script):
    command = [sys.executable, "-m", f"benchmarks.{script.stem}", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER.parent, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
