"""Write the report of a folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from sharedtrunk._support.files import check_writable, write_atomically
from sharedtrunk.paper.commands import claims_command
from sharedtrunk.paper.figures import Size
from sharedtrunk.paper.report._gather import LEDGER, Missing, gather
from sharedtrunk.paper.report._page import render
from sharedtrunk.paper.report._page_data import page_data


@dataclass(frozen=True)
class Report:
    """A page that was written: its path, size in bytes, numbers of figures and of ledger rows, and what is missing.

    Parameters
    ----------
    path
        Where the page is.
    bytes
        Its size.
    figures, rows
        Numbers of figures and of the ledger's rows on it.
    missing
        What it lacks.
    """

    path: Path
    bytes: int
    figures: int
    rows: int
    missing: tuple[Missing, ...]


def write(
    folder: str | os.PathLike[str], *, page: str | os.PathLike[str] | None = None, size: Size = "standard"
) -> Report:
    """Write the figures and the ledger of a folder into one HTML file that needs no other file.

    The same result files always give the same bytes.

    Parameters
    ----------
    folder
        The folder of results.
    page
        The file to write, by default report.html in the folder, or report-quick.html or report-full.html for those sizes.
    size
        The grid of the figures to show.

    Returns
    -------
    Report
        The page's path and size, and what it shows and lacks.

    Raises
    ------
    InputError
        For a folder without any figure, a damaged file in it, or a page that cannot be written.
    """
    folder = Path(folder)
    contents = gather(folder, size)
    path = folder / f"report{'' if size == 'standard' else f'-{size}'}.html" if page is None else Path(page)
    check_writable(path)
    # A file name can hold bytes that are not UTF-8; a question mark replaces them.
    content = render(page_data(contents)).encode(errors="replace")
    write_atomically(path, content)
    no_ledger = (Missing(f"the ledger of equations ({LEDGER})", claims_command(folder / LEDGER)),)
    missing = contents.missing + (no_ledger if contents.ledger.record is None else ())
    return Report(path, len(content), len(contents.figures), len(contents.ledger.rows), missing)
