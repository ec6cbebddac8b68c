"""Generate a few pictures with a model that is being trained, a step at a time; and go between pixels and latents."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.schedulers import initial_scale, network_input, step_options


def sample_latents(model: LoadedModel, captions: Sequence[str], seeds: list[int]) -> Generator[None, None, Tensor]:
    """Denoise n pictures together at the model's own settings, yielding after each step.

    A picture is what `/imagine` makes of the caption with that seed, so that nothing is seen here that cannot be had.

    Args:
        model: a base model, maybe with networks that are being trained; its spec says scheduler, steps and guidance.
        captions: what to show, n of them.
        seeds: n of them.

    Returns:
        Latents, shape (n, channels, h, w), as the generator's value.
    """
    spec, family, conditioning = model.spec, family_of(model.spec), _guided_conditioning(model, captions)
    size_px = (spec.width_px, spec.height_px)
    scheduler = family.schedule(model, spec.scheduler, steps=spec.steps, size_px=size_px)
    shape = family.latent_shape(model, size_px)
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    noise = [torch.randn(shape, generator=generator) for generator in generators]
    latents = torch.stack(noise).to(model.device) * initial_scale(scheduler)
    options = step_options(scheduler, generators)
    guidance = max(1.0, spec.guidance)  # below it pipelines do not guide at all
    for position, time in enumerate(scheduler.timesteps):
        with torch.no_grad(), torch.autocast(model.device.type, model.dtype, enabled=model.dtype != torch.float32):
            doubled = network_input(scheduler, torch.cat([latents, latents]), position)
            times = torch.full((len(doubled),), float(time), device=model.device)
            predicted = torch.cat(list(family.predict(model, torch.split(doubled, 1), times, conditioning))).float()
        guided = [
            family.join((away[None], towards[None]), guidance)
            for away, towards in zip(*predicted.chunk(2), strict=True)
        ]
        latents = scheduler.step(torch.cat(guided), time, latents, return_dict=False, **options)[0]
        yield
    return latents


def _guided_conditioning(model: LoadedModel, captions: Sequence[str]) -> Conditioning:
    """Encode n empty captions, then n captions: what pictures are guided away from, and towards."""
    spec, family = model.spec, family_of(model.spec)
    empty = family.negative(model, "")
    with torch.no_grad():
        return family.encode(
            model,
            (*(empty for _ in captions), *captions),
            size_px=(spec.width_px, spec.height_px),
            guidance=spec.guidance,
        )


def to_latents(base: LoadedModel, pixels: Tensor) -> Tensor:
    """Encode pictures (n, 3, height, width), -1 … 1, without noise.

    The autoencoder's mean, not a sample: what is computed once should not carry one draw of noise through the whole
    training.
    """
    with torch.no_grad():
        return family_of(base.spec).to_latents(base, pixels)


def to_pixels(base: LoadedModel, latents: Tensor) -> Tensor:
    """Decode latents into pictures: uint8 on the CPU, shape (n, height, width, 3)."""
    with torch.no_grad():
        pixels = family_of(base.spec).to_pixels(base, latents)
    whole = ((pixels.float() / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return whole.permute(0, 2, 3, 1).cpu()
