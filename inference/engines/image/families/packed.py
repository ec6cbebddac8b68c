"""What the families have in common whose transformer reads four latents of FLUX.2's autoencoder as one."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from inference.engines.image.families.autoencoder import encode_pixels
from inference.engines.image.families.flow import FlowFamily
from inference.engines.image.families.loaded_model import LoadedModel


class PackedFamily(FlowFamily):
    """Keeps latents as the transformer reads them: (n, 4 C, h / 2, w / 2), each channel with mean 0 and deviation 1."""

    def epsilon(self, vae: Any) -> float:
        """Return what is added to the variance of the autoencoder's batch norm."""
        return float(vae.config.batch_norm_eps)

    def latent_shape(self, model: LoadedModel, size_px: tuple[int, int]) -> tuple[int, int, int]:
        """Return the shape in the transformer's latents."""
        side_px = 2 * 2 ** (len(model.vae.config.block_out_channels) - 1)
        return int(model.core.config.in_channels), size_px[1] // side_px, size_px[0] // side_px

    def tokens(self, shape: tuple[int, int, int]) -> int:
        """Return how many latents there are: each is a token."""
        return shape[1] * shape[2]

    def latent_mask(self, mask: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """Return the mask between its pixels: what lies on its edge is drawn anew by a share."""
        return functional.interpolate(mask, size=shape[1:], mode="bilinear")

    def to_latents(self, model: LoadedModel, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
        """Encode pictures; nothing is drawn by lot."""
        encoded = encode_pixels(model.vae, pixels).repeat(max(1, len(generators)), 1, 1, 1)
        count, channels, height, width = encoded.shape
        patches = encoded.view(count, channels, height // 2, 2, width // 2, 2).permute(0, 1, 3, 5, 2, 4)
        packed = patches.reshape(count, channels * 4, height // 2, width // 2)
        mean, deviation = self._statistics(model.vae)
        return ((packed - mean) / deviation).float()

    def decodable(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Return the autoencoder's four latents of each, by its batch norm's statistics."""
        mean, deviation = self._statistics(model.vae)
        scaled = latents.to(model.vae.dtype) * deviation + mean
        count, channels, height, width = scaled.shape
        patches = scaled.reshape(count, channels // 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3)
        return patches.reshape(count, channels // 4, height * 2, width * 2)

    def decode(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode with AutoencoderKLFlux2."""
        return cast(Tensor, model.vae.decode(latents, return_dict=False)[0])

    def _statistics(self, vae: Any) -> tuple[Tensor, Tensor]:
        """Return the mean and the deviation of each of the transformer's channels."""
        mean, variance = vae.bn.running_mean, vae.bn.running_var
        return mean.view(1, -1, 1, 1), torch.sqrt(variance.view(1, -1, 1, 1) + self.epsilon(vae))
