"""Draw a few pictures with a model that is being trained, a step at a time, and go between pixels and latents."""

from collections.abc import Generator
from typing import cast

import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor, nn

from inference.engines.model import LoadedModel
from inference.engines.training.conditioning import Conditioning


def draw(
    base: LoadedModel, unet: nn.Module, told: Conditioning, *, steps: int, guidance: float, seeds: list[int]
) -> Generator[None, None, Tensor]:
    """Denoise n pictures together, yielding after each step.

    Parameters:
        base: the loaded base model.
        unet: the one to draw with, such as the base's with LoRA layers.
        told: 2n rows: what the pictures are not (the empty caption), then what they are.
        steps, guidance: of the sampler, DPM-Solver++ (arXiv 2211.01095).
        seeds: n seeds.

    Returns:
        Latents, shape (n, channels, h, w), as the generator's value.
    """
    scheduler = DPMSolverMultistepScheduler.from_config(base.scheduler.config, steps_offset=1)
    scheduler.set_timesteps(steps)
    shape = (base.latent_channels, base.line.height_px // base.vae_factor, base.line.width_px // base.vae_factor)
    noise = [torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)) for seed in seeds]
    latents = torch.stack(noise).to(base.device) * scheduler.init_noise_sigma
    for time in scheduler.timesteps:
        with torch.no_grad(), torch.autocast(base.device.type, base.dtype, enabled=base.dtype != torch.float32):
            doubled = scheduler.scale_model_input(torch.cat([latents, latents]), time)
            guess = unet(
                doubled,
                time.to(base.device),
                encoder_hidden_states=told.hidden,
                added_cond_kwargs=told.added,
                return_dict=False,
            )[0]
        without, following = guess.float().chunk(2)
        latents = scheduler.step(without + guidance * (following - without), time, latents, return_dict=False)[0]
        yield
    return cast(Tensor, latents)


def to_latents(base: LoadedModel, pixels: Tensor) -> Tensor:
    """Encode pictures.

    Parameters:
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
