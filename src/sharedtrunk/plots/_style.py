"""The style of all pictures, independent of the user's matplotlibrc."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so a picture is the same on every machine
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "figure.dpi": 100.0,
    "savefig.dpi": 160.0,
    "pdf.fonttype": 42,  # TrueType: the text of a PDF can be searched and edited
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with matplotlib's defaults and this project's style, and restore the user's settings afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield
