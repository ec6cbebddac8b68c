"""The lessons: every noun in every style and colour, alone or in twos and threes, as latents with their subjects.

The nouns of the long tail are shown in their styles only. The pictures are kept beside the latents, for the decoder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from safetensors import safe_open
from safetensors.torch import save_file

from inference.builtin import colours
from inference.builtin.artwork import PICTURE_PX, Drawing
from inference.builtin.autoencoder import encode
from inference.builtin.captions import Subject
from inference.builtin.checkpoint import generator
from inference.builtin.nouns import Noun

# How often each style is shown. These three sets share their shapes, so that a noun is one thing to learn in three
# finishes; the sets of other vendors teach the decoder and the judge, not the denoiser.
STYLE_WEIGHTS = {"fluent-3d": 0.4, "fluent": 0.3, "fluent-flat": 0.3}
KIND_WEIGHTS = {"natural": 0.24, "coloured": 0.24, "several": 0.2, "tail": 0.32}
PLAINLY_MAIN = 0.45  # share of a picture from which its colour may be named
_SPOTS = {  # where copies stand, as (centre x, centre y, scale)
    2: ((0.27, 0.5, 0.52), (0.73, 0.5, 0.52)),
    3: ((0.27, 0.28, 0.47), (0.73, 0.28, 0.47), (0.5, 0.74, 0.47)),
}
_COLOURS_OF_SEVERAL = 2  # recoloured variants of each two and three, drawn by lot


@dataclass(frozen=True, slots=True)
class Lessons:
    """Latents (N x 32 x 8 x 8), what each shows, and how likely each is drawn (N, sums to 1)."""

    latents: torch.Tensor
    subjects: list[Subject]
    weights: torch.Tensor


def build(
    model: AutoencoderTiny,
    artwork: tuple[list[Drawing], torch.Tensor, torch.Tensor],
    nouns: tuple[Noun, ...],
    tail: tuple[Noun, ...],
    target: Path,
    seed: int = 3,
) -> None:
    """Make every lesson; save latents and pictures (uint8) as `target`.safetensors and subjects as `target`.json."""
    subjects: list[Subject] = []
    shown: list[torch.Tensor] = []
    for told, pictures in _told(artwork, nouns, tail, seed):
        subjects += told
        shown.append((pictures * 255).round().to(torch.uint8))
    pictures = torch.cat(shown)
    target.parent.mkdir(parents=True, exist_ok=True)
    latents = encode(model, pictures).half().contiguous()
    save_file({"latents": latents, "pictures": pictures.contiguous()}, target.with_suffix(".safetensors"))
    rows = [asdict(subject) | {"noun": subject.noun.word} for subject in subjects]
    target.with_suffix(".json").write_text(json.dumps(rows))


def load(target: Path, nouns: tuple[Noun, ...], tail: tuple[Noun, ...]) -> Lessons:
    """Return the lessons that `build` saved."""
    by_word = {noun.word: noun for noun in (*nouns, *tail)}
    rows = json.loads(target.with_suffix(".json").read_text())
    subjects = [Subject(**(row | {"noun": by_word[row["noun"]]})) for row in rows]
    with safe_open(target.with_suffix(".safetensors"), framework="pt") as file:
        latents = file.get_tensor("latents")
    return Lessons(latents, subjects, _weights(subjects, frozenset(noun.word for noun in tail)))


def pictures(target: Path, rows: list[int]) -> torch.Tensor:
    """Return some lessons' pictures (uint8, N x 3 x 128 x 128) without reading the others."""
    with safe_open(target.with_suffix(".safetensors"), framework="pt") as file:
        kept = file.get_slice("pictures")
        return torch.stack([kept[row] for row in rows])


def _told(
    artwork: tuple[list[Drawing], torch.Tensor, torch.Tensor],
    nouns: tuple[Noun, ...],
    tail: tuple[Noun, ...],
    seed: int,
) -> Iterator[tuple[list[Subject], torch.Tensor]]:
    """Yield the lessons of one drawing after another: subjects and pictures (floats in 0..1)."""
    drawings, pictures, opacities = artwork
    by_code = {noun.code: noun for noun in (*nouns, *tail)}
    rare = frozenset(noun.code for noun in tail)
    for index, drawing in enumerate(drawings):
        noun = by_code.get(drawing.code)
        if noun is None or drawing.vendor not in STYLE_WEIGHTS:
            continue
        picture, opacity = pictures[index : index + 1].float() / 255, opacities[index : index + 1].float() / 255
        share = colours.shares(picture, opacity)[0]
        natural = colours.NAMES[int(share.argmax())] if share.max() > PLAINLY_MAIN else None
        if drawing.code in rare:
            yield [Subject(noun, drawing.vendor, None, natural, 1)], picture
            continue
        variants = {None: picture} | _recoloured(picture, opacity, natural)
        told = [Subject(noun, drawing.vendor, colour, natural, 1) for colour in variants]
        shown = list(variants.values())
        for count in _SPOTS:
            order = torch.randperm(len(variants), generator=generator(seed, index * 4 + count)).tolist()
            for colour in [None, *[list(variants)[i] for i in order if i][:_COLOURS_OF_SEVERAL]]:
                told.append(Subject(noun, drawing.vendor, colour, natural, count))
                shown.append(several(variants[colour], count))
        yield told, torch.cat(shown)


def _recoloured(picture: torch.Tensor, opacity: torch.Tensor, natural: str | None) -> dict[str | None, torch.Tensor]:
    """Return the variants whose main colour really is the one asked for; what is red already needs no red variant."""
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


def several(picture: torch.Tensor, count: int) -> torch.Tensor:
    """Return one picture (1 x 3 x H x W in 0..1) with `count` smaller copies of the thing on white."""
    canvas = torch.ones_like(picture)
    for x, y, scale in _SPOTS[count]:
        size = round(PICTURE_PX * scale)
        small = F.interpolate(picture, size=(size, size), mode="bicubic", antialias=True).clamp(0, 1)
        left, top = round(x * PICTURE_PX - size / 2), round(y * PICTURE_PX - size / 2)
        spot = canvas[:, :, top : top + size, left : left + size]
        spot.copy_(torch.minimum(spot, small))
    return canvas


def _weights(subjects: list[Subject], tail: frozenset[str]) -> torch.Tensor:
    """Give each style and each kind its share, and every noun the same."""
    kinds = [
        "tail" if s.noun.word in tail else "several" if s.count > 1 else "coloured" if s.colour else "natural"
        for s in subjects
    ]
    cells = [(s.noun.word, s.vendor, kind) for s, kind in zip(subjects, kinds, strict=True)]
    sizes: dict[tuple[str, str, str], int] = {}
    for cell in cells:
        sizes[cell] = sizes.get(cell, 0) + 1
    weights = torch.tensor(
        [STYLE_WEIGHTS[cell[1]] * KIND_WEIGHTS[cell[2]] / sizes[cell] for cell in cells], dtype=torch.float64
    )
    return weights / weights.sum()
