"""A LoRA's example picture, made small: decoded as everything from strangers is, and written anew."""

from pathlib import Path

from PIL import Image

from inference.picture_files import PictureDecoder

SIDE_PX = 512
PIXELS_MAX = 40 << 20


def write_example(source: Path, target: Path) -> None:
    """Write a small WebP of a picture, upright and without anything that stood beside its pixels.

    Raises:
        PictureRejected: it is no picture, damaged or too large.
        OSError: it cannot be read, or the other not be written.
    """
    decoder = PictureDecoder(pixels_max=PIXELS_MAX)
    try:
        pixels = decoder.decode(source.read_bytes()).pixels
    finally:
        decoder.close()
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    image.save(target, "WEBP", quality=85)
