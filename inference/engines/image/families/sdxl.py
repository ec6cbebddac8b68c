"""Stable Diffusion XL: a UNet that is told sizes, two text encoders."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

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
    clip_tokens,
)


class StableDiffusionXL(UnetFamily):
    """Draws as `StableDiffusionXLPipeline` does."""

    name = "sdxl"
    pipelines = frozenset({"StableDiffusionXLPipeline", "StableDiffusionXLInpaintPipeline"})
    parts = (
        UNET,
        VAE,
        CLIP,
        Part("text_encoder_2", "transformers", frozenset({"CLIPTextModelWithProjection"})),
        CLIP_TOKENIZER,
        Part("tokenizer_2", "transformers", CLIP_TOKENIZERS),
    )
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
        states, pooled = [], None
        for tokenizer, encoder in zip(model.tokenizers, model.text_encoders, strict=True):
            out = encoder(clip_tokens(tokenizer, written).input_ids.to(model.device), output_hidden_states=True)
            states.append(out.hidden_states[-2])
            pooled = out[0]  # the last encoder's, projected
        assert pooled is not None
        hidden = torch.cat(states, dim=-1)
        if len(written) < len(texts):
            hidden, pooled = _with_zeros(hidden, texts), _with_zeros(pooled, texts)
        # Original size, crop corner, target size: pictures are whole and of the target's size, as the pipeline assumes.
        sizes = [[size_px[1], size_px[0], 0, 0, size_px[1], size_px[0]]] * len(texts)
        time_ids = torch.tensor(sizes, dtype=hidden.dtype, device=hidden.device)
        return Conditioning(hidden, extra={"text_embeds": pooled, "time_ids": time_ids})


def _with_zeros(encoded: Tensor, texts: Sequence[str | None]) -> Tensor:
    """Put zeros where there is no text, and the encoded ones in their places."""
    zeros, rows = torch.zeros_like(encoded[:1]), iter(torch.split(encoded, 1))
    return torch.cat([zeros if text is None else next(rows) for text in texts])


FAMILY = StableDiffusionXL()
