"""Prompts as the network reads them: encoded once for a job, exactly as diffusers' pipelines do."""

from dataclasses import dataclass
from typing import Any

import torch

from inference.engines.image.models.model import LoadedModel
from inference.vocabulary import names_any


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What the network is conditioned on, for one sample or a batch of them."""

    hidden: torch.Tensor  # (n, tokens, width)
    pooled: torch.Tensor | None = None  # SDXL only: (n, width of its second encoder)

    def __getitem__(self, rows: slice) -> "Embeddings":
        return Embeddings(self.hidden[rows], None if self.pooled is None else self.pooled[rows])


def stack(samples: list[Embeddings]) -> Embeddings:
    """Join samples along the batch."""
    pooled = [sample.pooled for sample in samples if sample.pooled is not None]
    return Embeddings(torch.cat([sample.hidden for sample in samples]), torch.cat(pooled) if pooled else None)


def encode(model: LoadedModel, texts: list[str]) -> Embeddings:
    """Encode texts with all of a model's text encoders, in one pass of each.

    Text beyond what the model reads (77 tokens) is cut, as in diffusers' pipelines.

    Returns:
        Embeddings of as many rows as there are texts.
    """
    if model.spec.family == "sd":
        return Embeddings(_hidden_sd(model, texts).to(model.dtype))
    hidden, pooled = [], None
    for tokenizer, encoder in zip(model.tokenizers, model.text_encoders, strict=True):
        out = encoder(_tokens(tokenizer, texts).input_ids.to(model.device), output_hidden_states=True)
        hidden.append(out.hidden_states[-2])
        pooled = out[0]  # the last encoder's, projected
    return Embeddings(torch.cat(hidden, dim=-1).to(model.dtype), None if pooled is None else pooled.to(model.dtype))


def encode_pair(model: LoadedModel, prompt: str, negative: str, *, guided: bool) -> Embeddings:
    """Encode a prompt, and what to stay away from where guidance is on.

    Args:
        model: whose text encoders are used.
        prompt: what to show.
        negative: what to stay away from; may be empty.
        guided: whether guidance is on.

    Returns:
        One row (the prompt), or two: the negative first, then the prompt.
    """
    if not guided:
        return encode(model, [prompt])
    if negative or not model.zero_empty_negative:
        return encode(model, [negative, prompt])
    positive = encode(model, [prompt])
    pooled = torch.zeros_like(positive.pooled) if positive.pooled is not None else None
    return stack([Embeddings(torch.zeros_like(positive.hidden), pooled), positive])


def is_truncated(model: LoadedModel, text: str) -> bool:
    """Return whether the model reads only the beginning of a text."""
    tokenizer = model.tokenizers[0]
    return bool(len(tokenizer(text).input_ids) > tokenizer.model_max_length)


def names_nothing_known(model: LoadedModel, text: str) -> bool:
    """Return whether a text names none of the things that the model was trained on, as far as it states them."""
    return bool(model.nouns) and not names_any(model.nouns, text)


def _hidden_sd(model: LoadedModel, texts: list[str]) -> torch.Tensor:
    tokens, encoder = _tokens(model.tokenizers[0], texts), model.text_encoders[0]
    masked = getattr(encoder.config, "use_attention_mask", False)
    mask = tokens.attention_mask.to(model.device) if masked else None
    hidden: torch.Tensor = encoder(tokens.input_ids.to(model.device), attention_mask=mask)[0]
    return hidden


def _tokens(tokenizer: Any, texts: list[str]) -> Any:
    return tokenizer(
        texts, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    )
