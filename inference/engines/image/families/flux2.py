"""FLUX.2 klein, distilled and base: a two-stream transformer, Qwen3 reads the prompt."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from inference.catalogue import ImageModel
from inference.engines.image.families.autoencoder import encode_pixels
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Part
from inference.engines.image.families.flow import FlowFamily, chat_tokens, is_longer
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import ModelUnusable

TEMPLATE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"  # Qwen3's, thinking off
TOKENS = 512  # what pads a text is read, too
LAYERS = (9, 18, 27)  # whose states are read side by side


class Flux2Klein(FlowFamily):
    """Draws as `Flux2KleinPipeline` does.

    Positions are taken from the first sample for all, so that a pass has one size. Latents are kept as the transformer
    reads them: four of the autoencoder's are one.
    """

    name = "flux2-klein"
    pipelines = frozenset({"Flux2KleinPipeline"})
    parts = (
        Part("transformer", "diffusers", frozenset({"Flux2Transformer2DModel"})),
        Part("vae", "diffusers", frozenset({"AutoencoderKLFlux2"})),
        Part("text_encoder", "transformers", frozenset({"Qwen3ForCausalLM"})),
        Part("tokenizer", "transformers", frozenset({"Qwen2Tokenizer", "Qwen2TokenizerFast"})),
    )

    def check(self, spec: ImageModel, parts: Mapping[str, Any]) -> None:
        """Refuse the larger ones, which are told guidance and read another language model."""
        config, text = parts["transformer"].config, parts["text_encoder"].config
        fits = (
            config.in_channels == 4 * parts["vae"].config.latent_channels
            and config.joint_attention_dim == len(LAYERS) * text.hidden_size
            and text.num_hidden_layers >= max(LAYERS)
            and not config.guidance_embeds
        )
        if not fits:
            raise ModelUnusable(f"The model '{spec.name}' is not a plain text-to-image model of its family.")

    def rows(self, model: LoadedModel, guidance: float) -> int:
        """Return 1 for distilled models, whatever the guidance is."""
        return 1 if model.settings.get("is_distilled") else super().rows(model, guidance)

    def negative(self, model: LoadedModel, text: str) -> str | None:
        """Return '': these models read no other negative prompt."""
        return ""

    def encode(
        self, model: LoadedModel, texts: Sequence[str | None], *, size_px: tuple[int, int], guidance: float
    ) -> Conditioning:
        """Return the states of three layers side by side, for the tokens that pad a text, too."""
        tokens = chat_tokens(model.tokenizers[0], TEMPLATE, texts, longest=TOKENS, padding="max_length")
        tokens = tokens.to(model.device)
        out = model.text_encoders[0](
            input_ids=tokens.input_ids, attention_mask=tokens.attention_mask, output_hidden_states=True, use_cache=False
        )
        return Conditioning(torch.cat([out.hidden_states[layer] for layer in LAYERS], dim=-1))

    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return whether a text has more tokens than are read."""
        return is_longer(model.tokenizers[0], TEMPLATE, text, TOKENS)

    def latent_shape(self, model: LoadedModel, size_px: tuple[int, int]) -> tuple[int, int, int]:
        """Return the shape in the transformer's latents."""
        side_px = 2 * 2 ** (len(model.vae.config.block_out_channels) - 1)
        return int(model.core.config.in_channels), size_px[1] // side_px, size_px[0] // side_px

    def tokens(self, shape: tuple[int, int, int]) -> int:
        """Return how many latents there are: each is a token."""
        return shape[1] * shape[2]

    def shift(self, scheduler: Any, *, tokens: int, steps: int) -> float:
        """Return mu as its makers fitted it: diffusers' compute_empirical_mu."""
        many = 0.00016927 * tokens + 0.45666666  # 200 steps
        if tokens > 4300:
            return many
        few = 8.73809524e-05 * tokens + 1.89833333  # 10 steps
        slope = (many - few) / 190
        return slope * steps + many - 200 * slope

    def predict(
        self, model: LoadedModel, latents: Sequence[Tensor], times: Tensor, conditioning: Conditioning
    ) -> Sequence[Tensor]:
        """Ask the transformer."""
        stacked = torch.cat(list(latents)).to(model.dtype)
        height, width = stacked.shape[-2:]
        predicted: Tensor = model.core(
            hidden_states=stacked.flatten(2).transpose(1, 2),
            timestep=times.to(model.dtype) / 1000,
            guidance=None,
            encoder_hidden_states=conditioning.hidden,
            txt_ids=_places(1, 1, conditioning.hidden.shape[1], stacked.device),
            img_ids=_places(height, width, 1, stacked.device),
            return_dict=False,
        )[0]
        return torch.split(predicted.transpose(1, 2).reshape(len(predicted), -1, height, width), 1)

    def to_latents(self, model: LoadedModel, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
        """Encode pictures."""
        encoded = encode_pixels(model.vae, pixels, generators)
        count, channels, height, width = encoded.shape
        patches = encoded.view(count, channels, height // 2, 2, width // 2, 2).permute(0, 1, 3, 5, 2, 4)
        packed = patches.reshape(count, channels * 4, height // 2, width // 2)
        mean, deviation = _statistics(model.vae)
        return ((packed - mean) / deviation).float()

    def decodable(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Return the autoencoder's four latents of each, by its batch norm's statistics."""
        mean, deviation = _statistics(model.vae)
        scaled = latents.to(model.vae.dtype) * deviation + mean
        count, channels, height, width = scaled.shape
        patches = scaled.reshape(count, channels // 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3)
        return patches.reshape(count, channels // 4, height * 2, width * 2)

    def decode(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode with AutoencoderKLFlux2."""
        return cast(Tensor, model.vae.decode(latents, return_dict=False)[0])


def _places(height: int, width: int, length: int, device: torch.device) -> Tensor:
    """Return the positions of tokens: (height * width * length, 4), of time, row, column and place in the text."""
    axes = (torch.arange(count) for count in (1, height, width, length))
    return torch.cartesian_prod(*axes).to(device)


def _statistics(vae: Any) -> tuple[Tensor, Tensor]:
    """Return the mean and the deviation of each of the transformer's channels."""
    mean, variance = vae.bn.running_mean, vae.bn.running_var
    return mean.view(1, -1, 1, 1), torch.sqrt(variance.view(1, -1, 1, 1) + vae.config.batch_norm_eps)


FAMILY = Flux2Klein()
