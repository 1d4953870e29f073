"""A picture as the bytes of a file."""

import io

from matplotlib.figure import Figure

from sharedtrunk.errors import invalid
from sharedtrunk.plots._style import house_style

# Without dates and version strings, two drawings of the same dataset are the same file.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def render(figure: Figure, kind: str) -> bytes:
    """Return a picture as the bytes of a file, the same bytes each time.

    Parameters
    ----------
    figure
        The picture.
    kind
        "png" or "pdf".

    Raises
    ------
    InputError
        For another kind of file.
    """
    if kind not in _METADATA:
        raise invalid("a picture is png or pdf", received=repr(kind), hint="Choose one of these.")
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format=kind, metadata=_METADATA[kind])
    return buffer.getvalue()
