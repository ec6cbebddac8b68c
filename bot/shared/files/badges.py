"""Numbers on pictures. CPU work."""

from PIL import Image, ImageDraw, ImageFont

BADGE = (17, 18, 20)


def draw_badge(image: Image.Image, number: int, *, left_px: float, top_px: float, side_px: float) -> None:
    """Draw a number on a dark square into a picture.

    Args:
        image: what it is drawn into.
        number: the number.
        left_px: where the square begins.
        top_px: the same.
        side_px: of the square.
    """
    pen, text = ImageDraw.Draw(image), str(number)
    font = ImageFont.load_default(max(1.0, side_px * min(0.6, 1.5 / len(text))))
    pen.rounded_rectangle((left_px, top_px, left_px + side_px, top_px + side_px), side_px / 4.5, BADGE)
    pen.text((left_px + side_px / 2, top_px + side_px / 2), text, "white", font, anchor="mm")
