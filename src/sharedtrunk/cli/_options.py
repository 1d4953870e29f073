"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="FIGURE…", help="Names of figures, see `sharedtrunk list`; `all` is every figure of the paper."
    ),
]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder for pictures, datasets and stored lanes.")]
Quick = Annotated[bool, typer.Option("--quick", help="Use the figures made with --quick.")]
Processes = Annotated[
    int | None, typer.Option(metavar="N", help="Worker processes; one per core by default, 0 for this process.")
]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything to a file.")]
