"""The scripts beside this folder say how they are called: what they import from the library is still there."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2]


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.py")), ids=lambda script: script.stem)
def test_it_tells_its_options(script):
    words = [sys.executable, "-m", f"benchmarks.{script.stem}", "--help"]
    told = subprocess.run(words, capture_output=True, text=True, cwd=FOLDER.parent, check=False)
    assert told.returncode == 0, told.stderr
    assert "usage:" in told.stdout
