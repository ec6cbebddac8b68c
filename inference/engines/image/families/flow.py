"""What the families with a flow-matching transformer have in common."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, cast

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor
from torch.nn import functional

from inference.engines.image.families.autoencoder import is_tiny
from inference.engines.image.families.family import Family
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import ModelUnusable

PREVIEW_LATENTS = 32  # on a preview's longer side: a large autoencoder decodes so few in a sixteenth of the time


class FlowFamily(Family):
    """A transformer that predicts the way from the picture to the noise, and a language model that reads the prompt."""

    core = "transformer"
    half = torch.bfloat16

    def scheduler(self, scheduler: Any) -> Any:
        """Refuse any other kind: the others cannot be told sigmas."""
        if not isinstance(scheduler, FlowMatchEulerDiscreteScheduler):
            kind = type(scheduler).__name__
            raise ModelUnusable(f"The scheduler has to be diffusers' FlowMatchEulerDiscreteScheduler, not {kind}.")
        return scheduler

    @abstractmethod
    def shift(self, scheduler: Any, *, tokens: int, steps: int) -> float:
        """Return how far the schedule is moved towards the noise (mu), for schedulers that do so by size.

        Args:
            scheduler: the model's.
            tokens: patches of the picture.
            steps: of denoising.
        """

    @abstractmethod
    def decodable(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Return lanes' latents as the autoencoder decodes them, scaled and in its dtype."""

    @abstractmethod
    def decode(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode what `decodable` returned into (n, 3, height, width)."""

    def tokens(self, shape: tuple[int, int, int]) -> int:
        """Return how many patches of the picture the transformer reads, by its latents' shape: 2 × 2 are one."""
        return (shape[1] // 2) * (shape[2] // 2)

    def schedule(self, model: LoadedModel, name: str, *, steps: int, size_px: tuple[int, int]) -> Any:
        """Return the model's own scheduler, evenly spaced before it is shifted."""
        config = dict(model.scheduler.config)
        if steps == 1:  # there is nothing to stretch: diffusers would divide by zero
            config["shift_terminal"] = None
        scheduler = type(model.scheduler).from_config(config)
        mu = self.shift(scheduler, tokens=self.tokens(self.latent_shape(model, size_px)), steps=steps)
        sigmas = torch.linspace(1.0, 1 / steps, steps, dtype=torch.float64).tolist()
        # on the CPU: what a scheduler reads of its own timesteps must not wait for the device
        scheduler.set_timesteps(sigmas=sigmas, mu=mu, device="cpu")
        scheduler.set_begin_index(0)
        return scheduler

    def to_pixels(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode latents."""
        return self.decode(model, self.decodable(model, latents))

    def preview(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode latents that are averaged to a smaller picture, unless the autoencoder is the tiny one."""
        whole = self.decodable(model, latents)
        each = 1 if is_tiny(model.vae) else math.ceil(max(whole.shape[-2:]) / PREVIEW_LATENTS)
        return self.decode(model, functional.avg_pool2d(whole, each) if each > 1 else whole)


def linear_shift(scheduler: Any, tokens: int) -> float:
    """Return mu on the line through two points of the scheduler's configuration: diffusers' calculate_shift."""
    config = scheduler.config
    first, last = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    slope = (high - low) / (last - first)
    return float(tokens * slope + low - slope * first)


def chat_tokens(
    tokenizer: Any, template: str, texts: Sequence[str | None], *, longest: int, padding: str | bool
) -> Any:
    """Return texts as the tokens of a chat with a language model.

    Args:
        tokenizer: of the model.
        template: of the chat, with {} for the text. A folder's own is a program, and is not run.
        texts: what is said; None is nothing.
        longest: tokens that are read, the template's among them.
        padding: to that length ("max_length"), or to the longest text (True).
    """
    said = [template.replace("{}", text or "") for text in texts]
    return tokenizer(said, padding=padding, max_length=longest, truncation=True, return_tensors="pt")


def is_longer(tokenizer: Any, template: str, text: str, longest: int) -> bool:
    """Return whether a chat has more tokens than are read."""
    return len(cast("list[int]", tokenizer(template.replace("{}", text)).input_ids)) > longest
