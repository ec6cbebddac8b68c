"""Stable Diffusion 1 and 2: a UNet, one CLIP text encoder."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from inference.engines.image.families.clip_text import read_texts
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.unet import CLIP, CLIP_TOKENIZER, UNET, VAE, UnetFamily


class StableDiffusion(UnetFamily):
    """Draws as `StableDiffusionPipeline` does."""

    name = "sd"
    lora_pipeline = "StableDiffusionPipeline"
    parts = (UNET, VAE, CLIP, CLIP_TOKENIZER)
    lora_architecture = "stable-diffusion-v1/lora"
    # What a latent's channels look like, found by others by regression: a cheap picture without the autoencoder.
    # Source: the latent formats of ComfyUI (comfy/latent_formats.py).
    rough_colours = (
        (0.3512, 0.2297, 0.3227),
        (0.3250, 0.4974, 0.2350),
        (-0.2829, 0.1762, 0.2721),
        (-0.2120, -0.2616, -0.7177),
    )

    def scheduler(self, scheduler: Any) -> Any:
        """Do what the pipeline does to configurations from before these two settings had their values."""
        fixed = {"steps_offset": 1, "clip_sample": False}
        stale = {key: value for key, value in fixed.items() if scheduler.config.get(key, value) != value}
        return type(scheduler).from_config({**scheduler.config, **stale}) if stale else scheduler

    def read(self, model: LoadedModel, texts: Sequence[str | None], size_px: tuple[int, int]) -> Conditioning:
        """Return the last layer's states."""
        encoder = model.text_encoders[0]
        masked = getattr(encoder.config, "use_attention_mask", False)

        def ask(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
            states: Tensor = encoder(ids, attention_mask=mask if masked else None)[0]
            return states, states

        return read_texts(model.tokenizers[0], [text or "" for text in texts], model.device, ask)[0]


FAMILY = StableDiffusion()
