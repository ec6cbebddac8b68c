"""The photos on the card before a training: a square with a number each, as they are learnt from. CPU work."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from bot.shared.files.photos import Photo
from bot.shared.files.pictures import Picture

SIDE_PX = 256
BADGE_PX = 72
DIMMED = 0.35  # of the brightness, where a photo cannot be used
GROUND, BADGE, CROSS = (43, 45, 49), (17, 18, 20), (237, 66, 69)


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
    pen, middle = ImageDraw.Draw(image), BADGE_PX / 2
    pen.rounded_rectangle((8, 8, 8 + BADGE_PX, 8 + BADGE_PX), 16, BADGE)
    pen.text((8 + middle, 8 + middle), str(number), "white", ImageFont.load_default(44), anchor="mm")
