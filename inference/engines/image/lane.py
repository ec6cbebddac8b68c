"""One picture being denoised: its own seed, steps, scheduler, guidance, prompt and adapters."""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers.utils.torch_utils import randn_tensor

from inference.engines.image.adapters.weights import AdapterSet
from inference.engines.image.models.model import LoadedModel
from inference.engines.image.prompts import Embeddings
from inference.engines.image.schedulers import make_scheduler, takes_generator
from inference.requests import ImageRequest


@dataclass(slots=True, kw_only=True, eq=False)
class Lane:
    """The state of one picture between two steps."""

    job_id: str
    index: int  # which picture of its job, from 0
    seed: int
    guidance: float
    embeddings: Embeddings  # one row, or two (negative, prompt) where guidance is on
    adapters: AdapterSet  # the adapters of both rows
    scheduler: Any
    timesteps: list[float]  # still to come and behind us, one for each forward pass
    options: dict[str, Any]  # what the scheduler's step takes besides tensors: the lane's own generator
    latents: torch.Tensor  # (1, C, h, w) on the device
    size_px: tuple[int, int]  # width, height
    position: int = 0  # forward passes behind us
    clean: torch.Tensor | None = None  # the latest estimate of the finished latent, kept for previews

    @property
    def guided(self) -> bool:
        """Whether the network has to be asked twice; diffusers' own rule."""
        return self.guidance > 1

    @property
    def rows(self) -> int:
        """Samples in a forward pass."""
        return 2 if self.guided else 1

    @property
    def done(self) -> bool:
        """Whether the picture is ready to be decoded."""
        return self.position >= len(self.timesteps)


def make_lane(
    model: LoadedModel,
    request: ImageRequest,
    embeddings: Embeddings,
    adapters: AdapterSet,
    *,
    job_id: str,
    index: int,
    scheduler_name: str,
) -> Lane:
    """Start picture `index` of a request: seed + index, noise drawn on the CPU.

    Noise from the CPU's generator is the same on every device, so that a seed means the same picture everywhere:
    diffusers' pipelines draw it so too when given `torch.Generator('cpu')`.

    Args:
        model: the base model, loaded.
        request: prompt, size, steps, guidance and seed.
        embeddings: of its prompts, as `BatchedDenoiser.encode` returns them.
        adapters: of its subjects.
        job_id: of the job that it belongs to.
        index: which picture of the job, from 0.
        scheduler_name: as in the catalogue.
    """
    scheduler = make_scheduler(model.scheduler, scheduler_name, request.steps)
    generator = torch.Generator("cpu").manual_seed(request.seed + index)
    height, width = request.height_px // model.vae_factor, request.width_px // model.vae_factor
    shape = (1, model.latent_channels, height, width)
    noise = randn_tensor(shape, generator=generator, device=model.device, dtype=model.dtype)
    return Lane(
        job_id=job_id,
        index=index,
        seed=request.seed + index,
        guidance=request.guidance,
        embeddings=embeddings,
        adapters=adapters,
        scheduler=scheduler,
        timesteps=[float(t) for t in scheduler.timesteps],
        options={"generator": generator} if takes_generator(scheduler) else {},
        latents=noise * scheduler.init_noise_sigma,
        size_px=(request.width_px, request.height_px),
    )
