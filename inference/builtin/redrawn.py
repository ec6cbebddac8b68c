"""What the denoiser itself draws of the lessons: latents beside the artwork that they should have been.

A decoder that only ever saw artwork's own latents shows every stain the denoiser leaves. The denoiser knows its lessons
so well that most of its drawings lie on the artwork, line for line; so the decoder can be taught, by example, to give
back the artwork.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from inference.builtin import lessons
from inference.builtin.captions import plain
from inference.builtin.checkpoint import generator
from inference.builtin.lessons import Lessons

STEPS = 10
GUIDANCE = (1.5, 2.5)  # around the default: far above it, colours burn, and the decoder would learn to pale them
BATCH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrawnPlan:
    """How many lessons are drawn again, and which of the drawings are kept."""

    count: int = 960
    piece: int = 240  # drawings a file: what a stop can lose
    alike: float = 0.7  # the least cosine between a drawing's latents and its lesson's: below, it is another drawing
    seed: int = 6


def build(plan: RedrawnPlan, made: StableDiffusionPipeline, told: Lessons, folder: Path) -> int:
    """Draw lessons again and save latents and rows, a file for each piece; a piece that is there is kept.

    Returns:
        How many drawings there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for piece in range(-(-plan.count // plan.piece)):
        path = folder / f"{piece:03}.safetensors"
        if path.exists():
            continue
        source = generator(plan.seed, piece)
        rows = torch.multinomial(told.weights, plan.piece, generator=source)
        drawn = torch.cat([_draw(made, told, part, source) for part in torch.split(rows, BATCH)])
        near = F.cosine_similarity(drawn.flatten(1), told.latents[rows].float().flatten(1))
        kept = near >= plan.alike
        save_file({"rows": rows[kept], "latents": drawn[kept].half()}, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
        print(f"redrawn piece {piece}: {int(kept.sum())} of {len(rows)} kept, cosine {near.mean():.3f}", flush=True)
    return len(load(folder, None)[0])


def load(folder: Path, target: Path | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the drawings' latents (N x 32 x 8 x 8) and the artwork they should show (uint8, N x 3 x 128 x 128).

    Args:
        folder: where `build` saved them.
        target: where the lessons are; None leaves the artwork out.
    """
    parts = [load_file(path) for path in sorted(folder.glob("*.safetensors"))]
    if not parts:
        return torch.empty(0), torch.empty(0)
    rows, latents = torch.cat([part["rows"] for part in parts]), torch.cat([part["latents"] for part in parts])
    return latents.float(), lessons.pictures(target, rows.tolist()) if target else torch.empty(0)


def _draw(made: StableDiffusionPipeline, told: Lessons, rows: torch.Tensor, source: torch.Generator) -> torch.Tensor:
    lowest, highest = GUIDANCE
    guidance = lowest + (highest - lowest) * float(torch.rand((), generator=source))
    drawn: torch.Tensor = made(
        [plain(told.subjects[row]) for row in rows.tolist()],
        num_inference_steps=STEPS,
        guidance_scale=guidance,
        generator=source,
        output_type="latent",
    ).images
    return drawn.float().cpu()
