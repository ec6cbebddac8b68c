"""FLUX.2 klein, distilled and base: a two-stream transformer, Qwen3 reads the prompt."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from inference.catalogue import ImageModel
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Part
from inference.engines.image.families.flow import chat_tokens, is_longer
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.packed import PackedFamily
from inference.engines.image.pixels import to_pixels
from inference.errors import ModelUnusable

TEMPLATE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"  # Qwen3's, thinking off
TOKENS = 512  # what pads a text is read, too
LAYERS = (9, 18, 27)  # whose states are read side by side
REFERENCE_TIME = 10  # that lies between the picture, its first reference, and the next


class Flux2Klein(PackedFamily):
    """Draws as `Flux2KleinPipeline` and, where a mask keeps a part, `Flux2KleinInpaintPipeline` do.

    Positions are taken from the first sample for all, so that a pass has one size, and references of the same sizes.
    Latents are kept as the transformer reads them: four of the autoencoder's are one.
    """

    name = "flux2-klein"
    lora_pipeline = "Flux2KleinPipeline"
    sees_kept = True
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

    def blank_conditioning(self, model: LoadedModel, rows: int, tokens: int) -> Conditioning:
        """Return three layers' states side by side."""
        return Conditioning(self.blank(model, rows, tokens, int(model.core.config.joint_attention_dim)))

    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return whether a text has more tokens than are read."""
        return is_longer(model.tokenizers[0], TEMPLATE, text, TOKENS)

    def refer(self, model: LoadedModel, picture: Image.Image) -> Tensor:
        """Encode the picture's middle, with sides that are whole latents."""
        side_px = 2 * 2 ** (len(model.vae.config.block_out_channels) - 1)
        width, height = (side // side_px * side_px for side in picture.size)
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        return self.to_latents(model, to_pixels(picture.crop((left, top, left + width, top + height))))

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
        """Ask the transformer, which sees references behind the picture, each at a time of its own."""
        stacked = torch.cat(list(latents)).to(model.dtype)
        height, width = stacked.shape[-2:]
        seen = [stacked, *(each.to(model.dtype) for each in conditioning.references)]
        places = [
            _places(each.shape[2], each.shape[3], 1, stacked.device, time=number * REFERENCE_TIME)
            for number, each in enumerate(seen)
        ]
        predicted: Tensor = model.core(
            hidden_states=torch.cat([each.flatten(2).transpose(1, 2) for each in seen], dim=1),
            timestep=times.to(model.dtype) / 1000,
            guidance=None,
            encoder_hidden_states=conditioning.hidden,
            txt_ids=_places(1, 1, conditioning.hidden.shape[1], stacked.device),
            img_ids=torch.cat(places),
            return_dict=False,
        )[0]
        picture = predicted[:, : height * width].transpose(1, 2)
        return torch.split(picture.reshape(len(predicted), -1, height, width), 1)


def _places(height: int, width: int, length: int, device: torch.device, *, time: int = 0) -> Tensor:
    """Return the positions of tokens: (height * width * length, 4), of time, row, column and place in the text."""
    axes = (torch.arange(count, device=device) for count in (height, width, length))
    return torch.cartesian_prod(torch.full((1,), time, device=device), *axes)


FAMILY = Flux2Klein()
