"""Colours by name: which one a picture mostly shows, and the same picture in another one.

Pictures here are floats in 0..1, N x 3 x H x W; `opacity` (N x 1 x H x W, 0..1) says where the thing is.
"""

from __future__ import annotations

import torch

# name: the hue (degrees), saturation and value that recoloured artwork gets
TARGETS = {
    "red": (358.0, 0.85, 0.86),
    "orange": (28.0, 0.90, 0.98),
    "yellow": (50.0, 0.82, 0.98),
    "green": (125.0, 0.68, 0.68),
    "blue": (216.0, 0.80, 0.88),
    "purple": (277.0, 0.62, 0.74),
    "pink": (333.0, 0.48, 0.98),
    "brown": (24.0, 0.62, 0.50),
    "black": (230.0, 0.08, 0.20),
    "white": (220.0, 0.03, 0.95),
    "grey": (215.0, 0.06, 0.60),
}
NAMES = tuple(TARGETS)
ACHROMATIC = frozenset({"black", "white", "grey"})
BARELY_THERE = 0.06  # a picture with fewer pixels than this off white shows something white


def hsv(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return hue (degrees), saturation and value (0..1) of pictures, each N x H x W."""
    red, green, blue = pictures.unbind(1)
    value, least = pictures.amax(1), pictures.amin(1)
    chroma = (value - least).clamp_min(1e-6)
    hue = torch.where(
        value == red,
        (green - blue) / chroma % 6,
        torch.where(value == green, (blue - red) / chroma + 2, (red - green) / chroma + 4),
    )
    return hue * 60, (value - least) / value.clamp_min(1e-6), value


def rgb(hue: torch.Tensor, saturation: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return pictures (N x 3 x H x W) of hue in degrees, saturation and value."""
    channels = []
    for offset in (5.0, 3.0, 1.0):  # https://en.wikipedia.org/wiki/HSL_and_HSV#HSV_to_RGB_alternative
        k = (offset + hue / 60) % 6
        channels.append(value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels, 1)


def names(pictures: torch.Tensor) -> torch.Tensor:
    """Return the colour of each pixel as an index into `NAMES` (N x H x W)."""
    hue, saturation, value = hsv(pictures)
    named = torch.full_like(hue, NAMES.index("red"), dtype=torch.long)
    bands = (("orange", 15, 42), ("yellow", 42, 68), ("green", 68, 165), ("blue", 165, 256), ("purple", 256, 305))
    for name, start, end in bands:
        named[(hue >= start) & (hue < end)] = NAMES.index(name)
    named[(hue >= 305) & (hue < 345)] = NAMES.index("pink")
    named[(hue >= 305) & (hue < 325) & (value < 0.72)] = NAMES.index("purple")
    named[((hue >= 345) | (hue < 12)) & (saturation < 0.52) & (value > 0.75)] = NAMES.index("pink")
    named[(hue >= 10) & (hue < 45) & (value < 0.66)] = NAMES.index("brown")
    dull = saturation < 0.14
    named[dull] = NAMES.index("grey")
    named[dull & (value > 0.82)] = NAMES.index("white")
    named[(dull & (value < 0.36)) | (value < 0.2)] = NAMES.index("black")
    return named


def shares(pictures: torch.Tensor, opacity: torch.Tensor | None = None) -> torch.Tensor:
    """Return how much of each thing has each colour (N x colours, rows sum to 1).

    Without an opacity, the thing is every pixel that is not nearly white.
    """
    _, saturation, value = hsv(pictures)
    off_white = (value < 0.93) | (saturation > 0.08)
    there = (off_white if opacity is None else opacity[:, 0] > 0.5).float()
    counts = torch.zeros(len(pictures), len(NAMES), device=pictures.device)
    counts.scatter_add_(1, names(pictures).flatten(1), there.flatten(1))
    counts[there.flatten(1).mean(1) < BARELY_THERE] = torch.eye(len(NAMES), device=counts.device)[NAMES.index("white")]
    return counts / counts.sum(1, keepdim=True).clamp_min(1)


def recolour(pictures: torch.Tensor, opacity: torch.Tensor, name: str) -> torch.Tensor:
    """Return the same things, with their main colour changed to `name`; shading and details stay."""
    hue, saturation, value = hsv(pictures)
    share = shares(pictures, opacity)
    main = share.argmax(1)
    weight = (names(pictures) == main[:, None, None]).float() * (opacity[:, 0] > 0.9)
    mean_value, mean_saturation = _mean(value, weight), _mean(saturation, weight)
    radians = hue.deg2rad()
    mean_hue = torch.atan2(_mean(radians.sin(), weight), _mean(radians.cos(), weight)).rad2deg()
    dull_main = torch.tensor([NAMES[i] in ACHROMATIC for i in main.tolist()], device=hue.device)[:, None, None]
    turn = (hue - mean_hue + 180) % 360 - 180
    coloured = _ramp(turn.abs(), 60, 35) * _ramp(saturation, 0.06, 0.2)
    dull = _ramp(saturation, 0.38, 0.22) * _ramp(value, 0.08, 0.2)
    member = torch.where(dull_main, dull, coloured)
    return _turned(
        pictures, (hue, saturation, value), (turn, mean_saturation, mean_value), dull_main, member, opacity, name
    )


def tint(pictures: torch.Tensor, opacity: torch.Tensor, name: str) -> torch.Tensor:
    """Return the same things, all in shades of `name`: for things of many colours, where `recolour` fails."""
    hue, saturation, value = hsv(pictures)
    weight = (opacity[:, 0] > 0.9).float()
    means = (torch.zeros_like(hue), _mean(saturation, weight), _mean(value, weight))
    everything, dull = _ramp(value, 0.05, 0.3), torch.ones_like(hue, dtype=torch.bool)
    return _turned(pictures, (hue, saturation, value), means, dull, everything, opacity, name)


def _turned(
    pictures: torch.Tensor,
    pixels: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    means: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    dull: torch.Tensor,
    member: torch.Tensor,
    opacity: torch.Tensor,
    name: str,
) -> torch.Tensor:
    """Blend the colour `name` into pictures.

    Args:
        pictures: the pictures.
        pixels: their hue, saturation and value.
        means: each pixel's angle from the main hue, and the mean saturation and value of the main colour.
        dull: where the main colour has no hue.
        member: how much each pixel belongs to the main colour.
        opacity: where the thing is.
        name: the new colour.
    """
    _, saturation, value = pixels
    turn, mean_saturation, mean_value = means
    new_hue, new_saturation, new_value = TARGETS[name]
    ratio = torch.where(dull, torch.ones_like(saturation), (saturation / mean_saturation.clamp_min(0.05)).clamp(0, 1.4))
    goal = rgb(
        (new_hue + 0.3 * turn * ~dull) % 360,
        (new_saturation * ratio).clamp(0, 1),
        (new_value + 0.8 * (value - mean_value)).clamp(0, 1),
    )
    share = (member * opacity[:, 0])[:, None]
    return pictures * (1 - share) + goal * share


def _mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (values * weight).sum((1, 2), keepdim=True) / weight.sum((1, 2), keepdim=True).clamp_min(1)


def _ramp(values: torch.Tensor, none: float, full: float) -> torch.Tensor:
    """Go smoothly from 0 at `none` to 1 at `full`, whichever is larger."""
    return ((values - none) / (full - none)).clamp(0, 1)
