"""Qwen-Image: a two-stream transformer, Qwen2.5-VL reads the prompt, an autoencoder made for films."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from inference.catalogue import ImageModel
from inference.engines.image.families.autoencoder import encode_pixels
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Part
from inference.engines.image.families.flow import FlowFamily, chat_tokens, is_longer, linear_shift
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import ModelUnusable

TEMPLATE = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, spatial "
    "relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
TEMPLATE_TOKENS = 34  # in front of the text: what is made of them is not read
ENCODED_MAX = 1024 + TEMPLATE_TOKENS
TOKENS_MAX = 512  # behind them, that are read


class QwenImage(FlowFamily):
    """Draws as `QwenImagePipeline` does.

    Positions in the picture are taken from the first sample for all, so that a pass has one size.
    """

    name = "qwen-image"
    lora_pipeline = "QwenImagePipeline"
    parts = (
        Part("transformer", "diffusers", frozenset({"QwenImageTransformer2DModel"})),
        Part("vae", "diffusers", frozenset({"AutoencoderKLQwenImage"})),
        Part("text_encoder", "transformers", frozenset({"Qwen2_5_VLForConditionalGeneration"})),
        Part("tokenizer", "transformers", frozenset({"Qwen2Tokenizer", "Qwen2TokenizerFast"})),
    )

    def check(self, spec: ImageModel, parts: Mapping[str, Any]) -> None:
        """Refuse transformers that read pictures or layers too, or are told guidance."""
        config = parts["transformer"].config
        fits = (
            config.in_channels == 4 * parts["vae"].config.z_dim
            and config.joint_attention_dim == parts["text_encoder"].config.get_text_config().hidden_size
            and not config.guidance_embeds
            and not config.zero_cond_t
            and not config.use_additional_t_cond
            and not config.use_layer3d_rope
        )
        if not fits:
            raise ModelUnusable(f"The model '{spec.name}' is not a plain text-to-image model of its family.")

    def negative(self, model: LoadedModel, text: str) -> str | None:
        """Return a space for an empty one, as the model's makers do: with none at all the pipeline does not guide."""
        return text or " "

    def encode(
        self, model: LoadedModel, texts: Sequence[str | None], *, size_px: tuple[int, int], guidance: float
    ) -> Conditioning:
        """Return the last layer's states, without those of the template's beginning."""
        tokens = chat_tokens(model.tokenizers[0], TEMPLATE, texts, longest=ENCODED_MAX, padding=True).to(model.device)
        out = model.text_encoders[0](
            input_ids=tokens.input_ids, attention_mask=tokens.attention_mask, output_hidden_states=True, use_cache=False
        )
        own = [state[mask] for state, mask in zip(out.hidden_states[-1], tokens.attention_mask.bool(), strict=True)]
        states = [state[TEMPLATE_TOKENS:][:TOKENS_MAX] for state in own]
        return Conditioning.cat([Conditioning(state[None], (len(state),)) for state in states])

    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return whether a text has more tokens than are read."""
        return is_longer(model.tokenizers[0], TEMPLATE, text, TEMPLATE_TOKENS + TOKENS_MAX)

    def latent_shape(self, model: LoadedModel, size_px: tuple[int, int]) -> tuple[int, int, int]:
        """Return sides that are whole patches."""
        patch_px = 2 * 2 ** len(model.vae.config.temperal_downsample)
        return int(model.vae.config.z_dim), 2 * (size_px[1] // patch_px), 2 * (size_px[0] // patch_px)

    def shift(self, scheduler: Any, *, tokens: int, steps: int) -> float:
        """Return mu by the picture's size."""
        return linear_shift(scheduler, tokens)

    def predict(
        self, model: LoadedModel, latents: Sequence[Tensor], times: Tensor, conditioning: Conditioning
    ) -> Sequence[Tensor]:
        """Ask the transformer; texts of several lengths are masked."""
        stacked = torch.cat(list(latents)).to(model.dtype)
        height, width = stacked.shape[-2:]
        predicted: Tensor = model.core(
            hidden_states=_packed(stacked),
            timestep=times.to(model.dtype) / 1000,
            encoder_hidden_states=conditioning.hidden,
            encoder_hidden_states_mask=conditioning.mask,
            img_shapes=[[(1, height // 2, width // 2)]] * len(stacked),
            guidance=None,
            return_dict=False,
        )[0]
        patches = predicted.view(len(stacked), height // 2, width // 2, -1, 2, 2).permute(0, 3, 1, 4, 2, 5)
        return torch.split(patches.reshape(stacked.shape), 1)

    def join(self, rows: Sequence[Tensor], guidance: float) -> Tensor:
        """Join by guidance, and give each patch the length that it had without."""
        if len(rows) == 1:
            return rows[0]
        joined = super().join(rows, guidance)
        own, now = (torch.linalg.vector_norm(_patches(each), dim=(1, 3, 5), keepdim=True) for each in (rows[1], joined))
        rescaled: Tensor = _patches(joined) * (own / now)
        return rescaled.reshape(joined.shape)

    def to_latents(self, model: LoadedModel, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
        """Encode pictures, each a film of one frame."""
        encoded = encode_pixels(model.vae, pixels[:, :, None], generators)[:, :, 0]
        mean, deviation = _statistics(model.vae, encoded)
        return ((encoded - mean) / deviation).float()

    def decodable(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Return latents as the autoencoder gave them."""
        given = latents.to(model.vae.dtype)
        mean, deviation = _statistics(model.vae, given)
        return given * deviation + mean

    def decode(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode the one frame of a film."""
        frames: Tensor = model.vae.decode(latents[:, :, None], return_dict=False)[0]
        return frames[:, :, 0]


def _patches(latents: Tensor) -> Tensor:
    """Return (n, C, h, w) as (n, C, h / 2, 2, w / 2, 2)."""
    count, channels, height, width = latents.shape
    return latents.reshape(count, channels, height // 2, 2, width // 2, 2)


def _packed(latents: Tensor) -> Tensor:
    """Return (n, C, h, w) as (n, patches, 4 C)."""
    return _patches(latents).permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def _statistics(vae: Any, latents: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the deviation of each channel."""
    mean, deviation = (
        torch.tensor(values, dtype=latents.dtype, device=latents.device).view(1, -1, 1, 1)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    return mean, deviation


FAMILY = QwenImage()
