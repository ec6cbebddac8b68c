"""The exported model: a folder that diffusers' `StableDiffusionPipeline` opens, in float16 safetensors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from transformers import CLIPTokenizer

from inference.builtin import denoiser

LARGEST_FILE = "12MB"
WEIGHTS = Path(__file__).parent / "weights"
UPSCALER = "upscaler"  # a folder in it


def pipeline(
    autoencoder: AutoencoderTiny, model: denoiser.Denoiser, tokenizer: CLIPTokenizer
) -> StableDiffusionPipeline:
    """Return the parts as a pipeline of diffusers."""
    return StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=model.text_encoder,
        tokenizer=tokenizer,
        unet=model.unet,
        scheduler=denoiser.scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(pipe: StableDiffusionPipeline, folder: Path, nouns: Sequence[str]) -> int:
    """Write the pipeline to `folder` in float16, in place of what was there but the upscaler, with the nouns it knows.

    Returns:
        The size of the folder, in bytes.
    """
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    pipe.to(dtype=torch.float16).save_pretrained(fresh, safe_serialization=True, max_shard_size=LARGEST_FILE)
    (fresh / "nouns.json").write_text(json.dumps({"nouns": list(nouns)}, indent=0) + "\n")
    if (folder / UPSCALER).exists():
        (folder / UPSCALER).rename(fresh / UPSCALER)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def open_exported(folder: Path = WEIGHTS) -> StableDiffusionPipeline:
    """Open the exported model in float32, which CPUs compute fastest."""
    pipe = StableDiffusionPipeline.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe
