"""What is committed belongs to no machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MACHINES = re.compile(r"(?<![\w.~}$-])/(?:tmp|home|root|work|scratch|mnt|data|Users|var/(?:tmp|folders))/[\w.-]+")
"""An absolute path where somebody's files are; `~/x`, `$TMP/x` and addresses such as https://host/home are others."""


def test_the_pattern_knows_paths_of_machines():
    # written with | for /, so that this file holds no such path itself
    found = ["--json |tmp|b6|x.json", '"|home|someone"', "(|Users|me|x)", "=|root|x", "|work|here", "|var|folders|q"]
    others = ["~|work|x", "$HOME|tmp|x", "https:||host.org|home|x", "a|tmp|b", "|proc|x"]
    assert all(MACHINES.search(text.replace("|", "/")) for text in found)
    assert not any(MACHINES.search(text.replace("|", "/")) for text in others)


def test_no_tracked_file_holds_a_path_of_a_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout of git's")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert len(files) > 100
    found = {}
    for file in filter(Path.is_file, files):
        content = file.read_bytes()
        if b"\0" not in content and (places := MACHINES.findall(content.decode())):
            found[str(file.relative_to(ROOT))] = places
    assert not found
