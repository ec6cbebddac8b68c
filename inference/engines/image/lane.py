"""One picture being denoised: its own seed, steps, scheduler, guidance, prompt and adapters."""

from dataclasses import dataclass
from typing import Any

import torch

from inference.engines.image.adapters.weights import AdapterSet
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.schedulers import step_options
from inference.engines.image.starts import MaskBlend, make_starts
from inference.engines.image.task_pictures import NO_PICTURES, TaskPictures
from inference.requests import ImageRequest


@dataclass(slots=True, kw_only=True, eq=False)
class Lane:
    """The state of one picture between two steps."""

    job_id: str
    index: int  # which picture of its job, from 0
    seed: int
    guidance: float
    conditioning: Conditioning  # of one row, or of two (negative, prompt) where guidance is on
    adapters: AdapterSet  # the adapters of both rows
    scheduler: Any
    timesteps: list[float]  # still to come and behind us, one for each forward pass
    times: torch.Tensor  # the same on the device, (n,) float32: a pass that brought its own there would wait
    options: dict[str, Any]  # what the scheduler's step takes besides tensors: the lane's own generator
    latents: torch.Tensor  # (1, C, h, w) on the device
    size_px: tuple[int, int]  # width, height
    first: int = 0  # the scheduler's timesteps that are left out, because it begins from a picture
    blend: MaskBlend | None = None  # what of a picture is kept
    condition: torch.Tensor | None = None  # (1, 1 + C, h, w), what the network reads beside latents
    position: int = 0  # forward passes behind us
    clean: torch.Tensor | None = None  # the latest estimate of the finished latent, kept for previews

    @property
    def rows(self) -> int:
        """Samples in a forward pass."""
        return len(self.conditioning)

    @property
    def scheduled(self) -> int:
        """Which of the scheduler's timesteps comes next."""
        return self.first + self.position

    @property
    def done(self) -> bool:
        """Whether the picture is ready to be decoded."""
        return self.position >= len(self.timesteps)


@torch.inference_mode()
def make_lanes(
    model: LoadedModel,
    request: ImageRequest,
    conditioning: Conditioning,
    adapters: AdapterSet,
    *,
    job_id: str,
    scheduler_name: str,
    pictures: TaskPictures = NO_PICTURES,
) -> list[Lane]:
    """Start the pictures of a request, each with its own seed; noise is drawn on the CPU.

    Noise from the CPU's generator is the same on every device, so that a seed means the same picture everywhere:
    diffusers' pipelines draw it so too when given `torch.Generator('cpu')`.

    Args:
        model: the base model, loaded.
        request: prompt, size, steps, guidance and seed.
        conditioning: of its prompts, as `BatchedDenoiser.encode` returns it.
        adapters: of its subjects.
        job_id: of the job that they belong to.
        scheduler_name: as in the catalogue.
        pictures: that they are made from.
    """
    family, size_px = family_of(model.spec), (request.width_px, request.height_px)
    generators = [torch.Generator("cpu").manual_seed(request.seed_of(index)) for index in range(request.count)]
    schedulers = [
        family.schedule(model, scheduler_name, steps=request.steps, size_px=size_px) for _ in range(request.count)
    ]
    starts = make_starts(model, request, schedulers, generators, pictures.init)
    references = [family.refer(model, picture) for picture in pictures.references]
    return [
        Lane(
            job_id=job_id,
            index=index,
            seed=request.seed_of(index),
            guidance=request.guidance,
            conditioning=conditioning.referring([*start.references, *references]),
            adapters=adapters,
            scheduler=scheduler,
            timesteps=[float(t) for t in scheduler.timesteps[start.first :]],
            times=scheduler.timesteps[start.first :].to(model.device, torch.float32),
            options=step_options(scheduler, generator),
            latents=start.latents,
            size_px=size_px,
            first=start.first,
            blend=start.blend,
            condition=start.condition,
        )
        for index, (scheduler, generator, start) in enumerate(zip(schedulers, generators, starts, strict=True))
    ]
