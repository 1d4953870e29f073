"""House style: fonts, sizes and fonts' embedding, whatever the user's matplotlibrc says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same picture on every machine
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
    "pdf.fonttype": 42,  # text stays text
}


@contextmanager
def house_style() -> Iterator[None]:
    """Within this context matplotlib has its own defaults and ours, nothing of the user's."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield
