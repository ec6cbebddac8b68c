"""What lanes begin as: noise, or a picture under noise, of which a mask may let only a part be drawn anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from torch.nn import functional

from inference.engines.image.families.autoencoder import is_tiny
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.init_picture import InitPixels
from inference.engines.image.schedulers import begin_at, initial_scale
from inference.families import FAMILIES
from inference.requests import ImageRequest, Variation


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskBlend:
    """What is kept of a picture: after each step it is put back, under the noise that is left by then."""

    mask: Tensor  # (1, 1, h, w): 1 where it is drawn anew, 0 where it is kept
    clean: Tensor  # (1, C, h, w)
    noise: Tensor  # (1, C, h, w), that the lane began with
    levels: tuple[tuple[float, float], ...]  # after each step: how much of the picture, and of the noise

    def over(self, latents: Tensor, position: int) -> Tensor:
        """Return latents after a step with what is kept in its place."""
        kept, added = self.levels[position]
        return (1 - self.mask) * (kept * self.clean + added * self.noise) + self.mask * latents


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStart:
    """What one lane begins as."""

    latents: Tensor  # (1, C, h, w)
    first: int = 0  # the scheduler's timesteps that are left out
    blend: MaskBlend | None = None
    condition: Tensor | None = None  # (1, 1 + C, h, w): mask and latents of what is kept, for networks that read them
    references: tuple[Tensor, ...] = ()  # (1, C, h, w) each: what the network sees beside


def make_starts(
    model: LoadedModel,
    request: ImageRequest,
    schedulers: Sequence[Any],
    generators: Sequence[torch.Generator],
    pixels: InitPixels | None,
) -> list[LaneStart]:
    """Begin the pictures of a request.

    Random numbers are drawn in the order in which diffusers' pipelines draw them: for the picture's latents, the noise,
    then the latents of what is kept.

    Args:
        model: the base model, loaded.
        request: which pictures.
        schedulers: of the lanes, fresh.
        generators: of the lanes.
        pixels: of the picture that they begin from; None: from noise.
    """
    family, size_px = family_of(model.spec), (request.width_px, request.height_px)
    dtype, shape = family.latent_dtype(model), (1, *family.latent_shape(model, size_px))
    reads_mask = family.reads_mask(model)
    masked = reads_mask or (pixels is not None and pixels.mask is not None)
    from_noise = request.init is None or (masked and request.init.strength == 1)
    clean: Sequence[Tensor | None] = [None] * len(generators)
    if pixels is not None and not (reads_mask and from_noise):
        clean = torch.split(family.to_latents(model, pixels.picture, generators).to(dtype), 1)
    noise = [
        vary(randn_tensor(shape, generator=generator, device=model.device, dtype=dtype), request.variation, index)
        for index, generator in enumerate(generators)
    ]
    conditions: Sequence[Tensor | None] = [None] * len(generators)
    mask = _latent_mask(pixels, shape, model, dtype) if masked else None
    if reads_mask:
        conditions = _conditions(model, pixels, size_px, generators, mask)
    elif masked and not is_tiny(model.vae):
        for generator in generators:  # diffusers encodes what is kept for these networks, too, and uses it for nothing
            randn_tensor(shape, generator=generator, device=model.device, dtype=dtype)
    starts, traits = [], FAMILIES[model.spec.family]
    made = traits.steps_made(request.steps, request.strength)
    for scheduler, its_clean, its_noise, condition in zip(schedulers, clean, noise, conditions, strict=True):
        first = (request.steps - made) * scheduler.order
        blend = None
        if mask is not None and not reads_mask and its_clean is not None:
            blend = MaskBlend(mask=mask, clean=its_clean, noise=its_noise, levels=_levels(scheduler, first))
        latents = its_noise * initial_scale(scheduler)
        if pixels is not None:
            kept, added = begin_at(scheduler, first)
            if not from_noise and its_clean is not None:
                latents = kept * its_clean + added * its_noise
        seen = (its_clean,) if family.sees_kept and mask is not None and its_clean is not None else ()
        starts.append(LaneStart(latents=latents, first=first, blend=blend, condition=condition, references=seen))
    return starts


def _levels(scheduler: Any, first: int) -> tuple[tuple[float, float], ...]:
    """Return how much of the picture and of noise there is after each step; after the last, nothing but the picture."""
    after = range(first + 1, len(scheduler.timesteps))
    return (*(begin_at(scheduler, timestep) for timestep in after), (1.0, 0.0))


def _latent_mask(
    pixels: InitPixels | None, shape: tuple[int, int, int, int], model: LoadedModel, dtype: torch.dtype
) -> Tensor:
    """Return the mask in the latents' size; all ones where everything is drawn anew."""
    if pixels is None or pixels.mask is None:
        return torch.ones(1, 1, *shape[2:], device=model.device, dtype=dtype)
    return family_of(model.spec).latent_mask(pixels.mask, shape[1:]).to(model.device, dtype)


def _conditions(
    model: LoadedModel,
    pixels: InitPixels | None,
    size_px: tuple[int, int],
    generators: Sequence[torch.Generator],
    mask: Tensor | None,
) -> list[Tensor]:
    """Return what networks of nine channels read beside the latents, for each lane."""
    assert mask is not None
    picture = torch.zeros(1, 3, size_px[1], size_px[0])
    if pixels is not None and pixels.mask is not None:
        picture = pixels.picture * (pixels.mask < 0.5)
    kept = family_of(model.spec).to_latents(model, picture, generators).to(mask.dtype)
    return [torch.cat([mask, each], dim=1) for each in torch.split(kept, 1)]


def vary(noise: Tensor, variation: Variation | None, index: int) -> Tensor:
    """Return noise turned towards another seed's.

    Each column of each channel is turned by itself, as AUTOMATIC1111 does, so that its variations can be drawn here:
    the norms in `slerp` of its modules/rng.py are along the height. A column that lies along the other's, as all do in
    latents of one row, cannot be turned, and is mixed.
    """
    if variation is None or variation.strength == 0:
        return noise
    generator = torch.Generator("cpu").manual_seed(variation.seed + index)
    other = randn_tensor(noise.shape, generator=generator, device=noise.device, dtype=noise.dtype)
    cosine = functional.cosine_similarity(noise, other, dim=2).unsqueeze(2)
    if cosine.mean() > 0.9995:  # the same noise, or nearly so
        return noise
    angle, share = torch.acos(cosine.clamp(-1, 1)), variation.strength
    turned = (torch.sin((1 - share) * angle) * noise + torch.sin(share * angle) * other) / torch.sin(angle)
    varied: Tensor = torch.where(cosine.abs() < 0.9999, turned, (1 - share) * noise + share * other)
    return varied
