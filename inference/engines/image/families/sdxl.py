"""Stable Diffusion XL: a UNet that is told sizes, two text encoders."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from inference.engines.image.families.clip_text import read_texts
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Part
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.unet import (
    CLIP,
    CLIP_TOKENIZER,
    CLIP_TOKENIZERS,
    UNET,
    VAE,
    UnetFamily,
)


class StableDiffusionXL(UnetFamily):
    """Draws as `StableDiffusionXLPipeline` does."""

    name = "sdxl"
    parts = (
        UNET,
        VAE,
        CLIP,
        Part("text_encoder_2", "transformers", frozenset({"CLIPTextModelWithProjection"})),
        CLIP_TOKENIZER,
        Part("tokenizer_2", "transformers", CLIP_TOKENIZERS),
    )
    lora_pipeline = "StableDiffusionXLPipeline"
    embeds = "text_time"
    lora_architecture = "stable-diffusion-xl-v1-base/lora"
    # As for Stable Diffusion, from the same source.
    rough_colours = (
        (0.3651, 0.4232, 0.4341),
        (-0.2533, -0.0042, 0.1068),
        (0.1076, 0.1111, -0.0362),
        (-0.3165, -0.2492, -0.2188),
    )

    def vae_dtype(self, vae: Any, dtype: torch.dtype) -> torch.dtype:
        """Keep an autoencoder in float32 that says that it overflows in less."""
        return torch.float32 if vae.config.force_upcast else dtype

    def negative(self, model: LoadedModel, text: str) -> str | None:
        """Return None for an empty one, which is zeros here, unless the model's folder wants an encoded ''."""
        return None if not text and model.settings.get("force_zeros_for_empty_prompt", True) else text

    def blank_conditioning(self, model: LoadedModel, rows: int, tokens: int) -> Conditioning:
        """Return states, a pooled state and sizes."""
        blank = super().blank_conditioning(model, rows, tokens)
        pooled = self.blank(model, rows, int(model.text_encoders[-1].config.projection_dim))
        extra = {**blank.extra, "text_embeds": pooled, "time_ids": self.blank(model, rows, 6)}
        return replace(blank, extra=extra)

    def read(self, model: LoadedModel, texts: Sequence[str | None], size_px: tuple[int, int]) -> Conditioning:
        """Return the states before the last layer of both encoders, the second's pooled state, and the size."""
        written = [text for text in texts if text is not None]
        both = [
            read_texts(tokenizer, written, model.device, partial(_ask, encoder))
            for tokenizer, encoder in zip(model.tokenizers, model.text_encoders, strict=True)
        ]
        read, pooled = both[-1]  # the last encoder's, projected
        read = replace(read, hidden=torch.cat([each.hidden for each, _ in both], dim=-1))
        if len(written) < len(texts):
            tokens = model.tokenizers[0].model_max_length
            nothing = Conditioning(read.hidden.new_zeros(1, tokens, read.hidden.shape[2]), (tokens,))
            rows = (read[torch.tensor([row])] for row in range(len(written)))
            read = Conditioning.cat([nothing if text is None else next(rows) for text in texts])
            states = iter(torch.split(pooled, 1))
            pooled = torch.cat([torch.zeros_like(pooled[:1]) if text is None else next(states) for text in texts])
        # Original size, crop corner, target size: pictures are whole and of the target's size, as the pipeline assumes.
        sizes = [[size_px[1], size_px[0], 0, 0, size_px[1], size_px[0]]] * len(texts)
        time_ids = torch.tensor(sizes, dtype=read.hidden.dtype, device=read.hidden.device)
        return replace(read, extra={"text_embeds": pooled, "time_ids": time_ids})


def _ask(encoder: Any, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the states before the last layer, and the last's output; these models pad without a mask."""
    out = encoder(ids, output_hidden_states=True)
    return out.hidden_states[-2], out[0]


FAMILY = StableDiffusionXL()
