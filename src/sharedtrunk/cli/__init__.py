"""The command line: parse, call, print. Every command is a file of this package.

Nothing slow is imported until a command needs it: `--help` answers without NumPy, `list` without JAX, SciPy and xarray.
"""

import io
import logging
import sys
from typing import Annotated

import typer

from sharedtrunk._support.interrupts import end_cleanly_on_sigterm, exit_code
from sharedtrunk._version import __version__
from sharedtrunk.cli._advise import advise
from sharedtrunk.cli._claims import claims
from sharedtrunk.cli._errors import UsageError, report_usage_error
from sharedtrunk.cli._list import list_figures
from sharedtrunk.cli._predict import predict
from sharedtrunk.cli._redraw import redraw
from sharedtrunk.cli._report import report
from sharedtrunk.cli._reproduce import reproduce

# Typer imports pydantic to interpret a flag without a default. `--help` is the only flag of `list`: with this default,
# `list` runs without pydantic.
_NO_HELP = {"help": False}

app = typer.Typer(
    help="Will learning task B beside task A help A? Theory, simulation, advice on your own table, and the paper checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"default_map": {**_NO_HELP, "list": _NO_HELP}},
)
app.command("list")(list_figures)
for _command in (reproduce, redraw, report, claims, predict, advise):
    app.command()(_command)


def main() -> None:
    """Run the `sharedtrunk` command; `sharedtrunk.__main__` imports and calls this."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal without ± or … shows a question mark there.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # The summary prints the store's messages, so the logger does not.
    logging.getLogger("sharedtrunk").addHandler(logging.NullHandler())
    cache_messages = logging.StreamHandler()
    cache_messages.setFormatter(logging.Formatter("sharedtrunk: %(message)s"))
    logging.getLogger("sharedtrunk.cache").addHandler(cache_messages)
    end_cleanly_on_sigterm()
    try:
        code = app(standalone_mode=False)
    except UsageError as error:
        sys.exit(report_usage_error(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sharedtrunk: Interrupted.", err=True)
        sys.exit(exit_code())
    sys.exit(code)


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"sharedtrunk {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
