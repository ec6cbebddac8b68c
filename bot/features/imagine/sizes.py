"""From '3:2' or '768x512' to a size that a model can draw, and what is offered while it is typed. Pure."""

import math
import re
from fractions import Fraction

from discord.app_commands import Choice

from bot.shared.discord.choices import choices
from bot.shared.errors import BadParameter
from bot.shared.text.formatting import credits
from inference.catalogue import Catalogue, ImageModel
from inference.errors import UnknownModel
from inference.pricing import price_picture

ASPECTS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")  # offered; any ratio up to 4:1 may be typed
RATIO_MAX = 4.0
RATIO_DENOMINATOR = 16  # within 2 % of any picture's
NO_SIDE_PX = 40  # nobody means a picture of 3 by 2 pixels, but a ratio


def parse_size(text: str, model: ImageModel) -> tuple[int, int]:
    """Return (width_px, height_px), as the model generates them, for a ratio or for the size of the finished pictures.

    A ratio keeps the model's own number of pixels, which is what it was trained on, and so costs what a square does
    (`inference.pricing`); or the model's short side, with more pixels. Both as far as its longest side allows.

    Raises:
        BadParameter: neither a ratio nor a size, too long and thin, or larger than the model draws.
    """
    if match := re.fullmatch(r"(\d{1,4})\s*[:/]\s*(\d{1,4})", text.strip()):
        return _from_ratio(int(match[1]), int(match[2]), model)
    if match := re.fullmatch(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", text.strip().lower()):
        return _from_pixels(int(match[1]), int(match[2]), model)
    width, height = model.finished_px(model.width_px, model.height_px)
    raise BadParameter(f"`aspect` is a ratio such as `3:2`, or a size such as `{width}x{height}`.")


def ratio_of(width_px: int, height_px: int) -> str | None:
    """Return the ratio of a picture as it could be typed, near enough; None: no picture may be so long and thin."""
    if max(width_px, height_px) > RATIO_MAX * min(width_px, height_px):
        return None
    ratio = Fraction(width_px, height_px).limit_denominator(RATIO_DENOMINATOR)
    return f"{ratio.numerator}:{ratio.denominator}"


def _from_ratio(across: int, down: int, model: ImageModel) -> tuple[int, int]:
    if not across or not down or max(across, down) / min(across, down) > RATIO_MAX:
        raise BadParameter(f"A ratio in `aspect` can be from 1:{RATIO_MAX:g} to {RATIO_MAX:g}:1.")
    if model.ratio_keeps == "pixels":
        width = math.sqrt(model.width_px * model.height_px * across / down)
    else:
        width = min(model.width_px, model.height_px) * max(1, across / down)
    height = width * down / across
    shrink = min(1.0, model.side_max_px / max(width, height))
    grain = model.grain_px
    return _round(width * shrink, grain, model), _round(height * shrink, grain, model)


def _round(side: float, grain: int, model: ImageModel) -> int:
    largest = model.side_max_px // grain * grain
    return min(largest, max(grain, round(side / grain) * grain))


def _from_pixels(width: int, height: int, model: ImageModel) -> tuple[int, int]:
    if max(width, height) <= NO_SIDE_PX and width and height:
        raise BadParameter(
            f"`{width}x{height}` in `aspect` would be a size in pixels. Did you mean `{width}:{height}`?"
        )
    grain = model.grain_px * model.upscale
    smallest = min(model.width_px, model.height_px) * model.upscale // 2 // grain * grain
    largest = model.side_max_px * model.upscale
    for side in (width, height):
        if not smallest <= side <= largest or side % grain:
            raise BadParameter(
                f"With {model.title}, sides in `aspect` are {smallest} to {largest} px, in steps of {grain}."
            )
    return width // model.upscale, height // model.upscale


def aspect_choices(catalogue: Catalogue, model_name: str | None, typed: str) -> list[Choice[str]]:
    """Offer the usual ratios, with the size that the chosen model draws them in, and the price if it is another."""
    try:
        model = catalogue.image(model_name or catalogue.images[0].name)
    except UnknownModel:
        model = catalogue.images[0]
    offered = [aspect for aspect in ASPECTS if aspect.startswith(typed.strip())]
    return choices((f"{aspect} · {_size_and_price(aspect, model)}", aspect) for aspect in offered)


def _size_and_price(aspect: str, model: ImageModel) -> str:
    generated = parse_size(aspect, model)
    width, height = model.finished_px(*generated)
    each = price_picture(*generated, model.steps, model)
    return f"{width}×{height} px" + (f" · {credits(each)} a picture" if each != model.credits else "")
