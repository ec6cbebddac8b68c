"""Backgrounds: a plain colour, a gradient, or one of a few places, painted by hand-made rules."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw, ImageFilter

from inference.builtin import colours

Picture = npt.NDArray[np.float32]  # in 0..1, height x width x 3

# place: what people say for it
PLACES = {
    "night": ("at night", "in the night", "under the stars", "under a starry sky", "at night with stars"),
    "snow": ("in the snow", "in winter", "on a snowy day", "in a snowy landscape", "on snow"),
    "sky": ("in the sky", "in the clouds", "up in the sky", "with clouds behind it"),
    "meadow": ("on the grass", "in a meadow", "in a garden", "in the park", "on a green field"),
    "beach": ("on the beach", "at the beach", "at the seaside", "on the sand"),
    "space": ("in space", "in outer space", "floating in space"),
    "sea": ("under water", "in the sea", "underwater", "in the ocean"),
    "sunset": ("at sunset", "in the sunset", "in the evening sun"),
}
GROUND = {"snow": 0.68, "meadow": 0.66, "beach": 0.7, "sunset": 0.76}  # how far down the ground begins


def paint(place: str, width: int, height: int, rng: random.Random) -> Picture:
    """Paint a background.

    Args:
        place: a key of `PLACES`, or a colour of `colours.NAMES`.
        width: in pixels.
        height: in pixels.
        rng: what is left to chance.

    Returns:
        Floats in 0..1, height x width x 3.
    """
    if place in colours.TARGETS:
        return _colour(place, width, height, rng)
    return _PAINTERS[place](width, height, rng)


def _colour(name: str, width: int, height: int, rng: random.Random) -> Picture:
    """One colour: flat, lighter towards one end, or lighter in the middle."""
    hue, saturation, value = colours.TARGETS[name]
    hue = (hue + rng.uniform(-5, 5)) % 360
    saturation, value = min(1.0, saturation * rng.uniform(0.85, 1.1)), min(1.0, value * rng.uniform(0.92, 1.06))
    main = _rgb(hue, saturation, value)
    chance = rng.random()
    if chance < 0.6 or name == "white":
        return np.broadcast_to(main, (height, width, 3)).copy()
    if name in colours.ACHROMATIC:
        lighter = np.clip(main + 0.22, 0, 1)
    else:
        lighter = _rgb(hue, saturation * 0.7, min(1.0, value * 1.2))
    if chance < 0.85:
        top, bottom = (lighter, main) if rng.random() < 0.7 else (main, lighter)
        return _graded(top, bottom, width, height)
    y, x = np.mgrid[0:height, 0:width]
    away = np.hypot((x - width / 2) / width, (y - height / 2) / height)[..., None] / 0.71
    return _blend(lighter, main, away)


def _night(width: int, height: int, rng: random.Random) -> Picture:
    sky = _graded(_rgb(230, 0.75, 0.20), _rgb(228, 0.62, 0.40), width, height)
    return _with_stars(sky, rng, rng.randint(14, 26), moon=rng.random() < 0.3)


def _space(width: int, height: int, rng: random.Random) -> Picture:
    picture = _with_stars(_graded(_rgb(250, 0.5, 0.07), _rgb(270, 0.6, 0.16), width, height), rng, rng.randint(24, 40))
    return (
        _with_ellipse(picture, _rgb(rng.choice((20, 200, 280, 330)), 0.55, 0.75), rng)
        if rng.random() < 0.5
        else picture
    )


def _sky(width: int, height: int, rng: random.Random) -> Picture:
    return _with_clouds(_graded(_rgb(207, 0.55, 0.95), _rgb(203, 0.22, 0.99), width, height), rng, rng.randint(2, 4))


def _snow(width: int, height: int, rng: random.Random) -> Picture:
    sky = _graded(_rgb(212, 0.38, 0.82), _rgb(208, 0.18, 0.95), width, height)
    picture = _with_ground(sky, _rgb(205, 0.03, 0.99), GROUND["snow"], rng)
    return _with_dots(picture, rng, rng.randint(16, 30), radius=(1.0, 2.2))


def _meadow(width: int, height: int, rng: random.Random) -> Picture:
    picture = _with_ground(_sky(width, height, rng), _rgb(rng.uniform(95, 125), 0.6, 0.68), GROUND["meadow"], rng)
    return picture


def _beach(width: int, height: int, rng: random.Random) -> Picture:
    sky = _graded(_rgb(205, 0.5, 0.96), _rgb(200, 0.18, 1.0), width, height)
    sea = round(height * 0.5)
    sky[sea:] = _rgb(197, 0.72, 0.80)
    return _with_ground(sky, _rgb(42, 0.38, 0.94), GROUND["beach"], rng)


def _sea(width: int, height: int, rng: random.Random) -> Picture:
    water = _graded(_rgb(190, 0.55, 0.85), _rgb(215, 0.8, 0.50), width, height)
    return _with_dots(water, rng, rng.randint(6, 12), radius=(1.5, 3.5), strength=0.5)


def _sunset(width: int, height: int, rng: random.Random) -> Picture:
    picture = _graded(_rgb(300, 0.35, 0.62), _rgb(28, 0.72, 0.99), width, height)
    ground = round(height * GROUND["sunset"])
    centre, radius = (rng.uniform(0.2, 0.8) * width, ground), 0.17 * height
    y, x = np.mgrid[0:height, 0:width]
    sun = np.clip(radius - np.hypot(x - centre[0], y - centre[1]), 0, 1)[..., None]
    picture = _blend(picture, _rgb(46, 0.6, 1.0), sun)
    picture[ground:] = _rgb(285, 0.4, 0.34)
    return picture


_PAINTERS = {
    "night": _night, "snow": _snow, "sky": _sky, "meadow": _meadow,
    "beach": _beach, "space": _space, "sea": _sea, "sunset": _sunset,
}  # fmt: skip


def _blend(below: Picture, above: Picture, share: npt.NDArray[Any]) -> Picture:
    blended: Picture = (below * (1 - share) + above * share).astype(np.float32)
    return blended


def _rgb(hue: float, saturation: float, value: float) -> Picture:
    one = [torch.tensor([[[number]]]) for number in (hue, saturation, value)]
    colour: Picture = colours.rgb(*one)[0, :, 0, 0].numpy().astype(np.float32)
    return colour


def _graded(top: Picture, bottom: Picture, width: int, height: int) -> Picture:
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    return np.broadcast_to(top * (1 - share) + bottom * share, (height, width, 3)).copy()


def _with_ground(picture: Picture, colour: Picture, begins: float, rng: random.Random) -> Picture:
    """Lay a gently waved ground over the lower part."""
    height, width, _ = picture.shape
    wave = begins * height + 0.025 * height * np.sin(np.linspace(0, rng.uniform(3, 6), width) + rng.uniform(0, 6))
    share = np.clip(np.arange(height)[:, None] - wave[None], 0, 1)[..., None]
    shade = np.linspace(1.0, 0.9, height, dtype=np.float32)[:, None, None]
    return _blend(picture, colour * shade, share)


def _with_stars(picture: Picture, rng: random.Random, count: int, moon: bool = False) -> Picture:
    picture = _with_dots(picture, rng, count, radius=(0.7, 1.6))
    if moon:
        height, width, _ = picture.shape
        y, x = np.mgrid[0:height, 0:width]
        centre = (rng.choice((0.14, 0.86)) * width, 0.15 * height)
        disc = np.clip(0.085 * height - np.hypot(x - centre[0], y - centre[1]), 0, 1)[..., None]
        picture = _blend(picture, _rgb(50, 0.25, 1.0), disc)
    return picture


def _with_dots(
    picture: Picture, rng: random.Random, count: int, radius: tuple[float, float], strength: float = 0.95
) -> Picture:
    height, width, _ = picture.shape
    mask = Image.new("L", (width * 4, height * 4))
    pen = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y, r = rng.uniform(0, width * 4), rng.uniform(0, height * 4), 4 * rng.uniform(*radius)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=round(255 * strength))
    share = np.asarray(mask.resize((width, height), Image.Resampling.BOX), np.float32)[..., None] / 255
    return _blend(picture, np.ones_like(picture), share)


def _with_clouds(picture: Picture, rng: random.Random, count: int) -> Picture:
    height, width, _ = picture.shape
    mask = Image.new("L", (width * 2, height * 2))
    pen = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y, size = rng.uniform(0, width * 2), rng.uniform(0.05, 0.6) * height * 2, rng.uniform(0.16, 0.3) * height
        for part in (-0.9, -0.3, 0.4, 1.0):
            r = size * (0.75 - 0.25 * abs(part))
            pen.ellipse((x + part * size - r, y - r, x + part * size + r, y + 0.7 * r), fill=235)
    soft = mask.filter(ImageFilter.GaussianBlur(1.5)).resize((width, height), Image.Resampling.BOX)
    share = np.asarray(soft, np.float32)[..., None] / 255
    return _blend(picture, np.ones_like(picture), share)


def _with_ellipse(picture: Picture, colour: Picture, rng: random.Random) -> Picture:
    """Put a distant planet into a corner."""
    height, width, _ = picture.shape
    y, x = np.mgrid[0:height, 0:width]
    centre = (rng.choice((0.12, 0.88)) * width, rng.choice((0.12, 0.86)) * height)
    disc = np.clip(rng.uniform(0.07, 0.12) * height - np.hypot(x - centre[0], y - centre[1]), 0, 1)[..., None]
    return _blend(picture, colour, disc)
