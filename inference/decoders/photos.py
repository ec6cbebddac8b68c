"""A photo out of a file, in the decoding process: looked at, turned upright, made small, and nothing but its pixels.

Only PNG, JPEG and WebP are opened, by their content and not by their name, and only the first frame. What is too large
or too long is refused by the header, before a pixel is decoded. A JPEG is made smaller while it is decoded; the others
come whole, so they may have fewer pixels: at most, about 200 MB are taken for one photo.
"""

import io
import warnings
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import (
    ExifTags,
    Image,
    ImageOps,
    MpoImagePlugin,  # noqa: F401 — of JPEGs with several pictures, which Pillow would load when it meets one
    UnidentifiedImageError,
)

JPEG_PIXELS_MAX = 50_000_000  # a phone's largest photos
PROGRESSIVE_PIXELS_MAX = 25_000_000  # of such a JPEG all coefficients are kept, 6 bytes a pixel
PIXELS_MAX = {"JPEG": JPEG_PIXELS_MAX, "PNG": 25_000_000, "WEBP": 13_000_000}  # 4 and 16 bytes a pixel
SIGNATURES = {"JPEG": (0, b"\xff\xd8\xff"), "PNG": (0, b"\x89PNG\r\n\x1a\n"), "WEBP": (8, b"WEBP")}
ASPECT_MAX = 4.0  # of the longer side to the shorter: of a longer strip, the square that is learnt from shows little
SIDE_MIN_PX = 64
KEPT_SIDE_PX = 1024  # models learn from 512 or 1024 px
DECODED_SIDE_PX = 2 * KEPT_SIDE_PX  # made smaller from twice the size, it is as sharp as from the whole
THUMBNAIL_PX = 256
BAND_PX = 256  # rows that are converted at once
BLANK_CONTRAST = 3.0  # standard deviation of a colour at 256 px, 0 … 255: a sheet of paper, a covered lens
SHARPNESS_MIN = 12.0  # variance of the Laplacian at 256 px, 0 … 255: sharp photos have hundreds
LOOK_PX = 16
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by the orientation of EXIF 2.3, 4.6.4


class Verdict(StrEnum):
    """What became of a photo."""

    GOOD = "good"
    TURNED = "turned"
    LOW_RESOLUTION = "low resolution"  # said by whoever knows what is learnt from it
    BLURRED = "blurred"
    DUPLICATE = "duplicate"
    SMALL = "small"
    BLANK = "blank"
    LONG = "long"
    NOT_A_PICTURE = "not a picture"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    NOT_FETCHED = "not fetched"


def answer(content: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Look at one photo.

    Args:
        content: the file.
        options: `blank`, whether one of a single colour can be used too; `kept_px`, the longest side that is kept.

    Returns:
        Its verdict and its shorter side in pixels; with their sizes, the picture to be kept and its thumbnail as RGB;
        its look, 16 × 16 RGB. What there is not, is empty, and a side 0.
    """
    kept, thumbnail, side_px = None, None, 0
    try:
        verdict, kept, thumbnail, side_px = _inspected(
            content, takes_blank=bool(options.get("blank")), kept_px=int(options.get("kept_px", KEPT_SIDE_PX))
        )
    except (Image.DecompressionBombError, MemoryError):
        verdict = Verdict.TOO_LARGE
    except UnidentifiedImageError:
        verdict = Verdict.NOT_A_PICTURE
    except Exception:  # Pillow raises anything at all for a file that is damaged on purpose
        verdict = Verdict.UNREADABLE
    look = kept.resize((LOOK_PX, LOOK_PX), Image.Resampling.BOX).tobytes() if kept else b""
    sizes = [list(image.size) if image else [0, 0] for image in (kept, thumbnail)]
    parts = [image.tobytes() if image else b"" for image in (kept, thumbnail)]
    return {"verdict": str(verdict), "side": side_px, "sizes": sizes}, [*parts, look]


def _inspected(
    file: bytes, *, takes_blank: bool, kept_px: int
) -> tuple[Verdict, Image.Image | None, Image.Image | None, int]:
    """Return the verdict, what is kept, the thumbnail, and the shorter side."""
    kind = next((kind for kind, (at, mark) in SIGNATURES.items() if file[at : at + len(mark)] == mark), None)
    if kind is None:
        return Verdict.NOT_A_PICTURE, None, None, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, which is dropped
        Image.MAX_IMAGE_PIXELS = PIXELS_MAX[kind] // 2  # above twice that Pillow raises, before it takes any memory
        with Image.open(io.BytesIO(file), formats=(kind,)) as opened:
            side_px = min(opened.size)
            if max(opened.size) > ASPECT_MAX * side_px:
                return Verdict.LONG, None, None, side_px
            if opened.info.get("progressive") and opened.width * opened.height > PROGRESSIVE_PIXELS_MAX:
                return Verdict.TOO_LARGE, None, None, side_px
            image, turned = _decoded(opened)
    thumbnail = ImageOps.contain(image, (THUMBNAIL_PX, THUMBNAIL_PX))
    if side_px < SIDE_MIN_PX or (_is_blank(image) and not takes_blank):
        return Verdict.SMALL if side_px < SIDE_MIN_PX else Verdict.BLANK, None, thumbnail, side_px
    kept = ImageOps.contain(image, (kept_px, kept_px)) if max(image.size) > kept_px else image
    blurred = _sharpness(image) < SHARPNESS_MIN
    return Verdict.BLURRED if blurred else Verdict.TURNED if turned else Verdict.GOOD, kept, thumbnail, side_px


def _decoded(opened: Image.Image) -> tuple[Image.Image, bool]:
    """Decode the first frame, upright, as RGB on white and not much larger than needed; and whether it was turned."""
    larger = max(opened.size) / DECODED_SIDE_PX
    if larger > 1:
        opened.draft(None, (round(opened.width / larger), round(opened.height / larger)))  # a JPEG's alone
    opened.load()
    image = _flat(opened)
    turn = TURNS.get(orientation(opened))
    return (image.transpose(turn) if turn is not None else image), turn is not None


def _flat(opened: Image.Image) -> Image.Image:
    """Return a decoded picture as RGB on white, made smaller band by band: it is not held twice in its full size."""
    factor = max(1, max(opened.size) // DECODED_SIDE_PX)
    flat = Image.new("RGB", (-(-opened.width // factor), -(-opened.height // factor)), "white")
    for top in range(0, opened.height, BAND_PX * factor):
        band = opened.crop((0, top, opened.width, min(opened.height, top + BAND_PX * factor)))
        if band.has_transparency_data:
            clear = band.convert("RGBA")
            band = Image.new("RGB", clear.size, "white")
            band.paste(clear, mask=clear.getchannel("A"))
        flat.paste(band.convert("RGB").reduce(factor), (0, top // factor))
    return flat


def orientation(opened: Image.Image) -> int:
    """Return how the camera was held; metadata that make no sense say nothing."""
    try:
        return int(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow raises TypeError, struct.error and others for odd EXIF
        return 1


def _is_blank(image: Image.Image) -> bool:
    """Tell whether a picture is of one colour, but for a little noise."""
    small = np.asarray(ImageOps.contain(image, (256, 256)), dtype=np.float32)
    return float(small.std(axis=(0, 1)).max()) < BLANK_CONTRAST


def _sharpness(image: Image.Image) -> float:
    """Return the variance of the picture's Laplacian: edges make it large (Pech-Pacheco et al., ICPR 2000)."""
    small = ImageOps.contain(image.convert("L"), (256, 256))
    grey = np.asarray(small, dtype=np.float32)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var())


def warm_up() -> None:
    """Open one photo of each kind, so that all that Pillow loads at first use is there."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for kind in PIXELS_MAX:
        stream = io.BytesIO()
        Image.linear_gradient("L").convert("RGB").save(stream, kind, exif=exif)
        reply, _ = answer(stream.getvalue(), {})
        assert reply["verdict"] == Verdict.BLURRED
