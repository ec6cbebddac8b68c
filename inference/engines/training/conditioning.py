"""Captions as the UNet takes them, with gradients where the text encoders learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What goes into the UNet beside the noisy latents, for n captions."""

    hidden: Tensor  # (n, tokens, width): every token's state
    added: dict[str, Tensor]  # SDXL: text_embeds (n, width), time_ids (n, 6); else empty

    def __getitem__(self, rows: Tensor) -> "Conditioning":
        return Conditioning(self.hidden[rows], {name: value[rows] for name, value in self.added.items()})

    @staticmethod
    def cat(parts: Sequence["Conditioning"]) -> "Conditioning":
        """Join several along the first axis."""
        hidden = torch.cat([part.hidden for part in parts])
        return Conditioning(hidden, {k: torch.cat([part.added[k] for part in parts]) for k in parts[0].added})


def encode(
    captions: Sequence[str],
    tokenizers: Sequence[Any],
    encoders: Sequence[nn.Module],
    *,
    width_px: int,
    height_px: int,
) -> Conditioning:
    """Encode captions as `StableDiffusionPipeline` (one encoder) or `StableDiffusionXLPipeline` (two) does.

    Args:
        captions: n texts; what does not fit the tokenizer's length is cut.
        tokenizers: one for each text encoder.
        encoders: one, or SDXL's two.
        width_px: of the pictures; SDXL is conditioned on their size.
        height_px: of the pictures.
    """
    ids = [
        tokenizer(
            list(captions),
            padding="max_length",
            max_length=tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        for tokenizer in tokenizers
    ]
    devices = [next(encoder.parameters()).device for encoder in encoders]
    if len(encoders) == 1:
        return Conditioning(encoders[0](ids[0].to(devices[0]))[0], {})
    outputs = [
        encoder(tokens.to(device), output_hidden_states=True)
        for encoder, tokens, device in zip(encoders, ids, devices, strict=True)
    ]
    hidden = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
    # Original size, crop corner, target size: the training's pictures are whole and of the target's size.
    time_ids = torch.tensor([[height_px, width_px, 0, 0, height_px, width_px]] * len(captions), dtype=hidden.dtype)
    return Conditioning(hidden, {"text_embeds": outputs[-1][0], "time_ids": time_ids.to(hidden.device)})
