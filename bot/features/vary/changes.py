"""What can be changed about a finished picture, and how much of it is drawn anew then. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from bot.shared.errors import Refused
from inference.catalogue import ImageModel
from inference.requests import ImageRequest

PAN_SHARE = 0.5  # of a side that a pan adds to it
PAN_MIN = 0.125  # less than that is no pan
BLUR_SHARE = 1 / 32  # of the shorter side: how softly what is drawn meets what is kept


class Change(StrEnum):
    """What is changed; the value is what menus carry."""

    SUBTLE = "subtle"
    STRONG = "strong"
    REGION = "region"
    ZOOM_1_5 = "zoom-1.5"
    ZOOM_2 = "zoom-2"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    SQUARE = "square"

    @property
    def label(self) -> str:
        """What it is called on cards and in files."""
        return LABELS[self]

    @property
    def button_label(self) -> str:
        """It in the words of its button, beside an emoji: four pans and another button fit into one line."""
        return self.label.removeprefix("Pan ").capitalize() if self in PANS else self.label


LABELS = {
    Change.SUBTLE: "Vary (Subtle)",
    Change.STRONG: "Vary (Strong)",
    Change.REGION: "Vary (Region)",
    Change.ZOOM_1_5: "Zoom out 1.5×",
    Change.ZOOM_2: "Zoom out 2×",
    Change.LEFT: "Pan left",
    Change.RIGHT: "Pan right",
    Change.UP: "Pan up",
    Change.DOWN: "Pan down",
    Change.SQUARE: "Make square",
}
PANS = (Change.LEFT, Change.RIGHT, Change.UP, Change.DOWN)
CANVASES = (Change.ZOOM_1_5, Change.ZOOM_2, *PANS, Change.SQUARE)
STRENGTHS = {Change.SUBTLE: 0.5, Change.STRONG: 0.85}  # how much of a picture is drawn anew
ZOOMS = {Change.ZOOM_1_5: 1.5, Change.ZOOM_2: 2.0}


@dataclass(frozen=True, slots=True)
class Outpainting:
    """What is drawn around a picture."""

    width_px: int  # of the whole, as it is generated
    height_px: int
    margins_px: tuple[int, int, int, int]  # left, top, right, bottom


def canvas_for(change: Change, image: ImageRequest, model: ImageModel) -> Outpainting:
    """Return the canvas of a change.

    Zooming out keeps the size, so that the picture becomes smaller in it; panning and squaring make the canvas larger.

    Raises:
        Refused: the model draws nothing so large; or it is square already.
    """
    width, height = image.width_px, image.height_px
    if change in ZOOMS:
        return Outpainting(width, height, _around((width, height), ZOOMS[change]))
    if change is Change.SQUARE:
        if width == height:
            raise Refused("That picture is square already. Nothing was charged.")
        side = max(width, height)
        (left, right), (top, bottom) = _halves(side - width), _halves(side - height)
        return Outpainting(side, side, (left, top, right, bottom))
    across = change in (Change.LEFT, Change.RIGHT)
    more = _pan_px(width if across else height, model)
    margins = tuple(more if change is one else 0 for one in (Change.LEFT, Change.UP, Change.RIGHT, Change.DOWN))
    left, top, right, bottom = margins
    return Outpainting(width + left + right, height + top + bottom, (left, top, right, bottom))


def blur_px(width_px: int, height_px: int) -> int:
    """Return how softly what is drawn meets what is kept, for a picture of this size as it is generated."""
    return round(min(width_px, height_px) * BLUR_SHARE)


def _around(size_px: tuple[int, int], factor: float) -> tuple[int, int, int, int]:
    width, height = (side - round(side / factor) for side in size_px)
    (left, right), (top, bottom) = _halves(width), _halves(height)
    return left, top, right, bottom


def _halves(px: int) -> tuple[int, int]:
    return px // 2, px - px // 2


def _pan_px(side_px: int, model: ImageModel) -> int:
    """Return by how much a side grows: by half, or as much as the model draws.

    Raises:
        Refused: it is as long as the model draws it.
    """
    grain = model.grain_px
    more = min(round(side_px * PAN_SHARE), model.side_max_px - side_px) // grain * grain
    if more < max(1, side_px * PAN_MIN):
        longest = max(model.finished_px(model.side_max_px, 0))
        raise Refused(
            f"{model.title} draws sides up to {longest} px, so there is no room to pan. *Zoom out* works at any size."
        )
    return more
