"""Pictures inside the page: PNG files as data URIs, with fewer colours where the page would grow too large."""

import base64
import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sharedtrunk.errors import invalid

Name = tuple[str, str]
"""The name of a figure, and the ending of its picture's file name, such as `-honest`."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LIMIT = 5_000_000  # bytes of pictures: in base64 they take 6.7 MB of a page that should stay below 8 MB
COLOURS = 256  # colours of a picture where the page would be too large: the most that a PNG palette can hold


@dataclass(frozen=True)
class Picture:
    """A PNG file: its bytes, and its size in pixels."""

    content: bytes
    width: int
    height: int

    @property
    def uri(self) -> str:
        """Data URI of the picture."""
        return f"data:image/png;base64,{base64.b64encode(self.content).decode()}"


def read_picture(path: Path, hint: str) -> Picture:
    """Read a PNG file. Raises `InputError` with the hint where it is damaged or not a PNG file."""
    content = path.read_bytes()
    # The file begins with signature, length and name of the first chunk, width and height.
    if len(content) < 24 or not content.startswith(_SIGNATURE) or content[12:16] != b"IHDR":
        raise invalid("a figure's picture must be a PNG file", received=f"something else in {path}", hint=hint)
    if not _whole(content):
        rule = "a figure's picture must be a whole PNG file, unchanged since it was written"
        raise invalid(rule, received=f"{path} (damaged)", hint=hint)
    return Picture(content, *struct.unpack(">II", content[16:24]))


def _whole(content: bytes) -> bool:
    """Whether the file consists of chunks (length, name, data, CRC-32 of name and data), of which the last is IEND."""
    start, name = len(_SIGNATURE), b""
    while start + 12 <= len(content) and name != b"IEND":
        (length,) = struct.unpack(">I", content[start : start + 4])
        end = start + 8 + length
        name, covered = content[start + 4 : start + 8], content[start + 4 : end]
        if content[end : end + 4] != struct.pack(">I", zlib.crc32(covered)):
            return False
        start = end + 4
    return name == b"IEND" and start == len(content)


def fitted(pictures: Mapping[Name, Picture], limit: int = LIMIT) -> dict[Name, Picture]:
    """Return the pictures, with 256 colours if together they have more than `limit` bytes."""
    if sum(len(picture.content) for picture in pictures.values()) <= limit:
        return dict(pictures)
    return {key: _with_few_colours(picture) for key, picture in pictures.items()}


def _with_few_colours(picture: Picture) -> Picture:
    from PIL import Image  # comes with matplotlib; imported here, because most pages do not need it

    few = io.BytesIO()
    with Image.open(io.BytesIO(picture.content)) as image:
        # Dithering would speckle the plain colours of a plot and make the file larger.
        reduced = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        reduced.save(few, "PNG", optimize=True)
    return Picture(few.getvalue(), picture.width, picture.height) if few.tell() < len(picture.content) else picture
