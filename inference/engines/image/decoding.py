"""Latents into pixels."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB


@torch.inference_mode()
def decode(model: LoadedModel, latents: torch.Tensor) -> torch.Tensor:
    """Decode finished latents.

    Args:
        model: whose autoencoder decodes.
        latents: (n, C, h, w).

    Returns:
        (n, 3, height, width) float32 on the CPU, 0 … 1; a picture whose latent or pixels are not finite is all NaN.
    """
    images = family_of(model.spec).to_pixels(model, latents)
    finite = torch.isfinite(images).flatten(1).all(1) & torch.isfinite(latents).flatten(1).all(1)
    shown = (images / 2 + 0.5).clamp(0, 1).float()  # the clamp would hide an infinity
    return torch.where(finite[:, None, None, None], shown, torch.nan).cpu()


@torch.inference_mode()
def decode_in_float32(model: LoadedModel, latents: torch.Tensor) -> torch.Tensor:
    """Decode as `decode` does, but in float32: half precision overflows at numbers that are still small there."""
    with _float32(model.vae):
        return decode(model, latents)


@contextmanager
def _float32(network: nn.Module) -> Iterator[None]:
    """Have a network compute in float32 for a while; its weights come back as they were."""
    kept = [
        (tensor, tensor.data) for tensor in (*network.parameters(), *network.buffers()) if tensor.is_floating_point()
    ]
    try:
        with torch.inference_mode(False), torch.no_grad():
            for tensor, data in kept:
                tensor.data = data.float()
        yield
    finally:
        for tensor, data in kept:
            tensor.data = data


def to_rgb8(image: torch.Tensor) -> Pixels:
    """Turn one decoded picture (3, height, width), 0 … 1, into bytes, rounded as diffusers' image processor does."""
    array: Pixels = (image.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    return array


@torch.inference_mode()
def preview_images(model: LoadedModel, latents: torch.Tensor) -> torch.Tensor:
    """Decode unfinished latents as cheaply as the family can.

    Returns:
        (n, 3, h, w) float32 on the CPU, 0 … 1, finite; often smaller than the picture.
    """
    images = family_of(model.spec).preview(model, latents).float()
    return torch.nan_to_num((images / 2 + 0.5).clamp(0, 1)).cpu()
