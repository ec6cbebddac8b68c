"""A subject that no model knows: a purple creature with yellow eyes, drawn by a script."""

import io

from PIL import Image, ImageDraw

_GROUNDS = ("white", "lightblue", "beige", "pink", "lightgray")


def photo(index: int, side_px: int = 200) -> bytes:
    """Return a PNG of the creature, on another background and a little elsewhere for each index."""
    image = Image.new("RGB", (200, 200), _GROUNDS[index % len(_GROUNDS)])
    pen = ImageDraw.Draw(image)
    x = 5 * index
    pen.polygon([(60 + x, 55), (80 + x, 5), (100 + x, 45)], fill="green")
    pen.ellipse((40 + x, 40, 150 + x, 160), fill="purple")
    for left in (70 + x, 105 + x):
        pen.rectangle((left, 70, left + 20, 90), fill="yellow")
    pen.rectangle((80 + x, 120, 115 + x, 128), fill="white")
    stream = io.BytesIO()
    image.resize((side_px, side_px)).save(stream, "PNG")
    return stream.getvalue()
