"""Generate a few pictures with a model that is being trained, a step at a time; and go between pixels and latents."""

from collections.abc import Generator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from inference.engines.image.models.model import LoadedModel
from inference.engines.image.schedulers import make_scheduler, takes_generator
from inference.engines.training.conditioning import Conditioning, encode


def sample_latents(
    base: LoadedModel, unet: nn.Module, text_encoders: Sequence[nn.Module], captions: Sequence[str], seeds: list[int]
) -> Generator[None, None, Tensor]:
    """Denoise n pictures together at the model's own settings, yielding after each step.

    A picture is what `/imagine` makes of the caption with that seed, so that nothing is seen here that cannot be had.

    Args:
        base: the loaded base model; its spec says scheduler, steps and guidance.
        unet: to predict with, such as the base's with LoRA layers.
        text_encoders: to encode the captions with.
        captions: what to show, n of them.
        seeds: n of them.

    Returns:
        Latents, shape (n, channels, h, w), as the generator's value.
    """
    spec, conditioning = base.spec, _guided_conditioning(base, text_encoders, captions)
    scheduler = make_scheduler(base.scheduler, spec.scheduler, spec.steps)
    shape = (base.latent_channels, spec.height_px // base.vae_factor, spec.width_px // base.vae_factor)
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    noise = [torch.randn(shape, generator=generator) for generator in generators]
    latents = torch.stack(noise).to(base.device) * scheduler.init_noise_sigma
    options = {"generator": generators} if takes_generator(scheduler) else {}
    guidance = max(1.0, spec.guidance)  # below it pipelines do not guide at all
    for time in scheduler.timesteps:
        with torch.no_grad(), torch.autocast(base.device.type, base.dtype, enabled=base.dtype != torch.float32):
            doubled = scheduler.scale_model_input(torch.cat([latents, latents]), time)
            predicted = unet(
                doubled,
                time.to(base.device),
                encoder_hidden_states=conditioning.hidden,
                added_cond_kwargs=conditioning.added,
                return_dict=False,
            )[0]
        without, following = predicted.float().chunk(2)
        predicted = without + guidance * (following - without)
        latents = scheduler.step(predicted, time, latents, return_dict=False, **options)[0]
        yield
    return cast(Tensor, latents)


def _guided_conditioning(
    base: LoadedModel, text_encoders: Sequence[nn.Module], captions: Sequence[str]
) -> Conditioning:
    """Encode n empty captions, then n captions: what pictures are guided away from, and towards."""
    size = {"width_px": base.spec.width_px, "height_px": base.spec.height_px}
    with torch.no_grad():
        conditioning = encode((*("" for _ in captions), *captions), base.tokenizers, text_encoders, **size)
    if base.zero_empty_negative:
        for part in (conditioning.hidden, conditioning.added["text_embeds"]):
            part[: len(captions)] = 0
    return conditioning


def to_latents(base: LoadedModel, pixels: Tensor) -> Tensor:
    """Encode pictures.

    Args:
        base: whose autoencoder encodes.
        pixels: shape (n, 3, height, width), range -1 … 1.

    Returns:
        float32 on the model's device, shape (n, channels, h, w), scaled as the UNet expects them.
    """
    with torch.no_grad():
        encoded = base.vae.encode(pixels.to(base.device, base.vae.dtype))
        # The mean, not a sample: what is computed once should not carry one draw of noise through the whole training.
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        return cast(Tensor, (latents * base.vae.config.scaling_factor).float())


def to_pixels(base: LoadedModel, latents: Tensor) -> Tensor:
    """Decode latents into pictures: uint8 on the CPU, shape (n, height, width, 3)."""
    with torch.no_grad():
        pixels = base.vae.decode((latents / base.vae.config.scaling_factor).to(base.vae.dtype), return_dict=False)[0]
    whole = ((pixels.float() / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return cast(Tensor, whole.permute(0, 2, 3, 1).cpu())
