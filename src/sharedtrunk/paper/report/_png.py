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
"""Of a figure, and what the name of the picture ends with."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# A page below 8 MB holds 5 MB of pictures in base64, and leaves room for the ledger.
LIMIT = 5_000_000
COLOURS = 256


@dataclass(frozen=True)
class Picture:
    """A PNG file: its bytes, and its size in pixels."""

    content: bytes
    width: int
    height: int

    @property
    def uri(self) -> str:
        """The picture as an address that contains it."""
        return f"data:image/png;base64,{base64.b64encode(self.content).decode()}"


def read_picture(path: Path, hint: str) -> Picture:
    """Read a PNG file. Raises `InputError` where the file is not one."""
    content = path.read_bytes()
    # The header: signature, length and name of the first chunk, then width and height.
    if len(content) < 24 or not content.startswith(_SIGNATURE) or content[12:16] != b"IHDR":
        raise invalid("a figure's picture must be a PNG file", received=f"something else in {path}", hint=hint)
    if not _whole(content):
        rule, received = (
            "a figure's picture must be a whole PNG file, unchanged since it was written",
            f"{path} (damaged)",
        )
        raise invalid(rule, received=received, hint=hint)
    return Picture(content, *struct.unpack(">II", content[16:24]))


def _whole(content: bytes) -> bool:
    """Whether the file consists of chunks (length, name, data, CRC-32 of name and data), of which the last is IEND."""
    place, name = len(_SIGNATURE), b""
    while place + 12 <= len(content) and name != b"IEND":
        (length,) = struct.unpack(">I", content[place : place + 4])
        end = place + 8 + length
        name, guarded = content[place + 4 : place + 8], content[place + 4 : end]
        if content[end : end + 4] != struct.pack(">I", zlib.crc32(guarded)):
            return False
        place = end + 4
    return name == b"IEND" and place == len(content)


def fitted(pictures: Mapping[Name, Picture], limit: int = LIMIT) -> dict[Name, Picture]:
    """The pictures as they are, or all with 256 colours where together they exceed `limit` bytes."""
    if sum(len(picture.content) for picture in pictures.values()) <= limit:
        return dict(pictures)
    return {key: _with_few_colours(picture) for key, picture in pictures.items()}


def _with_few_colours(picture: Picture) -> Picture:
    from PIL import Image  # comes with matplotlib; here because most pages do without

    few = io.BytesIO()
    with Image.open(io.BytesIO(picture.content)) as image:
        # Dithering would speckle the plain colours of a plot, and make the file larger.
        reduced = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        reduced.save(few, "PNG", optimize=True)
    return Picture(few.getvalue(), picture.width, picture.height) if few.tell() < len(picture.content) else picture
