"""Latents into pixels."""

import numpy as np
import torch
from numpy.typing import NDArray

from inference.engines.image.models.model import LoadedModel

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB

# What a latent's channels look like, found by others by regression: a cheap picture without the autoencoder.
# Source: the latent formats of ComfyUI (comfy/latent_formats.py).
_SD_FACTORS: tuple[tuple[float, ...], ...] = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)
_SDXL_FACTORS: tuple[tuple[float, ...], ...] = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)


@torch.inference_mode()
def decode(model: LoadedModel, latents: torch.Tensor) -> torch.Tensor:
    """Decode finished latents.

    Args:
        model: whose autoencoder decodes.
        latents: (n, C, h, w).

    Returns:
        (n, 3, height, width) float32 on the CPU, 0 … 1; a picture whose latent or pixels are not finite is all NaN.
    """
    vae = model.vae
    scaled = latents.to(vae.dtype) / vae.config.scaling_factor
    mean, deviation = getattr(vae.config, "latents_mean", None), getattr(vae.config, "latents_std", None)
    if mean is not None and deviation is not None:
        shift = torch.tensor(mean, dtype=vae.dtype, device=scaled.device).view(1, -1, 1, 1)
        scaled = scaled * torch.tensor(deviation, dtype=vae.dtype, device=scaled.device).view(1, -1, 1, 1) + shift
    images = vae.decode(scaled, return_dict=False)[0]
    finite = torch.isfinite(images).flatten(1).all(1) & torch.isfinite(latents).flatten(1).all(1)
    shown = (images / 2 + 0.5).clamp(0, 1).float()  # the clamp would hide an infinity
    return torch.where(finite[:, None, None, None], shown, torch.nan).cpu()


def to_pixels(image: torch.Tensor) -> Pixels:
    """Turn one decoded picture (3, height, width), 0 … 1, into bytes, rounded as diffusers' image processor does."""
    array: Pixels = (image.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    return array


@torch.inference_mode()
def preview_images(model: LoadedModel, latents: torch.Tensor) -> torch.Tensor:
    """Decode unfinished latents as cheaply as can be: the tiny autoencoder, or a linear guess for the large one.

    Returns:
        (n, 3, h, w) float32 on the CPU, 0 … 1, finite; for the linear guess one pixel a latent.
    """
    if type(model.vae).__name__ == "AutoencoderTiny":
        return torch.nan_to_num(decode(model, latents))
    factors = _SDXL_FACTORS if model.spec.family == "sdxl" else _SD_FACTORS
    if latents.shape[1] != len(factors):
        factors = ((1 / latents.shape[1],) * 3,) * latents.shape[1]
    colours = torch.tensor(factors, dtype=torch.float32, device=latents.device)
    guess = torch.einsum("nchw,ck->nkhw", latents.float(), colours)
    return torch.nan_to_num((guess / 2 + 0.5).clamp(0, 1)).cpu()
