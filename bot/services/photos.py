"""A member's photos taken in: looked at, turned upright, stripped of all but the picture. CPU work, for a thread.

Only PNG, JPEG and WebP are opened, by their content and not by their name, and only the first frame. Sizes are capped
before anything is decoded. What is kept is a PNG made anew from the pixels: no EXIF, no place, no thumbnail of a larger
picture, nothing after the end.
"""

import hashlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

PHOTO_BYTES_MAX = 20 * 2**20
PIXELS_MAX = 50_000_000  # a phone's largest photos; 150 MB decoded
SIDE_MIN_PX = 64
KEPT_SIDE_PX = 1024  # models learn from 512 or 1024 px
THUMBNAIL_PX = 256
FORMATS = ("PNG", "JPEG", "WEBP")
ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4
SHARPNESS_MIN = 12.0  # variance of the Laplacian at 256 px, 0 … 255: sharp photos have hundreds
LOOK_PX = 16
SAME_DIFFERENCE = 3.0  # mean, of 0 … 255: the same photo, saved twice or made smaller


class Verdict(StrEnum):
    """What became of a photo."""

    GOOD = "good"
    TURNED = "turned"
    BLURRED = "blurred"
    DUPLICATE = "duplicate"
    SMALL = "small"
    NOT_A_PICTURE = "not a picture"
    TOO_LARGE = "too large"


USABLE = frozenset({Verdict.GOOD, Verdict.TURNED, Verdict.BLURRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One photo that was looked at."""

    verdict: Verdict
    sha256: str  # of the file as it was sent
    content: bytes = b""  # PNG, cleaned; empty where it cannot be used
    thumbnail: bytes = b""  # WebP
    look: bytes = b""  # 16 × 16 RGB, to find the same photo twice

    @property
    def usable(self) -> bool:
        """Whether it can be learnt from."""
        return self.verdict in USABLE


def without_duplicates(photos: Sequence[Photo]) -> list[Photo]:
    """Return photos in their order; of those that look the same, the first can be used."""
    told: list[Photo] = []
    for photo in photos:
        looks = [other.look for other in told if other.usable]
        if photo.usable and any(_difference(photo.look, look) <= SAME_DIFFERENCE for look in looks):
            photo = replace(photo, verdict=Verdict.DUPLICATE, content=b"")
        told.append(photo)
    return told


def inspect(file: bytes) -> Photo:
    """Look at one photo and clean it. Nothing that a file holds raises."""
    sha256 = hashlib.sha256(file).hexdigest()
    if len(file) > PHOTO_BYTES_MAX:
        return Photo(verdict=Verdict.TOO_LARGE, sha256=sha256)
    try:
        image, turned = _open(file)
    except _TooLarge:
        return Photo(verdict=Verdict.TOO_LARGE, sha256=sha256)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return Photo(verdict=Verdict.NOT_A_PICTURE, sha256=sha256)  # Pillow's ways to say so
    thumbnail = _encode(ImageOps.contain(image, (THUMBNAIL_PX, THUMBNAIL_PX)), "WEBP")
    if min(image.size) < SIDE_MIN_PX:
        return Photo(verdict=Verdict.SMALL, sha256=sha256, thumbnail=thumbnail)
    blurred = _sharpness(image) < SHARPNESS_MIN
    verdict = Verdict.BLURRED if blurred else Verdict.TURNED if turned else Verdict.GOOD
    kept = ImageOps.contain(image, (KEPT_SIDE_PX, KEPT_SIDE_PX)) if max(image.size) > KEPT_SIDE_PX else image
    return Photo(verdict=verdict, sha256=sha256, content=_encode(kept, "PNG"), thumbnail=thumbnail, look=_look(image))


class _TooLarge(Exception):
    """More pixels than are ever decoded."""


def _open(file: bytes) -> tuple[Image.Image, bool]:
    """Decode the first frame, upright, as RGB on white; and whether it had to be turned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes (ours is smaller) and of odd metadata, which is dropped
        with Image.open(io.BytesIO(file), formats=FORMATS) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise _TooLarge
            turned = opened.getexif().get(ORIENTATION, 1) != 1
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    return flat, turned


def _encode(image: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def _sharpness(image: Image.Image) -> float:
    """Return the variance of the picture's Laplacian: edges make it large (Pech-Pacheco et al., ICPR 2000)."""
    small = ImageOps.contain(image.convert("L"), (256, 256))
    grey = np.asarray(small, dtype=np.float32)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var())


def _look(image: Image.Image) -> bytes:
    return image.resize((LOOK_PX, LOOK_PX), Image.Resampling.BOX).tobytes()


def _difference(one: bytes, other: bytes) -> float:
    pixels = (np.frombuffer(look, dtype=np.uint8).astype(np.int16) for look in (one, other))
    return float(np.abs(np.subtract(*pixels)).mean())
