"""Whatever else diffusers has a text-to-image pipeline for: asked as a whole, one picture at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor

from inference.catalogue import ImageModel
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Family
from inference.engines.image.families.loaded_model import LoadedModel


class AnyPipeline(Family):
    """Models that are not taken apart: `inference.engines.image.whole` draws with their pipelines."""

    name = "any-pipeline"
    parts = ()  # all that its folder lists
    core = "pipeline"
    one_size = False
    half = torch.bfloat16

    def check(self, spec: ImageModel, parts: Mapping[str, Any]) -> None:
        """Have nothing to look at: parts are not used one by one."""

    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return False: how much of a text a pipeline reads is not known."""
        return False

    def to_pixels(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Return a lane's latents, which are its picture here."""
        return latents

    def preview(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Return the same."""
        return latents

    def encode(
        self, model: LoadedModel, texts: Sequence[str | None], *, size_px: tuple[int, int], guidance: float
    ) -> Conditioning:
        """Raise: see the class."""
        _refuse()

    def latent_shape(self, model: LoadedModel, size_px: tuple[int, int]) -> tuple[int, int, int]:
        """Raise: see the class."""
        _refuse()

    def schedule(self, model: LoadedModel, name: str, *, steps: int, size_px: tuple[int, int]) -> Any:
        """Raise: see the class."""
        _refuse()

    def predict(
        self, model: LoadedModel, latents: Sequence[Tensor], times: Tensor, conditioning: Conditioning
    ) -> Sequence[Tensor]:
        """Raise: see the class."""
        _refuse()

    def to_latents(self, model: LoadedModel, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
        """Raise: see the class."""
        _refuse()


def _refuse() -> NoReturn:
    raise NotImplementedError("a pipeline is asked as a whole")


FAMILY = AnyPipeline()
