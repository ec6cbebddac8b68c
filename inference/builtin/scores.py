"""How good the model is, in figures: recognised by the judge, true to the colour asked for, sharp."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline

from inference.builtin import colours
from inference.builtin.artwork import VENDORS, Drawing
from inference.builtin.autoencoder import as_floats, held_out, psnr_db
from inference.builtin.captions import with_article
from inference.builtin.classifier import JUDGED_PX, Classifier
from inference.builtin.nouns import Noun
from inference.builtin.recipe import SAMPLING_STEPS, draw
from inference.builtin.sprites import STYLE_WEIGHTS
from inference.builtin.words import held_out as held_out_words

STYLE_OF = {vendor.name: vendor.style for vendor in VENDORS if vendor.name in STYLE_WEIGHTS}
COLOURS_ASKED = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
BORDER_SHARE = 0.6  # of a picture's border that has to have the colour asked for behind a thing


@dataclass(frozen=True, slots=True)
class Recognised:
    """Shares of pictures whose noun the judge named first, or among its first five; and the worst nouns."""

    top1: float
    top5: float
    missed: tuple[str, ...]  # nouns that no seed brought among the judge's first five


def lot(words: list[str], count: int, seed: int) -> list[str]:
    """Draw `count` of the words by lot, so that nobody picks them by hand."""
    order = torch.randperm(len(words), generator=torch.Generator().manual_seed(seed)).tolist()
    return [words[i] for i in sorted(order[:count])]


@torch.no_grad()
def recognised(
    made: StableDiffusionPipeline,
    judge: Classifier,
    words: list[str],
    seeds: list[int],
    steps: int = SAMPLING_STEPS,
) -> Recognised:
    """Draw 'a <noun>' for each word and seed and ask the judge what it sees."""
    asked = [(word, seed) for word in words for seed in seeds]
    drawn = draw(made, [with_article(word) for word, _ in asked], [seed for _, seed in asked], steps=steps)
    best = torch.cat([judge(part) for part in torch.split(drawn, 64)]).topk(5).indices
    answers = torch.tensor([judge.words.index(word) for word, _ in asked])[:, None]
    first, five = (best[:, :1] == answers).any(1), (best == answers).any(1)
    by_word = five.view(len(words), len(seeds)).any(1)
    missed = tuple(word for word, hit in zip(words, by_word.tolist(), strict=True) if not hit)
    return Recognised(float(first.float().mean()), float(five.float().mean()), missed)


def colour_followed(made: StableDiffusionPipeline, words: list[str], seed: int) -> dict[str, float]:
    """Draw 'a <colour> <noun>' for every colour; return, for each, the share whose main colour is the one asked."""
    followed = {}
    for name in COLOURS_ASKED:
        drawn = draw(made, [with_article(f"{name} {word}") for word in words], [seed + i for i in range(len(words))])
        main = colours.shares((drawn + 1) / 2).argmax(1)
        followed[name] = float((main == colours.NAMES.index(name)).float().mean())
    return followed


@torch.no_grad()
def style_followed(
    made: StableDiffusionPipeline, drawings: list[Drawing], pictures: torch.Tensor, nouns: list[Noun]
) -> dict[str, float]:
    """Draw 'a <style> <noun>' in the three styles; return, for each, the share that is nearest to the artwork in it.

    Nearest among the three styles of the same noun, each as the autoencoder gives it back, by mean square difference.
    By chance it would be a third.
    """
    row = {(drawing.vendor, drawing.code): index for index, drawing in enumerate(drawings)}
    known = [noun for noun in nouns if all((vendor, noun.code) in row for vendor in STYLE_OF)]
    there = pictures[[row[vendor, noun.code] for noun in known for vendor in STYLE_OF]]
    shown = torch.cat(
        [made.vae.decode(made.vae.encode(as_floats(part)).latents).sample for part in torch.split(there, 32)]
    )
    followed = {}
    for place, style in enumerate(STYLE_OF.values()):
        drawn = draw(made, [with_article(f"{style} {noun.word}") for noun in known])
        apart = (drawn[:, None] - shown.view(len(known), len(STYLE_OF), *shown.shape[1:])).pow(2).flatten(2).mean(2)
        followed[style] = float((apart.argmin(1) == place).float().mean())
    return followed


@torch.no_grad()
def autoencoder_fidelity(
    made: StableDiffusionPipeline, drawings: list[Drawing], pictures: torch.Tensor
) -> tuple[float, float]:
    """Return PSNR (decibels) and SSIM of the autoencoder on the artwork it never saw, each emoji in every style."""
    unseen = as_floats(pictures[[i for i, drawing in enumerate(drawings) if held_out(drawing.code)]])
    decoded = torch.cat([made.vae.decode(made.vae.encode(part).latents).sample for part in torch.split(unseen, 32)])
    return psnr_db(decoded, unseen), ssim(decoded.clamp(-1, 1), unseen)


def ssim(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the mean structural similarity of pictures in -1..1 (Wang et al. 2004: Gaussian of 11 px, sigma 1.5)."""
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
def paraphrases(made: StableDiffusionPipeline, judge: Classifier, seeds: list[int]) -> Recognised:
    """Draw the held-out wishes and ask the judge for the noun that each means; `missed` names the wishes."""
    asked = [(said, judge.words.index(noun), seed) for said, noun in held_out_words() for seed in seeds]
    drawn = draw(made, [said for said, _, _ in asked], [seed for _, _, seed in asked])
    best = torch.cat([judge(part) for part in torch.split(drawn, 64)]).topk(5).indices
    hit = best == torch.tensor([answer for _, answer, _ in asked])[:, None]
    by_wish = hit[:, 0].view(-1, len(seeds)).any(1).tolist()
    missed = tuple(said for (said, _), found in zip(held_out_words(), by_wish, strict=True) if not found)
    return Recognised(float(hit[:, 0].float().mean()), float(hit.any(1).float().mean()), missed)


@dataclass(frozen=True, slots=True)
class PairsFound:
    """Shares of drawn pairs of which the judge found both, and of pairs never asked for that it would have found."""

    both: float
    by_chance: float
    missed: tuple[str, ...]


@torch.no_grad()
def pairs_found(
    made: StableDiffusionPipeline, judge: Classifier, pairs: list[tuple[str, str]], seed: int
) -> PairsFound:
    """Draw 'a <noun> and a <noun>' and ask the judge what it sees in windows of half the side, and of two thirds."""
    texts = [f"{with_article(first)} and {with_article(second)}" for first, second in pairs]
    drawn = draw(made, texts, [seed + i for i in range(len(pairs))])
    seen = [named_in_windows(judge, picture, (64, 80)) for picture in drawn]
    found = [first in words and second in words for (first, second), words in zip(pairs, seen, strict=True)]
    others = pairs[1:] + pairs[:1]
    chance = [first in words and second in words for (first, second), words in zip(others, seen, strict=True)]
    missed = tuple(text for text, both in zip(texts, found, strict=True) if not both)
    return PairsFound(sum(found) / len(found), sum(chance) / len(chance), missed)


@torch.no_grad()
def named_in_windows(judge: Classifier, picture: torch.Tensor, sides_px: tuple[int, ...]) -> frozenset[str]:
    """Return what the judge names first in square windows that slide over a picture (3 x H x W in -1..1)."""
    height, width = picture.shape[1:]
    windows = [
        F.interpolate(picture[None, :, top : top + side, left : left + side], size=(JUDGED_PX, JUDGED_PX), mode="area")
        for side in sides_px
        for top in _starts(height, side)
        for left in _starts(width, side)
    ]
    return frozenset(judge.words[index] for index in judge(torch.cat(windows)).argmax(1).tolist())


def _starts(length: int, side: int) -> list[int]:
    """Return where windows of a side begin along a length: every 16 px or closer, the last at the end."""
    steps = -(-(length - side) // 16)
    return [round(i * (length - side) / steps) for i in range(steps + 1)] if steps else [0]


@torch.no_grad()
def wide_found(
    made: StableDiffusionPipeline, judge: Classifier, words: list[str], size_px: tuple[int, int], seed: int
) -> float:
    """Draw each word in a picture that is not square; return the share that the judge names in a square of it."""
    hits = 0
    for place, word in enumerate(words):
        drawn = draw(made, [with_article(word)], [seed + place], size_px=size_px)[0]
        hits += word in named_in_windows(judge, drawn, (min(size_px),))
    return hits / len(words)


@torch.no_grad()
def background_followed(made: StableDiffusionPipeline, words: list[str], seed: int) -> dict[str, float]:
    """Draw each word on a background of each colour; return the share whose border is mostly of that colour."""
    followed = {}
    for name in COLOURS_ASKED:
        texts = [f"{with_article(word)} on {with_article(name)} background" for word in words]
        drawn = (draw(made, texts, [seed + i for i in range(len(words))]) + 1) / 2
        border = torch.cat(
            [drawn[:, :, :6].flatten(2), drawn[:, :, :, :6].flatten(2), drawn[:, :, :, -6:].flatten(2)], 2
        )
        named = colours.names(border[:, :, None].clamp(0, 1))[:, 0]
        share = (named == colours.NAMES.index(name)).float().mean(1)
        followed[name] = float((share > BORDER_SHARE).float().mean())
    return followed


@torch.no_grad()
def grid_spread(made: StableDiffusionPipeline, words: list[str]) -> float:
    """Return how far apart four pictures of one wish lie: the mean difference of two, at 32 px, in 0..1."""
    apart = []
    for word in words:
        four = F.interpolate((draw(made, [with_article(word)] * 4, [1, 2, 3, 4]) + 1) / 2, size=(32, 32), mode="area")
        apart += [float((four[i] - four[j]).pow(2).mean().sqrt()) for i in range(4) for j in range(i)]
    return sum(apart) / len(apart)
