"""What the engine asks of a family of picture models."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from inference.catalogue import ImageModel
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.families import FAMILIES


@dataclass(frozen=True, slots=True)
class Part:
    """A component of a model's folder: a network or a tokenizer."""

    name: str  # its folder's
    library: Literal["diffusers", "transformers"]
    classes: frozenset[str]  # that model_index.json may name


class Family(ABC):
    """All that is known of one family; the engine, trainings and folder checks ask it and know none by name.

    Lanes hold latents as (1, C, h, w) whatever the network reads, so that previews, masks and pictures that are
    brought along are the same for all. A lane has one row in a pass (its prompt), or two where guidance is on: the
    negative prompt first.
    """

    name: ClassVar[str]  # as in the catalogue
    parts: ClassVar[tuple[Part, ...]]  # what is loaded, beside the scheduler
    core: ClassVar[str]  # the part that denoises
    one_size: ClassVar[bool] = True  # whether only pictures of one size can share a pass
    sees_kept: ClassVar[bool] = False  # whether the network refers to the whole picture of which a mask keeps a part
    half: ClassVar[torch.dtype] = torch.float16  # what networks compute in on CUDA
    lora_pipeline: ClassVar[str] = ""  # diffusers' class that knows what other trainers call its layers; empty: none
    lora_architecture: ClassVar[str] = ""  # of subjects' files, by Stability's ModelSpec; empty: none are trained

    @property
    def pipelines(self) -> frozenset[str]:
        """The classes that model_index.json may name; none: any."""
        return FAMILIES[self.name].pipelines

    # -- opening a folder ---------------------------------------------------------------------------------------------

    @abstractmethod
    def check(self, spec: ImageModel, parts: Mapping[str, Any]) -> None:
        """Refuse a model whose networks are not what the family's other methods expect.

        Raises:
            ModelUnusable: with a sentence for the operator.
        """

    def dtype_on(self, device: torch.device) -> torch.dtype:
        """Return what networks compute in on a device: half precision on CUDA."""
        return self.half if device.type == "cuda" else torch.float32

    def vae_dtype(self, vae: Any, dtype: torch.dtype) -> torch.dtype:
        """Return what the autoencoder computes in, where the other networks compute in `dtype`."""
        return dtype

    def scheduler(self, scheduler: Any) -> Any:
        """Return the folder's scheduler as the family's pipeline would use it."""
        return scheduler

    def sample_axis(self, component: str, layer: str) -> int | None:
        """Return the axis of a layer's input along which a pass's samples lie, or None where they lie in one row.

        Adapters change layers sample by sample, so that what they would change of the latter is refused.
        """
        return 0

    # -- from words to conditioning -----------------------------------------------------------------------------------

    def rows(self, model: LoadedModel, guidance: float) -> int:
        """Return how often the network is asked in a step: once, or twice for classifier-free guidance."""
        return 2 if guidance > FAMILIES[self.name].guided_above else 1

    def negative(self, model: LoadedModel, text: str) -> str | None:
        """Return the text of a guided lane's first row, by what its member wrote; None: no text at all."""
        return text

    @abstractmethod
    def encode(
        self, model: LoadedModel, texts: Sequence[str | None], *, size_px: tuple[int, int], guidance: float
    ) -> Conditioning:
        """Encode texts, exactly as the family's pipeline does; what is too long is cut.

        Args:
            model: whose text encoders are used. Gradients flow where they are on.
            texts: n of them; None only where `negative` gives it.
            size_px: width and height of the pictures.
            guidance: of the pictures.

        Returns:
            n rows, on the model's device.
        """

    def blank_conditioning(self, model: LoadedModel, rows: int, tokens: int) -> Conditioning:
        """Return what `encode` would for texts of so many tokens, in shape alone: for forecasts."""
        width = sum(encoder.config.get_text_config().hidden_size for encoder in model.text_encoders)
        return Conditioning(self.blank(model, rows, tokens, width), (tokens,) * rows)

    def blank(self, model: LoadedModel, *shape: int) -> Tensor:
        """Return a tensor for `blank_conditioning`."""
        return torch.empty(shape, dtype=model.dtype, device=model.device)

    @abstractmethod
    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return whether the model reads only the beginning of a text."""

    # -- denoising ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def latent_shape(self, model: LoadedModel, size_px: tuple[int, int]) -> tuple[int, int, int]:
        """Return channels, height and width of the latents of a picture of this width and height."""

    def reads_mask(self, model: LoadedModel) -> bool:
        """Return whether the network reads, beside the latents, a mask and the latents of what is to be kept."""
        return False

    def latent_mask(self, mask: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """Return a picture's mask (1, 1, height, width), 1 where it is drawn anew, in the size of its latents.

        Args:
            mask: ones and zeros.
            shape: of the latents.
        """
        return functional.interpolate(mask, size=shape[1:])

    def latent_dtype(self, model: LoadedModel) -> torch.dtype:
        """Return what latents are kept in between steps."""
        return model.dtype

    @abstractmethod
    def schedule(self, model: LoadedModel, name: str, *, steps: int, size_px: tuple[int, int]) -> Any:
        """Return a fresh scheduler, set.

        Args:
            model: whose scheduler's configuration is kept.
            name: of a kind of scheduler, as in the catalogue.
            steps: of denoising.
            size_px: width and height of the picture.

        Raises:
            KeyError: there is no scheduler of that name.
        """

    @abstractmethod
    def predict(
        self, model: LoadedModel, latents: Sequence[Tensor], times: Tensor, conditioning: Conditioning
    ) -> Sequence[Tensor]:
        """Ask the network about n samples in one pass.

        Args:
            model: the model.
            latents: n of shape (1, C, h, w), scaled as the scheduler wants them; of one size if `one_size`.
            times: (n,) float32 on the model's device, in the scheduler's steps.
            conditioning: of n samples.

        Returns:
            n predictions of shape (1, C, h, w), as the scheduler takes them.
        """

    def join(self, rows: Sequence[Tensor], guidance: float) -> Tensor:
        """Join a lane's predictions into one by classifier-free guidance."""
        if len(rows) == 1:
            return rows[0]
        away, towards = rows
        return away + guidance * (towards - away)

    # -- pixels -------------------------------------------------------------------------------------------------------

    @abstractmethod
    def to_latents(self, model: LoadedModel, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
        """Encode pictures.

        Args:
            model: whose autoencoder encodes.
            pixels: (n, 3, height, width), -1 … 1.
            generators: each draws one latent of a single picture from what the autoencoder gives, where diffusers'
                image-to-image pipelines do so; none: the mean for each picture.

        Returns:
            (n, C, h, w) float32 on the model's device, scaled as lanes' latents are; n of the generators if there are.
        """

    def refer(self, model: LoadedModel, picture: Image.Image) -> Tensor:
        """Encode a picture that a prompt speaks of, as the network sees it: (1, C, h, w), on the model's device.

        Families whose `references_max` is 0 are never asked.
        """
        raise NotImplementedError(self.name)

    @abstractmethod
    def to_pixels(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode finished latents (n, C, h, w) into (n, 3, height, width), about -1 … 1, in the autoencoder's dtype."""

    @abstractmethod
    def preview(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode unfinished latents cheaply: (n, 3, any height, any width), about -1 … 1."""
