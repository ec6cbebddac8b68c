"""Scenes: random training examples, and their pictures, composed of sprites.

One thing, twos and threes, two different things beside, on or behind each other, things that wear something; on
white, on a colour or in a place; square, wide or tall. Nothing is kept: each scene is made anew, so that hardly any is
shown twice.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from inference.builtin import backgrounds, colours
from inference.builtin.artwork import PICTURE_PX
from inference.builtin.nouns import Noun
from inference.builtin.sprites import STYLE_WEIGHTS, Sprites

# shares of the scenes
KIND_WEIGHTS = {"single": 0.42, "several": 0.10, "beside": 0.22, "on": 0.06, "behind": 0.04, "wearing": 0.16}
TAIL_SHARE = 0.32  # of single things that are rarer nouns; of two things a quarter
COLOURED_SHARE = 0.42
PLACE_SHARE = {"single": 0.34, "several": 0.2, "beside": 0.22, "on": 0.15, "behind": 0.15, "wearing": 0.3}
COLOUR_PLACES_SHARE = 0.55  # of places that are plain or graded colours
AS_DRAWN_SHARE = 0.5  # of single things on white that stand where and as large as the artwork has them
MIRRORED_SHARE = 0.4
# width and height of a scene's picture, and how often
SIZES = {
    (128, 128): 0.60,
    (192, 128): 0.06, (128, 192): 0.06,
    (192, 96): 0.06, (96, 192): 0.06,
    (160, 96): 0.04, (96, 160): 0.04,
    (128, 96): 0.04, (96, 128): 0.04,
}  # fmt: skip
ON_THE_HEAD = ("hat", "crown", "cap", "sun hat", "graduation cap", "ribbon")
ON_THE_NOSE = ("sunglasses", "glasses")
# what has a face where glasses belong, or may have them there
_FACES = frozenset({
    "dog", "cat", "mouse", "rabbit", "fox", "bear", "panda", "koala", "tiger", "lion", "cow", "pig", "frog",
    "monkey", "wolf", "raccoon", "polar bear", "teddy bear", "robot", "ghost", "skull", "alien", "clown", "ogre",
    "poop", "smiley", "winking face", "angry face", "pumpkin", "sun", "moon", "star", "heart", "apple", "pear",
    "tangerine", "lemon", "tomato", "strawberry", "cookie", "donut", "earth", "football", "basketball",
})  # fmt: skip
_WEARERS_NOT = frozenset(
    (*ON_THE_HEAD, *ON_THE_NOSE, "sunglasses face", "goggles", "headphones", "beach", "city", "desert")
)
_EYES_AT = 0.42  # of a face's height


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of a scene, as far as a caption can tell."""

    noun: Noun
    colour: str | None = None  # what it was recoloured to
    natural: str | None = None  # the colour it has by nature, where one is plainly its main colour
    count: int = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """What a training example shows."""

    kind: str
    vendor: str
    things: tuple[Thing, ...]  # in the order of the caption; of 'wearing', the second is what is worn
    place: str | None = None  # a colour, a place, or white
    width_px: int = PICTURE_PX
    height_px: int = PICTURE_PX


class SceneMaker:
    """Chooses scenes at random, and composes their pictures."""

    def __init__(self, sprites: Sprites, nouns: Sequence[Noun], tail: Sequence[Noun]) -> None:
        self._sprites = sprites
        self._nouns = [noun for noun in nouns if sprites.vendors(noun.word)]
        self._tail = [noun for noun in tail if sprites.vendors(noun.word)]
        self._by_word = {noun.word: noun for noun in (*self._nouns, *self._tail)}

    def choose(self, rng: random.Random, size_px: tuple[int, int], kinds: dict[str, float] = KIND_WEIGHTS) -> Scene:
        """Choose a scene of this size (width, height) at random, of kinds with these weights."""
        kind = rng.choices(list(kinds), list(kinds.values()))[0]
        nouns = self._choose_nouns(kind, rng)
        shared = [vendor for vendor in STYLE_WEIGHTS if all(vendor in self._sprites.vendors(n.word) for n in nouns)]
        if not shared:
            return self.choose(rng, size_px, kinds)
        vendor = rng.choices(shared, [STYLE_WEIGHTS[name] for name in shared])[0]
        count = rng.choice((2, 3)) if kind == "several" else 1
        things = tuple(self._thing(noun, vendor, count, rng) for noun in nouns)
        return Scene(kind, vendor, things, self._choose_place(kind, things, rng), *size_px)

    def picture(self, scene: Scene, rng: random.Random) -> np.ndarray:
        """Return the picture of a scene: uint8, height x width x 3. The same state of `rng` makes the same picture."""
        behind = backgrounds.paint(scene.place or "white", scene.width_px, scene.height_px, rng)
        if scene.place is None:
            behind = np.ones_like(behind)
        canvas = Image.fromarray((behind * 255).round().astype(np.uint8)).convert("RGBA")
        _LAYOUTS[scene.kind](canvas, scene, [self._cut_out(scene, thing, rng) for thing in scene.things], rng)
        return np.array(canvas.convert("RGB"))  # a copy, as torch wants to be able to write

    def _choose_nouns(self, kind: str, rng: random.Random) -> list[Noun]:
        rare = rng.random() < (TAIL_SHARE if kind == "single" else 0.25) and kind != "several"
        first = rng.choice(self._tail if rare and self._tail else self._nouns)
        if kind in ("single", "several"):
            return [first]
        if kind == "wearing":
            while first.word in _WEARERS_NOT:
                first = rng.choice(self._nouns)
            fitting = [*ON_THE_HEAD, *(ON_THE_NOSE * 2 if first.word in _FACES else ())]
            worn = [self._by_word[word] for word in fitting if word in self._by_word]
            weights = [4 if noun.word in ("hat", "crown", "sunglasses") else 1 for noun in worn]
            return [first, rng.choices(worn, weights)[0]] if worn else [first, first]
        second = rng.choice(self._tail if rng.random() < 0.2 and self._tail else self._nouns)
        return [first, second] if second != first else self._choose_nouns(kind, rng)

    def _thing(self, noun: Noun, vendor: str, count: int, rng: random.Random) -> Thing:
        turned = self._sprites.colours(noun.word, vendor)
        colour = rng.choice(turned) if turned and rng.random() < COLOURED_SHARE else None
        return Thing(noun, colour, self._sprites.natural(noun.word, vendor), count)

    def _choose_place(self, kind: str, things: Sequence[Thing], rng: random.Random) -> str | None:
        if rng.random() >= PLACE_SHARE[kind]:
            return None
        if rng.random() >= COLOUR_PLACES_SHARE:
            return rng.choice(list(backgrounds.PLACES))
        worn_out = {thing.colour or thing.natural for thing in things} | {"white"}
        return rng.choice([name for name in colours.NAMES if name not in worn_out])

    def _cut_out(self, scene: Scene, thing: Thing, rng: random.Random) -> Image.Image:
        picture = self._sprites.cut_out(thing.noun.word, scene.vendor, thing.colour)
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < MIRRORED_SHARE else picture


def _single(canvas: Image.Image, scene: Scene, parts: list[Image.Image], rng: random.Random) -> None:
    short = min(canvas.size)
    as_drawn = scene.place is None and rng.random() < AS_DRAWN_SHARE
    size = short / PICTURE_PX * (1.0 if as_drawn else rng.uniform(0.68, 0.95 if scene.place else 1.04))
    part = _scaled(parts[0], size, canvas)
    loose_x, loose_y = canvas.width - part.width, canvas.height - part.height
    x, y = loose_x / 2, loose_y / 2
    if not as_drawn:
        x, y = (_off_centre(loose, rng) for loose in (loose_x, loose_y))
    if scene.place in backgrounds.GROUND:
        y = loose_y * rng.uniform(0.75, 0.95)
    _put(canvas, part, x, y)


def _several(canvas: Image.Image, scene: Scene, parts: list[Image.Image], rng: random.Random) -> None:
    count = scene.things[0].count
    for x, y, width, height in _cells(count, canvas.size):
        part = _fitted(parts[0], width * rng.uniform(0.86, 0.98), height * rng.uniform(0.86, 0.98))
        shift = 0.02 * min(canvas.size)
        _put(
            canvas,
            part,
            x - part.width / 2 + rng.uniform(-shift, shift),
            y - part.height / 2 + rng.uniform(-shift, shift),
        )


def _beside(canvas: Image.Image, scene: Scene, parts: list[Image.Image], rng: random.Random) -> None:
    ground = (0.9 if scene.place in backgrounds.GROUND else rng.uniform(0.66, 0.86)) * canvas.height
    for (x, y, width, height), part in zip(_cells(2, canvas.size), parts, strict=True):
        small = _fitted(part, width * rng.uniform(0.86, 1.0), height * rng.uniform(0.75, 0.95))
        if canvas.height > 1.2 * canvas.width:
            top = y - small.height / 2
        else:  # both stand on one line, as things do
            top = min(ground, canvas.height * 0.5 + height * 0.36) - small.height
            top = max(top, canvas.height * 0.03)
        _put(canvas, small, x - small.width / 2, top)


def _on(canvas: Image.Image, scene: Scene, parts: list[Image.Image], rng: random.Random) -> None:
    above = _fitted(parts[0], canvas.width * 0.62, canvas.height * 0.48)
    below = _fitted(parts[1], canvas.width * 0.86, canvas.height * 0.54)
    overlap = 0.12 * below.height
    top = (canvas.height - above.height - below.height + overlap) / 2
    middle = canvas.width / 2 + canvas.width * rng.uniform(-0.04, 0.04)
    _put(canvas, below, middle - below.width / 2, top + above.height - overlap)
    _put(canvas, above, middle - above.width / 2 + canvas.width * rng.uniform(-0.05, 0.05), top)


def _behind(canvas: Image.Image, scene: Scene, parts: list[Image.Image], rng: random.Random) -> None:
    before = _fitted(parts[0], canvas.width * 0.58, canvas.height * 0.58)
    after = _fitted(parts[1], canvas.width * 0.72, canvas.height * 0.78)
    left = rng.random() < 0.5
    x_after = canvas.width * 0.97 - after.width if left else canvas.width * 0.03
    x_before = canvas.width * 0.03 if left else canvas.width * 0.97 - before.width
    _put(canvas, after, x_after, canvas.height * 0.05)
    _put(canvas, before, x_before, canvas.height * 0.96 - before.height)


def _wearing(canvas: Image.Image, scene: Scene, parts: list[Image.Image], rng: random.Random) -> None:
    worn = scene.things[1].noun.word
    on_nose = worn in ON_THE_NOSE
    short = min(canvas.size)
    part = _scaled(parts[0], short / PICTURE_PX * rng.uniform(0.74, 0.92 if on_nose else 0.84), canvas)
    opacity = np.asarray(part.getchannel("A"), np.float32) / 255
    at = round(part.height * (_EYES_AT if on_nose else 0.2))
    covered = np.flatnonzero(opacity[max(0, at - 3) : at + 4].max(0) > 0.5)
    if len(covered) == 0:
        covered = np.arange(part.width)
    middle, across = float(covered.mean()), float(np.ptp(covered)) + 1
    if on_nose:
        wear = _fitted(parts[1], min(0.92 * across, 0.8 * part.width), part.height * 0.34)
        above = 0.0
    else:
        wear = _fitted(parts[1], min(max(1.12 * across, 0.42 * part.width), 0.92 * part.width), short * 0.42)
        above = max(0.0, wear.height - 0.2 * part.height)
    top = canvas.height - part.height - (0.05 if scene.place in backgrounds.GROUND else rng.uniform(0.04, 0.12)) * short
    x, y = (
        (canvas.width - part.width) / 2,
        max(above + 0.02 * short, min(top, (canvas.height + above - part.height) / 2)),
    )
    x += _off_centre(canvas.width - part.width, rng) - (canvas.width - part.width) / 2
    _put(canvas, part, x, y)
    wear_y = y + part.height * _EYES_AT - wear.height / 2 if on_nose else y - above
    _put(canvas, wear, x + middle - wear.width / 2, wear_y)


_LAYOUTS = {
    "single": _single, "several": _several, "beside": _beside, "on": _on, "behind": _behind, "wearing": _wearing,
}  # fmt: skip


def _cells(count: int, size: tuple[int, int]) -> list[tuple[float, float, float, float]]:
    """Return a cell of the picture for each of `count` things: centre x, centre y, width and height."""
    width, height = size
    if width > 1.25 * height:
        return [((i + 0.5) * width / count, height / 2, 0.94 * width / count, 0.9 * height) for i in range(count)]
    if height > 1.25 * width:
        return [(width / 2, (i + 0.5) * height / count, 0.9 * width, 0.94 * height / count) for i in range(count)]
    if count == 2:
        return [(x * width, height / 2, 0.47 * width, 0.7 * height) for x in (0.26, 0.74)]
    return [(x * width, y * height, 0.46 * width, 0.46 * height) for x, y in ((0.27, 0.27), (0.73, 0.27), (0.5, 0.74))]


def _scaled(part: Image.Image, scale: float, canvas: Image.Image) -> Image.Image:
    """Return the part at a scale, or smaller if that leaves less than 2 % of the canvas as a margin."""
    return _fitted(part, min(scale * part.width, 0.96 * canvas.width), min(scale * part.height, 0.96 * canvas.height))


def _fitted(part: Image.Image, width: float, height: float) -> Image.Image:
    scale = min(width / part.width, height / part.height)
    return part.resize(
        (max(1, round(part.width * scale)), max(1, round(part.height * scale))), Image.Resampling.LANCZOS
    )


def _off_centre(loose: float, rng: random.Random) -> float:
    """Return the offset of a part that has `loose` pixels of room: mostly near the middle."""
    return loose * min(0.95, max(0.05, rng.gauss(0.5, 0.16)))


def _put(canvas: Image.Image, part: Image.Image, x: float, y: float) -> None:
    left = round(min(max(0.0, x), canvas.width - part.width)) if part.width <= canvas.width else 0
    top = round(min(max(0.0, y), canvas.height - part.height)) if part.height <= canvas.height else 0
    canvas.alpha_composite(part, (left, top))
