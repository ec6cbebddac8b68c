"""ERNIE-Image and its Turbo: a single-stream transformer that computes sequence first, Ministral reads the prompt."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from inference.catalogue import ImageModel
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.family import Part
from inference.engines.image.families.flow import linear_shift
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.packed import PackedFamily
from inference.errors import ModelUnusable


class ErnieImage(PackedFamily):
    """Draws as `ErnieImagePipeline` does with `use_pe=False`: nobody's prompt is rewritten by a language model."""

    name = "ernie-image"
    lora_pipeline = "ErnieImagePipeline"
    parts = (
        Part("transformer", "diffusers", frozenset({"ErnieImageTransformer2DModel"})),
        Part("vae", "diffusers", frozenset({"AutoencoderKLFlux2"})),
        Part("text_encoder", "transformers", frozenset({"Mistral3Model"})),
        Part("tokenizer", "transformers", frozenset({"TokenizersBackend", "PreTrainedTokenizerFast"})),
    )

    def check(self, spec: ImageModel, parts: Mapping[str, Any]) -> None:
        """Refuse transformers that fit neither the autoencoder nor the text encoder."""
        config = parts["transformer"].config
        fits = (
            config.in_channels == config.out_channels == 4 * parts["vae"].config.latent_channels
            and config.text_in_dim == parts["text_encoder"].config.get_text_config().hidden_size
        )
        if not fits:
            raise ModelUnusable(f"The model '{spec.name}' is not a plain text-to-image model of its family.")

    def epsilon(self, vae: Any) -> float:
        """Return what the pipeline adds, whatever the configuration says."""
        return 1e-5

    def sample_axis(self, component: str, layer: str) -> int | None:
        """Return 1 for what is behind the attention, where the sequence comes first."""
        second = component == self.core and (".mlp." in layer or layer == "final_linear")
        return 1 if second else 0

    def encode(
        self, model: LoadedModel, texts: Sequence[str | None], *, size_px: tuple[int, int], guidance: float
    ) -> Conditioning:
        """Return the states before the last layer, text by text."""
        tokenizer, encoder = model.tokenizers[0], model.text_encoders[0]
        rows = []
        for text in texts:
            ids = tokenizer(text or "", add_special_tokens=True, truncation=True, padding=False).input_ids
            ids = ids or [tokenizer.bos_token_id or 0]
            out = encoder(input_ids=torch.tensor([ids], device=model.device), output_hidden_states=True)
            rows.append(Conditioning(out.hidden_states[-2], (len(ids),)))
        return Conditioning.cat(rows)

    def is_cut(self, model: LoadedModel, text: str) -> bool:
        """Return whether a text has more tokens than the tokenizer gives."""
        tokenizer = model.tokenizers[0]
        return bool(len(tokenizer(text).input_ids) > tokenizer.model_max_length)

    def shift(self, scheduler: Any, *, tokens: int, steps: int) -> float:
        """Return mu by the picture's size; the model's own scheduler is shifted by a constant instead."""
        return linear_shift(scheduler, tokens)

    def predict(
        self, model: LoadedModel, latents: Sequence[Tensor], times: Tensor, conditioning: Conditioning
    ) -> Sequence[Tensor]:
        """Ask the transformer; texts of several lengths are masked."""
        predicted: Tensor = model.core(
            hidden_states=torch.cat(list(latents)).to(model.dtype),
            timestep=times.to(model.dtype),
            text_bth=conditioning.hidden,
            text_lens=conditioning.token_counts(),
            return_dict=False,
        )[0]
        return torch.split(predicted, 1)


FAMILY = ErnieImage()
