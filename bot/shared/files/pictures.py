"""Pictures made to fit the platform's upload limit, their parameters kept. CPU work: call it in a thread.

A PNG carries its parameters as AUTOMATIC1111 writes them, in the text chunk `parameters`; WebP and JPEG have no such
chunk, so there the same text goes where the same tools look for it: the EXIF tag UserComment.
"""

import io
from dataclasses import dataclass, replace

from PIL import Image

from inference.checks import PictureCheck

CHUNK = "parameters"
EXIF_IFD = 0x8769  # TIFF tag that points to the EXIF directory
USER_COMMENT = 0x9286  # EXIF 2.3, 4.6.5: eight bytes that name the encoding, then the text
QUALITIES = (92, 80, 65)
SHRINK = 0.7
SIDE_MIN_PX = 64


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file."""

    name: str  # with the ending of its format
    content: bytes
    alt: str = ""  # for those who cannot see it
    check: PictureCheck | None = None  # what a checker found of it; None: there was none
    spoiler: bool = False  # it is shown covered


def read_parameters(content: bytes) -> str:
    """Return the parameters text of a PNG, WebP or JPEG of ours, or '' if it has none."""
    with Image.open(io.BytesIO(content)) as image:
        if isinstance(text := image.info.get(CHUNK), str):
            return text
        comment = image.getexif().get_ifd(EXIF_IFD).get(USER_COMMENT)
    return comment[8:].decode("utf-16-be") if isinstance(comment, bytes) else ""


def fit(picture: Picture, limit_bytes: int) -> Picture:
    """Return the picture as it is if it is small enough, else as a WebP, else as a smaller WebP.

    Raises:
        ValueError: not even a thumbnail fits.
    """
    if len(picture.content) <= limit_bytes:
        return picture
    exif = _exif(read_parameters(picture.content))
    with Image.open(io.BytesIO(picture.content)) as opened:
        image = opened.convert("RGB")
    while min(image.size) >= SIDE_MIN_PX:
        for quality in QUALITIES:
            content = _webp(image, quality, exif)
            if len(content) <= limit_bytes:
                return replace(picture, name=picture.name.rsplit(".", 1)[0] + ".webp", content=content)
        image = image.resize((round(image.width * SHRINK), round(image.height * SHRINK)), Image.Resampling.LANCZOS)
    raise ValueError(f"{picture.name} does not fit into {limit_bytes} bytes")


def _webp(image: Image.Image, quality: int, exif: Image.Exif) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, exif=exif)
    return buffer.getvalue()


def _exif(parameters: str) -> Image.Exif:
    exif = Image.Exif()
    if parameters:
        exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + parameters.encode("utf-16-be")
    return exif
