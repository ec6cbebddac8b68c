"""What the families with a UNet and CLIP's text encoders have in common."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast

import torch
from torch import Tensor
from torch.nn import functional

from inference.catalogue import ImageModel
from inference.engines.image.families.autoencoder import (
    encode_pixels,
    is_tiny,
    scale_latents,
    unscale_latents,
)
from inference.engines.image.families.clip_text import is_longer
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Family, Part
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.schedulers import make_scheduler
from inference.errors import ModelUnusable

UNET = Part("unet", "diffusers", frozenset({"UNet2DConditionModel"}))
VAE = Part("vae", "diffusers", frozenset({"AutoencoderKL", "AutoencoderTiny"}))
CLIP = Part("text_encoder", "transformers", frozenset({"CLIPTextModel"}))
CLIP_TOKENIZERS = frozenset({"CLIPTokenizer", "CLIPTokenizerFast"})
GUIDANCE = "guidance"  # in a conditioning's `extra`
CLIP_TOKENIZER = Part("tokenizer", "transformers", CLIP_TOKENIZERS)


class UnetFamily(Family):
    """A UNet that reads noise, a timestep and the states of CLIP's tokens."""

    core = "unet"
    embeds: ClassVar[str | None] = None  # the UNet's `addition_embed_type`: what it reads beside text and time
    rough_colours: ClassVar[tuple[tuple[float, float, float], ...]]  # of a latent's channels, for previews

    def check(self, spec: ImageModel, parts: Mapping[str, Any]) -> None:
        """Refuse UNets that want more than text, time, guidance and a mask: image conditions."""
        config = parts["unet"].config
        fits = (
            config.in_channels in (config.out_channels, 2 * config.out_channels + 1)  # the latter reads a mask
            and config.out_channels == parts["vae"].config.latent_channels
            and config.addition_embed_type == self.embeds
            and config.class_embed_type is None
            and config.encoder_hid_dim_type is None
        )
        if not fits:
            raise ModelUnusable(
                f"The model '{spec.name}' is not a plain text-to-image model of the family {spec.family}."
            )

    def rows(self, model: LoadedModel, guidance: float) -> int:
        """Return 1 for UNets that were distilled to be told the guidance (latent consistency models)."""
        return super().rows(model, guidance) if model.core.config.time_cond_proj_dim is None else 1

    @abstractmethod
    def read(self, model: LoadedModel, texts: Sequence[str | None], size_px: tuple[int, int]) -> Conditioning:
        """Encode texts for pictures of a width and height; the rest is as for `encode`."""

    def encode(
        self, model: LoadedModel, texts: Sequence[str | None], *, size_px: tuple[int, int], guidance: float
    ) -> Conditioning:
        """Encode texts, and guidance where the UNet is told it."""
        conditioning = self.read(model, texts, size_px)
        width = model.core.config.time_cond_proj_dim
        if width is None:
            return conditioning
        told = _sinusoids(guidance - 1, width).to(conditioning.hidden).expand(len(texts), -1)
        return replace(conditioning, extra={**conditioning.extra, GUIDANCE: told})

    def blank_conditioning(self, model: LoadedModel, rows: int, tokens: int) -> Conditioning:
        """Return states, and guidance where the UNet is told it."""
        blank, width = super().blank_conditioning(model, rows, tokens), model.core.config.time_cond_proj_dim
        return blank if width is None else replace(blank, extra={GUIDANCE: self.blank(model, rows, width)})

    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return whether a text has more tokens than CLIP reads in several windows."""
        return is_longer(model.tokenizers[0], text)

    def latent_shape(self, model: LoadedModel, size_px: tuple[int, int]) -> tuple[int, int, int]:
        """Return the UNet's channels; each latent is as wide as all of the autoencoder's halvings make it."""
        factor = 2 ** (len(model.vae.config.block_out_channels) - 1)
        return int(model.core.config.out_channels), size_px[1] // factor, size_px[0] // factor

    def reads_mask(self, model: LoadedModel) -> bool:
        """Return whether it is an inpainting model, of nine channels."""
        return bool(model.core.config.in_channels != model.core.config.out_channels)

    def schedule(self, model: LoadedModel, name: str, *, steps: int, size_px: tuple[int, int]) -> Any:
        """Return a scheduler of any kind; sizes make no difference to it."""
        return make_scheduler(model.scheduler, name, steps)

    def predict(
        self, model: LoadedModel, latents: Sequence[Tensor], times: Tensor, conditioning: Conditioning
    ) -> Sequence[Tensor]:
        """Ask the UNet; where texts have several lengths, no sample sees what pads its own."""
        sample = torch.cat(list(latents)).to(model.dtype, memory_format=torch.channels_last)
        predicted: Tensor = model.core(
            sample,
            times,
            timestep_cond=conditioning.extra.get(GUIDANCE),
            encoder_hidden_states=conditioning.hidden,
            encoder_attention_mask=conditioning.mask,
            added_cond_kwargs={name: value for name, value in conditioning.extra.items() if name != GUIDANCE},
            return_dict=False,
        )[0]
        return torch.split(predicted, 1)

    def to_latents(self, model: LoadedModel, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
        """Encode pictures."""
        return scale_latents(model.vae, encode_pixels(model.vae, pixels, generators)).float()

    def to_pixels(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode latents."""
        return cast(Tensor, model.vae.decode(unscale_latents(model.vae, latents), return_dict=False)[0])

    def preview(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode with the tiny autoencoder, or guess a colour for each latent."""
        if is_tiny(model.vae):
            return self.to_pixels(model, latents)
        colours = self.rough_colours
        if latents.shape[1] != len(colours):
            grey = 1 / latents.shape[1]
            colours = ((grey, grey, grey),) * latents.shape[1]
        factors = torch.tensor(colours, dtype=torch.float32, device=latents.device)
        return torch.einsum("nchw,ck->nkhw", latents.float(), factors)


def _sinusoids(guidance: float, width: int) -> Tensor:
    """Return guidance as distilled UNets are told it: (1, width), as their `get_guidance_scale_embedding` makes it."""
    half = width // 2
    rates = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000.0) / (half - 1)))
    angles = torch.tensor([[guidance * 1000.0]], dtype=torch.float32) * rates[None]
    return functional.pad(torch.cat([torch.sin(angles), torch.cos(angles)], dim=1), (0, width % 2))
