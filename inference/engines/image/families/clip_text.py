"""Texts as the states of CLIP's tokens: windows for what is longer than CLIP reads, and weights of words.

A window is as much as CLIP reads at once: a begin token, 75 of the text (22 for the built-in model) and an end token.
A longer text has several, encoded each by itself and read by the UNet in a row, as in diffusers' community pipelines
for long prompts (lpw_stable_diffusion, lpw_stable_diffusion_xl) and in AUTOMATIC1111.

A word's weight moves its states away from what is in their place in a text without words, or towards it, as in
ComfyUI: at 0 nothing is said there.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.engines.image.families.conditioning import Conditioning
from inference.prompt_weights import plain_text, weighted_texts

WINDOWS_MAX = 8  # of one text: 600 tokens of Stable Diffusion's

# Asks an encoder for the states of its tokens (n, tokens, width), and whatever it says of each text as a whole (n, …)
Ask = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Window:
    """What CLIP reads at once: ids of tokens, how many of them are not there to pad it, and a weight for each."""

    ids: list[int]
    used: int
    weights: list[float]

    @property
    def weighted(self) -> bool:
        """Whether any weight changes anything."""
        return any(weight != 1 for weight in self.weights)


def windows_of(tokenizer: Any, text: str) -> list[Window]:
    """Return the windows of a text, one at least; what goes beyond the last is not read."""
    pieces = [(tokenizer(piece.text).input_ids, piece.weight) for piece in weighted_texts(text)]
    begin, end = pieces[0][0][0], pieces[0][0][-1]
    tokens = [(token, weight) for ids, weight in pieces for token in ids[1:-1]]
    longest = tokenizer.model_max_length
    windows = []
    for at in range(0, max(1, len(tokens)), longest - 2):
        own = [(begin, 1.0), *tokens[at : at + longest - 2], (end, 1.0)]
        padded = [*own, *[(tokenizer.pad_token_id, 1.0)] * (longest - len(own))]
        windows.append(Window([token for token, _ in padded], len(own), [weight for _, weight in padded]))
    return windows[:WINDOWS_MAX]


def is_longer(tokenizer: Any, text: str) -> bool:
    """Return whether a text has more tokens than its windows."""
    return bool(len(tokenizer(plain_text(text)).input_ids) - 2 > WINDOWS_MAX * (tokenizer.model_max_length - 2))


def read_texts(tokenizer: Any, texts: Sequence[str], device: torch.device, ask: Ask) -> tuple[Conditioning, Tensor]:
    """Encode texts, all of their windows at once.

    Args:
        tokenizer: of the encoder.
        texts: n of them.
        device: of the encoder.
        ask: the encoder, with ids and attention mask (windows, tokens).

    Returns:
        The states of each text's windows in a row, and what was said of each text's first one as a whole.
    """
    each = [windows_of(tokenizer, text) for text in texts]
    windows = list(itertools.chain(*each))
    weighted = any(window.weighted for window in windows)
    read = [*windows, *windows_of(tokenizer, "")] if weighted else windows
    ids = torch.tensor([window.ids for window in read])
    own = torch.tensor([[1] * window.used + [0] * (len(window.ids) - window.used) for window in read])
    states, whole = ask(ids.to(device), own.to(device))
    if weighted:
        states = _weighted(states[:-1], states[-1:], [window.weights for window in windows])
    counts = [len(one) for one in each]
    rows = [text.flatten(0, 1)[None] for text in torch.split(states, counts)]
    firsts = [sum(counts[:number]) for number in range(len(counts))]
    return Conditioning.cat([Conditioning(row, (row.shape[1],)) for row in rows]), whole[firsts]


def _weighted(states: Tensor, empty: Tensor, weights: list[list[float]]) -> Tensor:
    """Return states (n, tokens, width) with weights (n, tokens), between or beyond them and those of no words."""
    factors = torch.tensor(weights, dtype=states.dtype, device=states.device)[:, :, None]
    return torch.where(factors == 1, states, empty + (states - empty) * factors)
