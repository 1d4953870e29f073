"""A picture as bytes, the same bytes each time it is drawn."""

import io

from matplotlib.figure import Figure

from sharedtrunk.errors import invalid
from sharedtrunk.plots._style import house_style

# No dates and no version strings: a redraw of the same dataset is the same file.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def render(figure: Figure, kind: str) -> bytes:
    """`figure` as the bytes of a file of `kind` "png" or "pdf"; `InputError` for another kind."""
    if kind not in _METADATA:
        raise invalid("a picture is png or pdf", received=repr(kind), hint="Ask for one of them.")
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format=kind, metadata=_METADATA[kind])
    return buffer.getvalue()
