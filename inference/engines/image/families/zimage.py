"""Z-Image and Z-Image-Turbo: a single-stream transformer, Qwen3 reads the prompt."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from inference.catalogue import ImageModel
from inference.engines.image.families.autoencoder import encode_pixels, scale_latents, unscale_latents
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Part
from inference.engines.image.families.flow import FlowFamily, chat_tokens, is_longer, linear_shift
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import ModelUnusable

TEMPLATE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"  # Qwen3's, with thinking left on
TOKENS_MAX = 512
PATCH = 2


class ZImage(FlowFamily):
    """Draws as `ZImagePipeline` does.

    Captions and pictures of all samples go through the embedders as one row of tokens; behind them, each sample has
    its own, is padded to the longest, and does not see what pads it. So sizes can be mixed.
    """

    name = "z-image"
    parts = (
        Part("transformer", "diffusers", frozenset({"ZImageTransformer2DModel"})),
        Part("vae", "diffusers", frozenset({"AutoencoderKL", "AutoencoderTiny"})),
        Part("text_encoder", "transformers", frozenset({"Qwen3Model", "Qwen3ForCausalLM"})),
        Part("tokenizer", "transformers", frozenset({"Qwen2Tokenizer", "Qwen2TokenizerFast"})),
    )
    lora_pipeline = "ZImagePipeline"
    one_size = False

    def check(self, spec: ImageModel, parts: Mapping[str, Any]) -> None:
        """Refuse transformers that read pictures too, or patches of another size."""
        config = parts["transformer"].config
        fits = (
            config.in_channels == parts["vae"].config.latent_channels
            and config.cap_feat_dim == parts["text_encoder"].config.hidden_size
            and config.siglip_feat_dim is None
            and PATCH in config.all_patch_size
        )
        if not fits:
            raise ModelUnusable(f"The model '{spec.name}' is not a plain text-to-image model of its family.")

    def sample_axis(self, component: str, layer: str) -> int | None:
        """Return None for the embedders, which read the tokens of all samples in one row."""
        row = component == self.core and layer.startswith(("all_x_embedder.", "cap_embedder."))
        return None if row else 0

    def encode(
        self, model: LoadedModel, texts: Sequence[str | None], *, size_px: tuple[int, int], guidance: float
    ) -> Conditioning:
        """Return the states before the last layer; a text is as long as it is."""
        tokens = chat_tokens(model.tokenizers[0], TEMPLATE, texts, longest=TOKENS_MAX, padding=True).to(model.device)
        out = model.text_encoders[0](
            input_ids=tokens.input_ids, attention_mask=tokens.attention_mask, output_hidden_states=True, use_cache=False
        )
        states = [state[mask] for state, mask in zip(out.hidden_states[-2], tokens.attention_mask.bool(), strict=True)]
        return Conditioning.cat([Conditioning(state[None], (len(state),)) for state in states])

    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return whether a text has more tokens than are read."""
        return is_longer(model.tokenizers[0], TEMPLATE, text, TOKENS_MAX)

    def latent_shape(self, model: LoadedModel, size_px: tuple[int, int]) -> tuple[int, int, int]:
        """Return sides that are whole patches."""
        patch_px = PATCH * 2 ** (len(model.vae.config.block_out_channels) - 1)
        return int(model.core.config.in_channels), PATCH * (size_px[1] // patch_px), PATCH * (size_px[0] // patch_px)

    def latent_dtype(self, model: LoadedModel) -> torch.dtype:
        """Return float32, whatever the transformer computes in."""
        return torch.float32

    def shift(self, scheduler: Any, *, tokens: int, steps: int) -> float:
        """Return mu by the picture's size; both models' own schedulers are shifted by a constant instead."""
        return linear_shift(scheduler, tokens)

    def predict(
        self, model: LoadedModel, latents: Sequence[Tensor], times: Tensor, conditioning: Conditioning
    ) -> Sequence[Tensor]:
        """Ask the transformer, which counts time from the noise and predicts the way back."""
        captions = [state[:length] for state, length in zip(conditioning.hidden, conditioning.lengths, strict=True)]
        pictures = [each.to(model.dtype)[0].unsqueeze(1) for each in latents]  # (C, 1, h, w): one frame
        predicted = model.core(pictures, (1000 - times) / 1000, captions, return_dict=False)[0]
        return [-each.float().transpose(0, 1) for each in predicted]

    def join(self, rows: Sequence[Tensor], guidance: float) -> Tensor:
        """Join as Z-Image's pipeline counts guidance: 0 is off."""
        if len(rows) == 1:
            return rows[0]
        away, towards = rows
        return towards + guidance * (towards - away)

    def to_latents(self, model: LoadedModel, pixels: Tensor, generators: Sequence[torch.Generator] = ()) -> Tensor:
        """Encode pictures."""
        return scale_latents(model.vae, encode_pixels(model.vae, pixels, generators)).float()

    def decodable(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Return latents as AutoencoderKL gave them."""
        return unscale_latents(model.vae, latents)

    def decode(self, model: LoadedModel, latents: Tensor) -> Tensor:
        """Decode with AutoencoderKL."""
        return cast(Tensor, model.vae.decode(latents, return_dict=False)[0])


FAMILY = ZImage()
