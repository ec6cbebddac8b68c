"""Scenes that the denoiser redraws: its latents, beside the pictures that they should decode to.

A decoder that was trained on the encoder's latents alone shows every stain that the denoiser leaves. So scenes are
noised until only their layout is left and redrawn by the denoiser, and the decoder is trained to restore them.
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
from inference.builtin.captions import plain_caption
from inference.builtin.checkpoint import generator
from inference.builtin.scenes import SceneMaker

STEPS = 10
STRENGTH = 0.8  # share of the way to pure noise: below, details of the scene come through; above, its layout is lost
GUIDANCE = (1.5, 2.5)  # around the default: far above it, colours burn, and the decoder would learn to pale them
BATCH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrawnPlan:
    """How many scenes are redrawn, and which of the results are kept."""

    count: int = 960
    piece: int = 240  # scenes per file: no more is lost when the stage is stopped
    alike: float = 0.7  # the least cosine between the latents of both: below, it is another picture
    seed: int = 6


def build(plan: RedrawnPlan, pipe: StableDiffusionPipeline, scene_maker: SceneMaker, folder: Path) -> int:
    """Redraw scenes, and save latents and pictures, a file for each piece; files that are there are kept.

    Args:
        plan: how many, and which are kept.
        pipe: the model as it is now.
        scene_maker: makes the scenes.
        folder: where the files are kept.

    Returns:
        How many redrawn scenes there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    redrawing = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    redrawing.set_progress_bar_config(disable=True)
    for piece in range(-(-plan.count // plan.piece)):
        path = folder / f"{piece:03}.safetensors"
        if path.exists():
            continue
        rng, source = random.Random(plan.seed * 1_000_003 + piece), generator(plan.seed, piece)
        scenes = [scene_maker.choose(rng, (PICTURE_PX, PICTURE_PX)) for _ in range(plan.piece)]
        pictures = torch.from_numpy(np.stack([scene_maker.picture(scene, rng) for scene in scenes])).permute(0, 3, 1, 2)
        texts = [plain_caption(scene) for scene in scenes]
        drawn = torch.cat(
            [
                _draw(redrawing, texts[start : start + BATCH], pictures[start : start + BATCH], source)
                for start in range(0, plan.piece, BATCH)
            ]
        )
        near = F.cosine_similarity(drawn.flatten(1), encode(pipe.vae, pictures).flatten(1))
        kept = near >= plan.alike
        tensors = {"pictures": pictures[kept].contiguous(), "latents": drawn[kept].half().contiguous()}
        save_file(tensors, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
        print(f"redrawn piece {piece}: {int(kept.sum())} of {len(kept)} kept, cosine {near.mean():.3f}", flush=True)
    return len(load(folder)[0])


def load(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the denoiser's latents (N x 32 x 8 x 8) and the pictures of the scenes (uint8, N x 3 x 128 x 128)."""
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
