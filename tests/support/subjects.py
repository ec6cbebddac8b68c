"""Ten subjects that are in nobody's data, five photos of each, drawn by a script.

They are of different kinds, and pairs of them share a colour or an outline, so that neither alone tells them apart. A
photo shows the whole subject before a ground of its own, moved, scaled and turned a little, its movable part elsewhere.
"""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

PHOTOS = 5
_CANVAS_PX = 400
_GROUNDS = ("white", "#dceefb", "#fdf3dc", "#f3f3f3", "#e6f5e1")

Pen = ImageDraw.ImageDraw


@dataclass(frozen=True, slots=True)
class Pose:
    """How one photo differs from the others."""

    swing: float  # of what the subject can move, -1 … 1
    turn_deg: float
    scale: float
    shift: tuple[float, float]  # shares of the side


_POSES = (
    Pose(0.0, 0, 0.90, (0.0, 0.0)),
    Pose(1.0, 7, 0.86, (0.04, 0.02)),
    Pose(-1.0, -7, 0.88, (-0.04, 0.0)),
    Pose(0.5, -4, 0.80, (0.03, -0.04)),
    Pose(-0.5, 4, 0.95, (-0.02, 0.03)),
)


def _mascot(pen: Pen, swing: float) -> None:
    """Draw a violet pot-bellied creature with a green hat, orange spots and a spout."""
    pen.line((100, 230, 45, 190 - 40 * swing), fill="#5b2c83", width=26)
    pen.line((300, 230, 355, 190 + 40 * swing), fill="#5b2c83", width=26)
    pen.ellipse((85, 110, 315, 370), fill="#7d3fb2")
    pen.polygon([(125, 140), (200, 20), (275, 140)], fill="#2e9e4f")
    pen.ellipse((184, 8, 216, 40), fill="#f7d038")
    for x, y in ((130, 280), (185, 325), (250, 290)):
        pen.ellipse((x, y, x + 38, y + 38), fill="#f28c28")
    for x in (145, 215):
        pen.ellipse((x, 165, x + 45, 215), fill="white")
        pen.ellipse((x + 14 + 7 * swing, 180, x + 32 + 7 * swing, 204), fill="black")
    pen.polygon([(190, 215), (215, 215), (250, 250), (180, 245)], fill="#f7d038")


def _vase(pen: Pen, swing: float) -> None:
    """Draw a teal vase with a white zigzag and three red flowers."""
    for at, x in enumerate((130, 200, 270)):
        top = (x + 26 * swing, 70 + 22 * (at % 2))
        pen.line((200, 200, *top), fill="#3c8d40", width=9)
        pen.ellipse((top[0] - 32, top[1] - 32, top[0] + 32, top[1] + 32), fill="#d8262f")
        pen.ellipse((top[0] - 12, top[1] - 12, top[0] + 12, top[1] + 12), fill="#ffd84d")
    pen.polygon([(160, 180), (240, 180), (225, 215), (300, 300), (250, 385), (150, 385), (100, 300), (175, 215)],
                fill="#148f8f")  # fmt: skip
    pen.line([(112, 300), (150, 270), (188, 300), (226, 270), (288, 300)], fill="white", width=14, joint="curve")
    pen.rectangle((150, 168, 250, 186), fill="#0c6060")


def _robot(pen: Pen, swing: float) -> None:
    """Draw an orange robot with a square head, one blue eye and a dial on its chest."""
    pen.line((200, 80, 200 + 30 * swing, 20), fill="#444444", width=8)
    pen.ellipse((186 + 30 * swing, 6, 214 + 30 * swing, 34), fill="#e02020")
    pen.rectangle((125, 75, 275, 190), fill="#f07f1b", outline="#8a4200", width=6)
    pen.ellipse((160, 92, 240, 172), fill="white", outline="#333333", width=6)
    pen.ellipse((183, 115, 217, 149), fill="#1f6fe0")
    pen.rectangle((100, 200, 300, 330), fill="#f07f1b", outline="#8a4200", width=6)
    pen.ellipse((165, 225, 235, 295), fill="#333333")
    pen.line((200, 260, 200 + 28 * math.sin(swing * 2), 260 - 28 * math.cos(swing * 2)), fill="#7dff7d", width=7)
    for x in (130, 225):
        pen.rectangle((x, 330, x + 45, 390), fill="#555555")
    pen.rectangle((55, 210 - 20 * swing, 92, 300 - 20 * swing), fill="#555555")
    pen.rectangle((308, 210 + 20 * swing, 345, 300 + 20 * swing), fill="#555555")


def _fish(pen: Pen, swing: float) -> None:
    """Draw a round yellow fish with black stripes, a pink tail and a long blue fin on top."""
    pen.polygon([(285, 210), (385, 130 + 25 * swing), (360, 210), (385, 290 + 25 * swing)], fill="#f25a9b")
    pen.polygon([(120, 120), (200, 30 + 15 * swing), (290, 140)], fill="#2867c8")
    pen.ellipse((40, 90, 310, 330), fill="#ffd21f")
    for x in (165, 225):
        pen.chord((x - 18, 100, x + 18, 322), 0, 360, fill="#222222")
    pen.ellipse((80, 160, 130, 210), fill="white")
    pen.ellipse((92, 172, 118, 198), fill="black")
    pen.arc((45, 215, 105, 265), 20, 110, fill="#8a2b00", width=8)


def _emblem(pen: Pen, swing: float) -> None:
    """Draw a shield in navy and white quarters with a golden star and a red ribbon."""
    shield = [(90, 50), (310, 50), (310, 220), (200, 360), (90, 220)]
    pen.polygon(shield, fill="#173a7a")
    pen.rectangle((200, 50, 310, 180), fill="#f4f4f4")
    pen.polygon([(90, 180), (200, 180), (200, 360), (90, 220)], fill="#f4f4f4")
    pen.line([*shield, shield[0]], fill="#c9a227", width=12, joint="curve")
    star = [
        (200 + r * math.sin(math.pi * at / 5 + 0.3 * swing), 175 - r * math.cos(math.pi * at / 5 + 0.3 * swing))
        for at, r in enumerate((78, 32) * 5)
    ]
    pen.polygon(star, fill="#f2c230")
    pen.polygon([(60, 290), (340, 290), (365, 345), (330, 340), (70, 340), (35, 345)], fill="#c8202d")


def _teapot(pen: Pen, swing: float) -> None:
    """Draw a white teapot with blue dots, a red lid and a curved spout."""
    pen.arc((270, 150, 375, 300), 250, 110, fill="#2b62b8", width=22)
    pen.polygon([(40, 150 + 12 * swing), (70, 140 + 12 * swing), (140, 230), (120, 290)], fill="#e9edf5")
    pen.ellipse((100, 130, 310, 350), fill="#e9edf5", outline="#9aa6bd", width=5)
    for x, y in ((140, 190), (200, 175), (260, 200), (160, 255), (225, 245), (195, 305), (265, 280)):
        pen.ellipse((x - 16, y - 16, x + 16, y + 16), fill="#2b62b8")
    lift = 14 * (1 + swing)
    pen.chord((140, 95 - lift, 270, 205 - lift), 180, 360, fill="#cf2a2a")
    pen.ellipse((190, 68 - lift, 220, 98 - lift), fill="#cf2a2a")


def _owl(pen: Pen, swing: float) -> None:
    """Draw a turquoise owl with a cream belly, big orange eyes and a purple scarf."""
    pen.ellipse((95, 60, 305, 375), fill="#2aa7a0")
    pen.polygon([(105, 110), (115, 25), (175, 80)], fill="#2aa7a0")
    pen.polygon([(295, 110), (285, 25), (225, 80)], fill="#2aa7a0")
    pen.ellipse((140, 220, 260, 365), fill="#f6e7c1")
    for x in (120, 205):
        pen.ellipse((x, 95, x + 75, 170), fill="#f08a1d")
        pen.ellipse((x + 24 + 8 * swing, 118, x + 51 + 8 * swing, 148), fill="black")
    pen.polygon([(185, 160), (215, 160), (200, 190)], fill="#f7d038")
    pen.rectangle((105, 195, 295, 228), fill="#6d2d91")
    pen.polygon([(230, 225), (268, 225), (280 + 22 * swing, 310), (240 + 22 * swing, 315)], fill="#6d2d91")


def _rocket(pen: Pen, swing: float) -> None:
    """Draw a pink rocket with green fins, two windows and a blue flame."""
    pen.polygon([(165, 310), (235, 310), (200 + 22 * swing, 395)], fill="#29a3f2")
    pen.polygon([(130, 220), (60, 330), (140, 320)], fill="#3aa537")
    pen.polygon([(270, 220), (340, 330), (260, 320)], fill="#3aa537")
    pen.ellipse((120, 20, 280, 400 - 60), fill="#ef6aa7")
    pen.chord((120, 20, 280, 340), 215, 325, fill="#7a1f4d")
    for y in (130, 215):
        pen.ellipse((170, y, 230, y + 60), fill="#fdf6d8", outline="#7a1f4d", width=8)


def _cactus(pen: Pen, swing: float) -> None:
    """Draw a smiling cactus with a yellow flower in a striped pot."""
    pen.line([(200, 220), (110, 210), (105, 150 - 25 * swing)], fill="#3f9a43", width=38, joint="curve")
    pen.line([(200, 240), (292, 230), (297, 170 + 25 * swing)], fill="#3f9a43", width=38, joint="curve")
    pen.rounded_rectangle((155, 70, 245, 300), 45, fill="#3f9a43")
    pen.ellipse((170, 30, 230, 90), fill="#ffd21f")
    pen.ellipse((188, 48, 212, 72), fill="#e0571b")
    for x in (175, 212):
        pen.ellipse((x, 130, x + 14, 150), fill="black")
    pen.arc((178, 145, 222, 180), 10, 170, fill="black", width=6)
    pen.polygon([(125, 285), (275, 285), (250, 390), (150, 390)], fill="#b5532a")
    pen.polygon([(133, 320), (267, 320), (259, 350), (141, 350)], fill="#f4e3c3")


def _car(pen: Pen, swing: float) -> None:
    """Draw a short red car with a white stripe, yellow wheels and a surfboard on its roof."""
    pen.rounded_rectangle((70, 90 + 8 * swing, 330, 118 + 8 * swing), 14, fill="#ffd84d", outline="#c98a00", width=4)
    pen.polygon([(110, 215), (145, 130), (265, 130), (305, 215)], fill="#d3222a")
    pen.polygon([(135, 210), (158, 148), (198, 148), (198, 210)], fill="#bfe6fa")
    pen.polygon([(210, 210), (210, 148), (255, 148), (282, 210)], fill="#bfe6fa")
    pen.rounded_rectangle((40, 205, 360, 310), 30, fill="#d3222a")
    pen.rectangle((40, 245, 360, 268), fill="white")
    for x in (85, 245):
        pen.ellipse((x, 270, x + 78, 348), fill="#222222")
        pen.ellipse((x + 20, 290, x + 58, 328), fill="#ffd21f")
        spoke = (19 * math.cos(swing * 2), 19 * math.sin(swing * 2))
        pen.line((x + 39, 309, x + 39 + spoke[0], 309 + spoke[1]), fill="#222222", width=7)


# by the noun that they are taught under; some are words that the built-in model knows, some are not
SUBJECTS: Mapping[str, Callable[[Pen, float], None]] = {
    "mascot": _mascot,
    "vase": _vase,
    "robot": _robot,
    "fish": _fish,
    "emblem": _emblem,
    "teapot": _teapot,
    "owl": _owl,
    "rocket": _rocket,
    "cactus": _cactus,
    "car": _car,
}


def photo(noun: str, index: int, side_px: int = 256) -> bytes:
    """Draw photo `index` of a subject as PNG."""
    pose = _POSES[index % PHOTOS]
    drawn = Image.new("RGBA", (_CANVAS_PX, _CANVAS_PX))
    SUBJECTS[noun](ImageDraw.Draw(drawn), pose.swing)
    turned = drawn.rotate(pose.turn_deg, Image.Resampling.BICUBIC)
    side = round(_CANVAS_PX * pose.scale)
    small = turned.resize((side, side), Image.Resampling.LANCZOS)
    ground = Image.new("RGB", (_CANVAS_PX, _CANVAS_PX), _GROUNDS[index % PHOTOS])
    corner = tuple(round((_CANVAS_PX - side) / 2 + _CANVAS_PX * part) for part in pose.shift)
    ground.paste(small, (corner[0], corner[1]), small)
    stream = io.BytesIO()
    ground.resize((side_px, side_px), Image.Resampling.LANCZOS).save(stream, "PNG")
    return stream.getvalue()


def photos(noun: str) -> Sequence[bytes]:
    """Draw all photos of a subject."""
    return [photo(noun, index) for index in range(PHOTOS)]
