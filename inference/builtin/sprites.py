"""Sprites: every noun cut out, in each style and colour, ready to be placed in a scene."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from inference.builtin import colours
from inference.builtin.artwork import Drawing
from inference.builtin.nouns import Noun

# How often each style is shown. Microsoft's three share their shapes, so that a noun is one thing to learn in three
# finishes; Google's has shapes of its own, for choice. The other vendors' are for the decoder and the judge only.
STYLE_WEIGHTS = {"fluent-3d": 0.34, "fluent": 0.25, "fluent-flat": 0.25, "noto": 0.16}
PLAINLY_MAIN = 0.45  # share of a picture from which its colour may be named
VISIBLE = 24  # opacity (of 255) from which a pixel belongs to the thing


@dataclass(frozen=True, slots=True)
class Sprite:
    """What a cut-out shows: the noun, by which vendor, recoloured to what, and its main colour by nature, if clear."""

    noun: str
    vendor: str
    colour: str | None
    natural: str | None


class Sprites:
    """All sprites, found by noun, vendor and colour."""

    def __init__(self, rows: list[Sprite], pictures: np.ndarray) -> None:
        """Index the sprites.

        Args:
            rows: what each of them shows.
            pictures: uint8, N x 128 x 128 x 4, colours not multiplied by opacity.
        """
        self.rows = rows
        self._pictures = pictures
        self._found: dict[tuple[str, str], dict[str | None, int]] = {}
        for index, row in enumerate(rows):
            self._found.setdefault((row.noun, row.vendor), {})[row.colour] = index

    def vendors(self, noun: str) -> list[str]:
        """Return the vendors that drew a noun."""
        return [vendor for vendor in STYLE_WEIGHTS if (noun, vendor) in self._found]

    def colours(self, noun: str, vendor: str) -> list[str]:
        """Return the colours that a vendor's drawing of a noun was recoloured to."""
        return [colour for colour in self._found[noun, vendor] if colour is not None]

    def natural(self, noun: str, vendor: str) -> str | None:
        """Return the main colour of a vendor's drawing of a noun by nature; None if none is clearly the main one."""
        return self.rows[self._found[noun, vendor][None]].natural

    def cut_out(self, noun: str, vendor: str, colour: str | None = None) -> Image.Image:
        """Return a sprite as an RGBA picture, cropped to what is visible."""
        picture = Image.fromarray(self._pictures[self._found[noun, vendor][colour]], "RGBA")
        return picture.crop(picture.getchannel("A").point(lambda level: 255 * (level > VISIBLE)).getbbox())


def build(
    artwork: tuple[list[Drawing], torch.Tensor, torch.Tensor],
    nouns: tuple[Noun, ...],
    tail: tuple[Noun, ...],
    target: Path,
) -> None:
    """Cut out every drawing, and save the sprites as `target`.safetensors and .json.

    Args:
        artwork: what `artwork.load` returns.
        nouns: the nouns that are cut out in all colours.
        tail: those that are cut out in their own colours only.
        target: path without suffix.
    """
    made = [sprite for found in _all(artwork, nouns, tail) for sprite in found]
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file({"pictures": torch.stack([picture for _, picture in made])}, target.with_suffix(".safetensors"))
    target.with_suffix(".json").write_text(json.dumps([asdict(row) for row, _ in made]))


def load(target: Path) -> Sprites:
    """Return the sprites that `build` saved."""
    rows = [Sprite(**row) for row in json.loads(target.with_suffix(".json").read_text())]
    with safe_open(target.with_suffix(".safetensors"), framework="np") as file:
        return Sprites(rows, file.get_tensor("pictures"))


def _all(
    artwork: tuple[list[Drawing], torch.Tensor, torch.Tensor], nouns: tuple[Noun, ...], tail: tuple[Noun, ...]
) -> Iterator[list[tuple[Sprite, torch.Tensor]]]:
    drawings, pictures, opacities = artwork
    by_code = {noun.code: noun for noun in (*nouns, *tail)}
    rare = frozenset(noun.code for noun in tail)
    for index, drawing in enumerate(drawings):
        noun = by_code.get(drawing.code)
        if noun is None or drawing.vendor not in STYLE_WEIGHTS:
            continue
        on_white, opacity = pictures[index : index + 1].float() / 255, opacities[index : index + 1].float() / 255
        share = colours.shares(on_white, opacity)[0]
        natural = colours.NAMES[int(share.argmax())] if share.max() > PLAINLY_MAIN else None
        variants: dict[str | None, torch.Tensor] = {None: on_white}
        if drawing.code not in rare:
            variants |= _recoloured(on_white, opacity, natural)
        yield [
            (Sprite(noun.word, drawing.vendor, colour, natural), _cut_out(shown, opacity))
            for colour, shown in variants.items()
        ]


def _recoloured(picture: torch.Tensor, opacity: torch.Tensor, natural: str | None) -> dict[str | None, torch.Tensor]:
    """Return the variants whose main colour really is the one wanted; what is red already needs no red one."""
    variants: dict[str | None, torch.Tensor] = {}
    for name in colours.NAMES:
        if name == natural:
            continue
        for paint in (colours.recolour, colours.tint):
            variant = paint(picture, opacity, name)
            share = colours.shares(variant, opacity)[0]
            if colours.NAMES[int(share.argmax())] == name and share.max() > PLAINLY_MAIN:
                variants[name] = variant
                break
    return variants


def _cut_out(on_white: torch.Tensor, opacity: torch.Tensor) -> torch.Tensor:
    """Return a picture (1 x 3 x H x W) without the white behind it: uint8, H x W x 4."""
    colour = ((on_white - (1 - opacity)) / opacity.clamp_min(1 / 255)).clamp(0, 1)
    both = torch.cat([colour, opacity], 1)[0].permute(1, 2, 0)
    return (both * 255).round().to(torch.uint8)
