"""Every block of Python in README and site runs, every command in them can be parsed, and every link leads somewhere."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sharedtrunk.cli import app

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("pages_runner.py")
DOCS = sorted(path for path in (ROOT / "docs").rglob("*.md") if "gallery" not in path.parts)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
CODE = [page for page in PAGES if "```python" in page.read_text()]
STUBBED = ("cluster.md",)
"""Pages whose blocks train whole figures, or need a batch system: they run with these two replaced."""


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.long
@pytest.mark.parametrize("page", CODE, ids=name)
def test_blocks_of_python_run(page, tmp_path):
    runner = [RUNNER.with_name("cluster_stubs.py")] if page.name in STUBBED else []
    command = [sys.executable, *map(str, runner), str(RUNNER), str(page)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize("page", CODE, ids=name)
def test_blocks_of_python_parse(page):
    """A quick look at the same blocks: those that are no doctests compile."""
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), flags=re.DOTALL | re.MULTILINE):
        if not block.startswith(">>>"):
            compile(block, str(page), "exec")


def commands(text: str) -> list[str]:
    """The lines of code that call `sharedtrunk`, without the prompt and the comment."""
    fenced = "\n".join(re.findall(r"^```console\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE))
    code = [*fenced.splitlines(), *re.findall(r"^    (sharedtrunk .*)$", text, flags=re.MULTILINE)]
    lines = [line.removeprefix("$ ") for line in code]
    return [re.split(r"\s{2,}|\s+#\s", line)[0] for line in lines if line.startswith("sharedtrunk ")]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_parse(page):
    group = typer.main.get_command(app)
    for line in commands(page.read_text()):
        words = shlex.split(line)[1:]
        command = group.get_command(None, words[0])
        assert command is not None, line
        command.make_context(words[0], words[1:])


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub and MyST make it."""
    words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_and_anchors_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target, part in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", text):
        if "://" in target:
            continue
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if part and file.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", file.read_text(), flags=re.MULTILINE)
            assert part in map(anchor, headings), f"{target}#{part}"


def test_every_script_of_the_gallery_tells_what_it_shows():
    scripts = sorted((ROOT / "examples" / "gallery").glob("plot_*.py"))
    assert len(scripts) >= 10
    for script in scripts:
        assert re.match(r'"""\n[^\n]+\n=+\n\n', script.read_text()), script.name


@pytest.mark.long
@pytest.mark.parametrize(
    "script", sorted((ROOT / "examples" / "gallery").glob("plot_*.py")), ids=lambda script: script.stem
)
def test_scripts_of_the_gallery_end_in_a_picture(script, tmp_path):
    code = (
        "import runpy, sys, matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt;"
        f"sys.path.insert(0, {str(script.parent)!r}); runpy.run_path({str(script)!r}, run_name='__main__');"
        "print('pictures:', len(plt.get_fignums()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "pictures: 1" in done.stdout or "PyTorch is not installed" in done.stdout
