"""Thumbnails: what a job made as one small square, with a number to find it by. CPU work: call it in a thread."""

import io
from collections.abc import Sequence

from PIL import Image, ImageOps

from bot.shared.files.badges import draw_badge

SIDE_PX = 320  # as a phone shows three in a row
BADGE_PX = 60
GAP_PX = 4  # between the pictures of one job
QUALITY = 82
TILES_MAX = 4
BACKGROUND = (43, 45, 49)


def thumbnail(number: int, pictures: Sequence[bytes]) -> bytes:
    """Return a WebP of up to four pictures beside each other, with a number on it.

    What sticks out is cut off, so that each fills its part of the square.

    Args:
        number: which is drawn into a corner.
        pictures: files of ours, in order; there is one at least.
    """
    square = Image.new("RGB", (SIDE_PX, SIDE_PX), BACKGROUND)
    for content, (left, top, right, bottom) in zip(pictures, _parts(len(pictures)), strict=False):
        with Image.open(io.BytesIO(content)) as opened:
            tile = ImageOps.fit(opened.convert("RGB"), (right - left, bottom - top), Image.Resampling.BICUBIC)
        square.paste(tile, (left, top))
    draw_badge(square, number, left_px=8, top_px=8, side_px=BADGE_PX)
    stream = io.BytesIO()
    square.save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def _parts(count: int) -> list[tuple[int, int, int, int]]:
    """Return the parts of the square that so many pictures fill: one, halves, or quarters."""
    near, far = (SIDE_PX - GAP_PX) // 2, (SIDE_PX + GAP_PX) // 2
    if count <= 1:
        return [(0, 0, SIDE_PX, SIDE_PX)]
    if count == 2:
        return [(0, 0, near, SIDE_PX), (far, 0, SIDE_PX, SIDE_PX)]
    sides = ((0, near), (far, SIDE_PX))
    return [(left, top, right, bottom) for top, bottom in sides for left, right in sides][:TILES_MAX]
