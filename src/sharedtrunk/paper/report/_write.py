"""The verb of this room: gather a folder, write its page."""

import os
from dataclasses import dataclass
from pathlib import Path

from sharedtrunk._support.files import check_writable, write_atomically
from sharedtrunk.paper.figures import Size
from sharedtrunk.paper.report._gather import LEDGER, Gap, gather, ledger_command
from sharedtrunk.paper.report._page import render
from sharedtrunk.paper.report._page_data import view


@dataclass(frozen=True)
class Report:
    """A page written: where, how many bytes, how many figures and rows of the ledger it shows, what was missing."""

    path: Path
    bytes: int
    figures: int
    rows: int
    gaps: tuple[Gap, ...]


def write(
    folder: str | os.PathLike[str], *, page: str | os.PathLike[str] | None = None, size: Size = "standard"
) -> Report:
    """Gather the figures of that size and the ledger in `folder` into one self-contained HTML file.

    `page` is where it goes, by default report.html in the folder (report-quick.html for the quick grid). Written again
    from the same files it has the same bytes. Raises `InputError` for a folder without any figure, for a damaged file
    in it, and for a page that cannot be written.
    """
    folder = Path(folder)
    material = gather(folder, size)
    path = folder / f"report{'' if size == 'standard' else f'-{size}'}.html" if page is None else Path(page)
    check_writable(path)
    # A question mark stands for what UTF-8 does not have, from a name in another encoding.
    content = render(view(material)).encode(errors="replace")
    write_atomically(path, content)
    without = (Gap(f"the ledger of equations ({LEDGER})", ledger_command(folder)),)
    gaps = material.gaps + (without if material.ledger.record is None else ())
    return Report(path, len(content), len(material.shown), len(material.ledger.rows), gaps)
