"""Pictures with a number in the corner: the photos before a training, and the steps of its filmstrip. CPU work."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from bot.shared.files.badges import draw_badge
from bot.shared.files.photos import Photo
from bot.shared.files.pictures import Picture

SIDE_PX = 256
BADGE_SHARE = 0.22  # of a picture's width
DIMMED = 0.35  # of the brightness, where a photo cannot be used
GROUND, CROSS = (43, 45, 49), (237, 66, 69)


def tile_name(number: int) -> str:
    """Return what the tile of a photo is called on the card."""
    return f"photo-{number}.webp"


def tiles(photos: Sequence[Photo]) -> list[Picture]:
    """Return a picture of every photo, in order; those that cannot be used are dimmed and crossed out."""
    return [
        Picture(tile_name(number), _tile(photo, number), alt_text(photo, number))
        for number, photo in enumerate(photos, 1)
    ]


def alt_text(photo: Photo, number: int) -> str:
    """Say which photo it is."""
    return f"Photo {number}" if photo.usable else f"Photo {number}, which can't be used"


def with_badge(content: bytes, number: int) -> bytes:
    """Return a picture of ours as a PNG with a number in its corner."""
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB")
    _number(image, number)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _tile(photo: Photo, number: int) -> bytes:
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), GROUND)
    if photo.thumbnail:
        with Image.open(io.BytesIO(photo.thumbnail)) as opened:  # ours, made anew from pixels
            image = ImageOps.fit(opened.convert("RGB"), (SIDE_PX, SIDE_PX))
    if not photo.usable:
        image = ImageEnhance.Brightness(image).enhance(DIMMED) if photo.thumbnail else image
        _cross_out(image)
    _number(image, number)
    stream = io.BytesIO()
    image.save(stream, "WEBP")
    return stream.getvalue()


def _cross_out(image: Image.Image) -> None:
    pen, near, far = ImageDraw.Draw(image), SIDE_PX * 3 // 8, SIDE_PX * 5 // 8
    pen.line((near, near, far, far), CROSS, width=12)
    pen.line((near, far, far, near), CROSS, width=12)


def _number(image: Image.Image, number: int) -> None:
    side = BADGE_SHARE * image.width
    draw_badge(image, number, left_px=side / 9, top_px=side / 9, side_px=side)
