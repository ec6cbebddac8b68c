"""How good and how quick the built-in model is: `python -m tests.bench.builtin [--quick] [--json FILE]`.

What it draws is named by the judge (`inference/builtin/classifier.py`), which was trained on the artwork alone, one
vendor's style held out. Nouns are drawn by lot. The autoencoder's fidelity, the styles and the upscaler's gain need the
artwork, which the recipe fetches and renders; without it those figures are left out.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from inference.builtin import artwork, classifier, upscaler
from inference.builtin.export import UPSCALER, WEIGHTS, open_exported
from inference.builtin.nouns import tail, vocabulary
from inference.builtin.recipe import GUIDANCE, SAMPLING_STEPS
from inference.builtin.scores import (
    autoencoder_fidelity,
    background_followed,
    colour_followed,
    grid_spread,
    pairs_found,
    paraphrases,
    recognised,
    sample_words,
    style_followed,
    upscaled,
    wide_found,
)

ARTWORK = Path(".cache/builtin/artwork")
LARGE = Path(".cache/builtin/large")
LOT_SEED = 150
OTHER_STEPS = (4, 20)
WIDE = {"3_2": (192, 128), "2_3": (128, 192), "2_1": (192, 96)}  # width and height in px


def measure(quick: bool) -> dict[str, float]:
    """Return every figure; `quick` asks for fewer pictures, of which the shares are rougher."""
    made = open_exported()
    judge, held_out_top1 = classifier.load()
    figures = {"seconds_for_four": _seconds_for_four(), "judge_held_out_top1": held_out_top1}
    known, rare = [noun.word for noun in vocabulary()], [noun.word for noun in tail()]
    words, seeds = sample_words(known, 40 if quick else 150, LOT_SEED), [1] if quick else [1, 2]
    seen = recognised(made, judge, words, seeds)
    figures |= {"recognised_top1": seen.top1, "recognised_top5": seen.top5}
    print(f"not recognised with any seed: {', '.join(seen.missed) or 'none'}")
    for steps in OTHER_STEPS:
        figures[f"recognised_top1_{steps}_steps"] = recognised(made, judge, words[::3], seeds, steps).top1
    seen = recognised(made, judge, sample_words(rare, 20 if quick else 150, LOT_SEED), seeds)
    figures |= {"tail_recognised_top1": seen.top1, "tail_recognised_top5": seen.top5}
    print(f"of the long tail not recognised with any seed: {', '.join(seen.missed) or 'none'}")
    followed = colour_followed(made, sample_words(known, 4 if quick else 20, LOT_SEED + 1), seed=7)
    print("colour followed:", ", ".join(f"{name} {share:.2f}" for name, share in followed.items()))
    figures["colour_followed"] = sum(followed.values()) / len(followed)
    figures |= _beyond_one_thing(made, judge, known, quick)
    if ARTWORK.with_suffix(".json").exists():
        drawings, pictures, _ = artwork.load(ARTWORK)
        by_word = {noun.word: noun for noun in vocabulary()}
        asked = [by_word[word] for word in sample_words(known, 8 if quick else 30, LOT_SEED + 2)]
        styles = style_followed(made, drawings, pictures, asked)
        print("style followed:", ", ".join(f"{name} {share:.2f}" for name, share in styles.items()))
        figures["style_followed"] = sum(styles.values()) / len(styles)
        every = 8 if quick else 1
        psnr_db, ssim = autoencoder_fidelity(made, drawings[::every], pictures[::every])
        figures |= {"autoencoder_psnr_db": psnr_db, "autoencoder_ssim": ssim}
    if LARGE.with_suffix(".json").exists():
        drawings, pictures, _ = artwork.load(LARGE)
        unseen = pictures[[index for index, drawing in enumerate(drawings) if upscaler.is_held_out(drawing)]]
        figures |= upscaled(upscaler.open_written(WEIGHTS / UPSCALER), made.vae, unseen[: 24 if quick else 120])
    return figures


def _beyond_one_thing(
    made: StableDiffusionPipeline, judge: classifier.Classifier, known: list[str], quick: bool
) -> dict[str, float]:
    """Return what the model makes of other words, two things, backgrounds, wide pictures and one prompt four times."""
    said = paraphrases(made, judge, [1] if quick else [1, 2])
    print(f"held-out phrasings not recognised: {', '.join(said.missed) or 'none'}")
    words = sample_words(known, 40 if quick else 120, LOT_SEED + 3)
    random.Random(LOT_SEED).shuffle(words)
    pairs = pairs_found(made, judge, list(zip(words[::2], words[1::2], strict=True)), seed=1)
    print(f"pairs of which one was not found: {', '.join(pairs.missed) or 'none'}")
    behind = background_followed(made, sample_words(known, 4 if quick else 20, LOT_SEED + 4), seed=1)
    print("background followed:", ", ".join(f"{name} {share:.2f}" for name, share in behind.items()))
    wide = sample_words(known, 10 if quick else 60, LOT_SEED + 5)
    return {
        "paraphrase_top1": said.top1,
        "paraphrase_top5": said.top5,
        "pairs_both_found": pairs.both,
        "pairs_found_by_chance": pairs.by_chance,
        "background_followed": sum(behind.values()) / len(behind),
        **{f"wide_top1_{name}": wide_found(made, judge, wide, size, seed=1) for name, size in WIDE.items()},
        "grid_spread": grid_spread(made, sample_words(known, 5 if quick else 30, LOT_SEED + 6)),
    }


def _seconds_for_four() -> float:
    """Time one card's four pictures at the default settings, the faster of two: the first also warms up."""
    made = open_exported()
    times_s = []
    for seed in (1, 2):
        started_s = time.perf_counter()
        made(
            "a red heart",
            num_images_per_prompt=4,
            num_inference_steps=SAMPLING_STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(seed),
        )
        times_s.append(time.perf_counter() - started_s)
    return min(times_s)


def main() -> None:
    """Print a table of figures and, where asked, write them as a flat JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.builtin", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer pictures: under 45 s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    chosen = parser.parse_args()
    figures = {name: round(value, 4) for name, value in measure(chosen.quick).items()}
    for name, value in figures.items():
        print(f"{name:26} {value:8.3f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
