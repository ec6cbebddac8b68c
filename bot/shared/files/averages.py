"""The average of several pictures, in pixels: what they are blended from where a model cannot be shown them."""

import io
from collections.abc import Sequence

from PIL import Image, ImageOps


def average_of(contents: Sequence[bytes], size_px: tuple[int, int]) -> bytes:
    """Return the average of pictures of ours as a PNG of a size, to the middle of which each is cropped.

    The same pictures in the same order give the same average.
    """
    blended: Image.Image | None = None
    for number, content in enumerate(contents, 1):
        with Image.open(io.BytesIO(content)) as opened:
            picture = ImageOps.fit(opened.convert("RGB"), size_px, Image.Resampling.LANCZOS)
        blended = picture if blended is None else Image.blend(blended, picture, 1 / number)
    assert blended is not None
    stream = io.BytesIO()
    blended.save(stream, "PNG")
    return stream.getvalue()
