"""What the denoiser itself draws of lessons: latents beside the pictures that they should have been.

A decoder that only ever saw artwork's own latents shows every stain the denoiser leaves. So lessons are drowned in
noise but for their layout and drawn again by the denoiser, and the decoder is taught, by example, to give them back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from inference.builtin.artwork import PICTURE_PX
from inference.builtin.autoencoder import encode
from inference.builtin.captions import plain
from inference.builtin.checkpoint import generator
from inference.builtin.scenes import SceneMaker

STEPS = 10
STRENGTH = 0.8  # share of the way to pure noise: below, the lesson's own details come through; above, its layout goes
GUIDANCE = (1.5, 2.5)  # around the default: far above it, colours burn, and the decoder would learn to pale them
BATCH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrawnPlan:
    """How many lessons are drawn again, and which of the drawings are kept."""

    count: int = 960
    piece: int = 240  # drawings a file: what a stop can lose
    alike: float = 0.7  # the least cosine between a drawing's latents and its lesson's: below, it is another drawing
    seed: int = 6


def build(plan: RedrawnPlan, made: StableDiffusionPipeline, lessons: SceneMaker, folder: Path) -> int:
    """Draw lessons again and save latents and pictures, a file for each piece; a piece that is there is kept.

    Returns:
        How many drawings there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    redrawing = StableDiffusionImg2ImgPipeline(**made.components, requires_safety_checker=False)
    redrawing.set_progress_bar_config(disable=True)
    for piece in range(-(-plan.count // plan.piece)):
        path = folder / f"{piece:03}.safetensors"
        if path.exists():
            continue
        dice, source = random.Random(plan.seed * 1_000_003 + piece), generator(plan.seed, piece)
        scenes = [lessons.choose(dice, (PICTURE_PX, PICTURE_PX)) for _ in range(plan.piece)]
        pictures = torch.from_numpy(np.stack([lessons.picture(scene, dice) for scene in scenes])).permute(0, 3, 1, 2)
        texts = [plain(scene) for scene in scenes]
        drawn = torch.cat(
            [
                _draw(redrawing, texts[start : start + BATCH], pictures[start : start + BATCH], source)
                for start in range(0, plan.piece, BATCH)
            ]
        )
        near = F.cosine_similarity(drawn.flatten(1), encode(made.vae, pictures).flatten(1))
        kept = near >= plan.alike
        tensors = {"pictures": pictures[kept].contiguous(), "latents": drawn[kept].half().contiguous()}
        save_file(tensors, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
        print(f"redrawn piece {piece}: {int(kept.sum())} of {len(kept)} kept, cosine {near.mean():.3f}", flush=True)
    return len(load(folder)[0])


def load(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the drawings' latents (N x 32 x 8 x 8) and the pictures they should show (uint8, N x 3 x 128 x 128)."""
    parts = [load_file(path) for path in sorted(folder.glob("*.safetensors"))]
    if not parts:
        return torch.empty(0), torch.empty(0)
    return torch.cat([part["latents"] for part in parts]).float(), torch.cat([part["pictures"] for part in parts])


def _draw(
    redrawing: StableDiffusionImg2ImgPipeline, texts: list[str], pictures: torch.Tensor, source: torch.Generator
) -> torch.Tensor:
    lowest, highest = GUIDANCE
    drawn: torch.Tensor = redrawing(
        texts,
        image=pictures.float() / 255,
        strength=STRENGTH,
        num_inference_steps=STEPS,
        guidance_scale=lowest + (highest - lowest) * float(torch.rand((), generator=source)),
        generator=source,
        output_type="latent",
    ).images
    return drawn.float().cpu()
