"""Links of Markdown files that also read well outside the site: what they lead to there, and what it is here."""

import re
from pathlib import Path

HOME = Path(__file__).parents[2]

PAGES = {
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/affinity/README.md": "benchmarks-affinity.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Files outside `docs/` that are pages of the site."""

INCLUDED = {page: file for file, page in PAGES.items()}


def lead_to_pages(app, docname, source):
    """Change the links of one page: files outside `docs/` lead to their page here, or are named."""
    page = HOME / "docs" / (docname + ".md")
    file = HOME / INCLUDED.get(page.name, f"docs/{docname}.md")
    if page.name in INCLUDED:
        source[0] = file.read_text()
    if not file.exists():
        return

    def here(match: re.Match) -> str:
        mark, words, target, anchor = match.groups()
        if "://" in target or not target:
            return match[0]
        found = (file.parent / target).resolve()
        if not found.is_relative_to(HOME):
            return match[0]
        inside = str(found.relative_to(HOME))
        if inside in PAGES:
            return f"{mark}[{words}](/{PAGES[inside]}{anchor})"
        if inside.startswith("docs/"):
            return f"{mark}[{words}](/{inside.removeprefix('docs/')}{anchor})"
        return words if words.startswith("`") or "/" in words else f"{words} (`{inside}`)"

    source[0] = re.sub(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)", lambda m: here(_whole(m)), source[0])


class _whole:
    """A match whose missing anchor is an empty text."""

    def __init__(self, match: re.Match):
        self.match = match

    def groups(self) -> tuple[str, ...]:
        return tuple(part or "" for part in self.match.groups())

    def __getitem__(self, index: int) -> str:
        return self.match[index]
