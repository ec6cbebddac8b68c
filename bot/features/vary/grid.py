"""A finished picture under a numbered grid, and the mask of some of its cells. CPU work."""

import io
from collections.abc import Collection

from PIL import Image, ImageDraw

from bot.shared.files.badges import draw_badge

ACROSS = 4  # cells in a row, and rows
CELLS = ACROSS * ACROSS  # numbered from 1, row by row
SHOWN_PX = 768  # the longest side of what is shown
BADGE_SHARE = 0.28  # of a cell's shorter side
LINE = (255, 255, 255)
SHADOW = (17, 18, 20)


def numbered(content: bytes) -> bytes:
    """Return a picture of ours as a WebP with the grid and its numbers over it."""
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB")
    image.thumbnail((SHOWN_PX, SHOWN_PX))
    pen, (width, height) = ImageDraw.Draw(image), image.size
    for index in range(1, ACROSS):
        across, down = width * index // ACROSS, height * index // ACROSS
        for shift, colour in ((1, SHADOW), (0, LINE)):
            pen.line((across + shift, 0, across + shift, height), colour)
            pen.line((0, down + shift, width, down + shift), colour)
    side = BADGE_SHARE * min(width, height) / ACROSS
    for cell in range(1, CELLS + 1):
        left, top, _, _ = _box(cell, image.size)
        draw_badge(image, cell, left_px=left + side / 6, top_px=top + side / 6, side_px=side)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=90)
    return stream.getvalue()


def mask_of(cells: Collection[int], content: bytes) -> bytes:
    """Return a mask for a picture of ours, as a PNG of its size that is white in some cells."""
    with Image.open(io.BytesIO(content)) as opened:
        size = opened.size
    mask, stream = Image.new("L", size), io.BytesIO()
    for cell in cells:
        mask.paste(255, _box(cell, size))
    mask.save(stream, "PNG")
    return stream.getvalue()


def _box(cell: int, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a cell."""
    down, across = divmod(cell - 1, ACROSS)
    width, height = size_px
    edges = (across * width, down * height, (across + 1) * width, (down + 1) * height)
    left, top, right, bottom = (edge // ACROSS for edge in edges)
    return left, top, right, bottom
