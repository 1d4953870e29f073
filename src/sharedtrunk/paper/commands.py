"""Commands that make a file of results, as messages, datasets and the report quote them."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Literal


def figure_command(
    verb: Literal["reproduce", "redraw"], figures: Sequence[str], folder: Path, size: str, *options: str
) -> str:
    """Return the command that makes or redraws figures, quoted for a shell.

    Parameters
    ----------
    verb
        "reproduce" trains what is not stored; "redraw" draws and judges the stored dataset.
    figures
        Names of figures.
    folder
        The folder of results.
    size
        The grid: "standard", "quick" or "full".
    options
        Further arguments of the command.
    """
    grid = [] if size == "standard" else [f"--{size}"]
    return shlex.join(["sharedtrunk", verb, *figures, "--out", str(folder), *grid, *options])


def claims_command(path: Path) -> str:
    """Return the command that measures the ledger into a JSON file, quoted for a shell."""
    return shlex.join(["sharedtrunk", "claims", "--json", str(path)])
