"""The autoencoders that several families share: AutoencoderKL, and AutoencoderTiny in its place."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor


def encode_pixels(vae: Any, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
    """Encode pictures (n, 3, height, width), -1 … 1, into latents as the autoencoder gives them, unscaled.

    Args:
        vae: the autoencoder.
        pixels: the pictures.
        generators: each draws one latent of a single picture from the distribution that the autoencoder gives; none:
            the mean for each picture.
    """
    encoded = vae.encode(pixels.to(next(vae.parameters()).device, vae.dtype))
    if hasattr(encoded, "latents"):  # AutoencoderTiny gives no distribution
        latents = cast(Tensor, encoded.latents)
        return latents.repeat(len(generators), 1, 1, 1) if generators else latents
    distribution = encoded.latent_dist
    if not generators:
        return cast(Tensor, distribution.mode())
    return torch.cat([distribution.sample(generator) for generator in generators])


def scale_latents(vae: Any, latents: Tensor) -> Tensor:
    """Scale what the autoencoder gave to what networks are trained on."""
    mean, deviation = _statistics(vae, latents)
    if mean is not None and deviation is not None:
        return (latents - mean) * float(vae.config.scaling_factor) / deviation
    return (latents - _shift(vae)) * float(vae.config.scaling_factor)


def unscale_latents(vae: Any, latents: Tensor) -> Tensor:
    """Scale latents back to what the autoencoder decodes."""
    scaled = latents.to(vae.dtype) / float(vae.config.scaling_factor)
    mean, deviation = _statistics(vae, scaled)
    if mean is not None and deviation is not None:
        return scaled * deviation + mean
    return scaled + _shift(vae)


def _shift(vae: Any) -> float:
    return float(getattr(vae.config, "shift_factor", None) or 0.0)


def _statistics(vae: Any, latents: Tensor) -> tuple[Tensor | None, Tensor | None]:
    """Return the channels' mean and deviation, where the configuration has them."""
    found = [getattr(vae.config, name, None) for name in ("latents_mean", "latents_std")]
    mean, deviation = (
        None if values is None else torch.tensor(values, dtype=latents.dtype, device=latents.device).view(1, -1, 1, 1)
        for values in found
    )
    return mean, deviation


def is_tiny(vae: Any) -> bool:
    """Return whether the autoencoder is so small that previews are decoded with it."""
    return type(vae).__name__ == "AutoencoderTiny"
