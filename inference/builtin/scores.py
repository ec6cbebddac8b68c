"""Metrics of the model: recognised by the judge, faithful to colour, style and background, sharp."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from torch import nn

from inference.builtin import colours
from inference.builtin.artwork import VENDORS, Drawing
from inference.builtin.autoencoder import as_floats, held_out, psnr_db
from inference.builtin.captions import with_article
from inference.builtin.classifier import JUDGED_PX, Classifier
from inference.builtin.nouns import Noun
from inference.builtin.recipe import SAMPLING_STEPS, draw
from inference.builtin.sprites import STYLE_WEIGHTS
from inference.builtin.upscaler import UpscalerPlan, lanczos, make_pairs
from inference.builtin.words import held_out_phrases

STYLE_OF = {vendor.name: vendor.style for vendor in VENDORS if vendor.name in STYLE_WEIGHTS}
COLOURS_ASKED = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
BORDER_SHARE = 0.6  # of a picture's border that has to have the colour asked for behind a thing


@dataclass(frozen=True, slots=True)
class Recognised:
    """Top-1 and top-5 accuracy of the judge on drawn pictures, and the nouns that it never named."""

    top1: float
    top5: float
    missed: tuple[str, ...]  # nouns that no seed brought into the judge's top five


def sample_words(words: list[str], count: int, seed: int) -> list[str]:
    """Return `count` of the words, chosen at random, so that nobody picks them by hand."""
    order = torch.randperm(len(words), generator=torch.Generator().manual_seed(seed)).tolist()
    return [words[i] for i in sorted(order[:count])]


@torch.no_grad()
def recognised(
    pipe: StableDiffusionPipeline,
    judge: Classifier,
    words: list[str],
    seeds: list[int],
    steps: int = SAMPLING_STEPS,
) -> Recognised:
    """Draw 'a <noun>' for each word and seed, and let the judge name the pictures.

    Args:
        pipe: the model.
        judge: the classifier.
        words: the nouns.
        seeds: a picture of every noun is drawn from each.
        steps: sampling steps.
    """
    asked = [(word, seed) for word in words for seed in seeds]
    drawn = draw(pipe, [with_article(word) for word, _ in asked], [seed for _, seed in asked], steps=steps)
    best = torch.cat([judge(part) for part in torch.split(drawn, 64)]).topk(5).indices
    answers = torch.tensor([judge.words.index(word) for word, _ in asked])[:, None]
    first, five = (best[:, :1] == answers).any(1), (best == answers).any(1)
    by_word = five.view(len(words), len(seeds)).any(1)
    missed = tuple(word for word, hit in zip(words, by_word.tolist(), strict=True) if not hit)
    return Recognised(float(first.float().mean()), float(five.float().mean()), missed)


def colour_followed(pipe: StableDiffusionPipeline, words: list[str], seed: int) -> dict[str, float]:
    """Draw 'a <colour> <noun>' for every colour; return, for each, the share with this as main colour."""
    followed = {}
    for name in COLOURS_ASKED:
        drawn = draw(pipe, [with_article(f"{name} {word}") for word in words], [seed + i for i in range(len(words))])
        main = colours.shares((drawn + 1) / 2).argmax(1)
        followed[name] = float((main == colours.NAMES.index(name)).float().mean())
    return followed


@torch.no_grad()
def style_followed(
    pipe: StableDiffusionPipeline, drawings: list[Drawing], pictures: torch.Tensor, nouns: list[Noun]
) -> dict[str, float]:
    """Draw 'a <style> <noun>' in every style, and compare with the artwork.

    Args:
        pipe: the model.
        drawings: what each picture of the artwork is.
        pictures: uint8, N x 3 x 128 x 128.
        nouns: what is drawn.

    Returns:
        For each style, the share that is nearest to this style's artwork among those of the same noun, by mean square
        difference, after the autoencoder.
    """
    row = {(drawing.vendor, drawing.code): index for index, drawing in enumerate(drawings)}
    known = [noun for noun in nouns if all((vendor, noun.code) in row for vendor in STYLE_OF)]
    there = pictures[[row[vendor, noun.code] for noun in known for vendor in STYLE_OF]]
    shown = torch.cat(
        [pipe.vae.decode(pipe.vae.encode(as_floats(part)).latents).sample for part in torch.split(there, 32)]
    )
    followed = {}
    for place, style in enumerate(STYLE_OF.values()):
        drawn = draw(pipe, [with_article(f"{style} {noun.word}") for noun in known])
        apart = (drawn[:, None] - shown.view(len(known), len(STYLE_OF), *shown.shape[1:])).pow(2).flatten(2).mean(2)
        followed[style] = float((apart.argmin(1) == place).float().mean())
    return followed


@torch.no_grad()
def autoencoder_fidelity(
    pipe: StableDiffusionPipeline, drawings: list[Drawing], pictures: torch.Tensor
) -> tuple[float, float]:
    """Return PSNR (in dB) and SSIM of the autoencoder on the emoji that were held out, in every style."""
    unseen = as_floats(pictures[[i for i, drawing in enumerate(drawings) if held_out(drawing.code)]])
    decoded = torch.cat([pipe.vae.decode(pipe.vae.encode(part).latents).sample for part in torch.split(unseen, 32)])
    return psnr_db(decoded, unseen), ssim(decoded.clamp(-1, 1), unseen)


@torch.no_grad()
def upscaled(network: nn.Module, autoencoder: AutoencoderTiny, large: torch.Tensor) -> dict[str, float]:
    """Compare what the upscaler makes of reduced artwork with the artwork, and with Lanczos.

    Args:
        network: the upscaler.
        autoencoder: half of the figures are of pictures that went through it, as all drawn ones do.
        large: uint8, N x 3 x 512 x 512, never shown to the upscaler.

    Returns:
        Decibels gained over Lanczos, and the steepness of edges as a share of the artwork's.
    """
    pairs, figures = make_pairs(large, autoencoder, UpscalerPlan()), {}
    wanted = large.float() / 255
    for name, small in (("upscaled", pairs.small), ("upscaled_decoded", pairs.decoded)):
        ours = torch.cat([network(part.float() / 255).clamp(0, 1) for part in torch.split(small, 8)])
        theirs = lanczos(small)
        figures[f"{name}_psnr_db_over_lanczos"] = psnr_db(2 * ours - 1, 2 * wanted - 1) - psnr_db(
            2 * theirs - 1, 2 * wanted - 1
        )
        figures[f"{name}_sharpness"] = _steepness(ours) / _steepness(wanted)
        figures[f"{name}_sharpness_lanczos"] = _steepness(theirs) / _steepness(wanted)
    return figures


def _steepness(pictures: torch.Tensor) -> float:
    """Return the root mean square of differences between neighbours."""
    across, down = pictures.diff(dim=3).pow(2).mean(), pictures.diff(dim=2).pow(2).mean()
    return float((across + down).sqrt())


def ssim(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the mean SSIM of pictures in -1..1 (Wang et al. 2004: Gaussian window of 11 px, sigma 1.5)."""
    x, y = (ours + 1) / 2, (theirs + 1) / 2
    bell = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = torch.outer(bell, bell)[None, None].expand(3, 1, 11, 11) / bell.sum() ** 2

    def blur(pictures: torch.Tensor) -> torch.Tensor:
        return F.conv2d(pictures, window, groups=3)

    mean_x, mean_y = blur(x), blur(y)
    var_x, var_y, both = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2, blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    similar = ((2 * mean_x * mean_y + c1) * (2 * both + c2)) / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return float(similar.mean())


@torch.no_grad()
def paraphrases(pipe: StableDiffusionPipeline, judge: Classifier, seeds: list[int]) -> Recognised:
    """Draw the held-out phrases, and let the judge name the noun that each means; `missed` has phrases."""
    asked = [(said, judge.words.index(noun), seed) for said, noun in held_out_phrases() for seed in seeds]
    drawn = draw(pipe, [said for said, _, _ in asked], [seed for _, _, seed in asked])
    best = torch.cat([judge(part) for part in torch.split(drawn, 64)]).topk(5).indices
    hit = best == torch.tensor([answer for _, answer, _ in asked])[:, None]
    by_phrase = hit[:, 0].view(-1, len(seeds)).any(1).tolist()
    missed = tuple(said for (said, _), found in zip(held_out_phrases(), by_phrase, strict=True) if not found)
    return Recognised(float(hit[:, 0].float().mean()), float(hit.any(1).float().mean()), missed)


@dataclass(frozen=True, slots=True)
class PairsFound:
    """Share of drawn pairs of which the judge found both, and of pairs not asked for that it found all the same."""

    both: float
    by_chance: float
    missed: tuple[str, ...]


@torch.no_grad()
def pairs_found(
    pipe: StableDiffusionPipeline, judge: Classifier, pairs: list[tuple[str, str]], seed: int
) -> PairsFound:
    """Draw 'a <noun> and a <noun>', and let the judge name windows of half the side, and of five eighths.

    Args:
        pipe: the model.
        judge: the classifier.
        pairs: two nouns each.
        seed: of the first picture; the others follow.
    """
    texts = [f"{with_article(first)} and {with_article(second)}" for first, second in pairs]
    drawn = draw(pipe, texts, [seed + i for i in range(len(pairs))])
    seen = [named_in_windows(judge, picture, (64, 80)) for picture in drawn]
    found = [first in words and second in words for (first, second), words in zip(pairs, seen, strict=True)]
    others = pairs[1:] + pairs[:1]
    chance = [first in words and second in words for (first, second), words in zip(others, seen, strict=True)]
    missed = tuple(text for text, both in zip(texts, found, strict=True) if not both)
    return PairsFound(sum(found) / len(found), sum(chance) / len(chance), missed)


@torch.no_grad()
def named_in_windows(judge: Classifier, picture: torch.Tensor, sides_px: tuple[int, ...]) -> frozenset[str]:
    """Return what the judge names in square windows of these sides that slide over a picture (3 x H x W in -1..1)."""
    height, width = picture.shape[1:]
    windows = [
        F.interpolate(picture[None, :, top : top + side, left : left + side], size=(JUDGED_PX, JUDGED_PX), mode="area")
        for side in sides_px
        for top in _starts(height, side)
        for left in _starts(width, side)
    ]
    return frozenset(judge.words[index] for index in judge(torch.cat(windows)).argmax(1).tolist())


def _starts(length: int, side: int) -> list[int]:
    """Return the offsets of windows along a length: every 16 px or closer, the last at the end."""
    steps = -(-(length - side) // 16)
    return [round(i * (length - side) / steps) for i in range(steps + 1)] if steps else [0]


@torch.no_grad()
def wide_found(
    pipe: StableDiffusionPipeline, judge: Classifier, words: list[str], size_px: tuple[int, int], seed: int
) -> float:
    """Draw each word in a picture that is not square, and let the judge name square windows.

    Args:
        pipe: the model.
        judge: the classifier.
        words: the nouns.
        size_px: width and height.
        seed: of the first picture; the others follow.

    Returns:
        The share that is named.
    """
    hits = 0
    for place, word in enumerate(words):
        drawn = draw(pipe, [with_article(word)], [seed + place], size_px=size_px)[0]
        hits += word in named_in_windows(judge, drawn, (min(size_px),))
    return hits / len(words)


@torch.no_grad()
def background_followed(pipe: StableDiffusionPipeline, words: list[str], seed: int) -> dict[str, float]:
    """Draw each word on a background of each colour; return, for each, the share with a border of this colour."""
    followed = {}
    for name in COLOURS_ASKED:
        texts = [f"{with_article(word)} on {with_article(name)} background" for word in words]
        drawn = (draw(pipe, texts, [seed + i for i in range(len(words))]) + 1) / 2
        border = torch.cat(
            [drawn[:, :, :6].flatten(2), drawn[:, :, :, :6].flatten(2), drawn[:, :, :, -6:].flatten(2)], 2
        )
        named = colours.names(border[:, :, None].clamp(0, 1))[:, 0]
        share = (named == colours.NAMES.index(name)).float().mean(1)
        followed[name] = float((share > BORDER_SHARE).float().mean())
    return followed


@torch.no_grad()
def grid_spread(pipe: StableDiffusionPipeline, words: list[str]) -> float:
    """Return the mean distance of two of four pictures of the same prompt: RMS at 32 px, in 0..1."""
    apart = []
    for word in words:
        four = F.interpolate((draw(pipe, [with_article(word)] * 4, [1, 2, 3, 4]) + 1) / 2, size=(32, 32), mode="area")
        apart += [float((four[i] - four[j]).pow(2).mean().sqrt()) for i in range(4) for j in range(i)]
    return sum(apart) / len(apart)
