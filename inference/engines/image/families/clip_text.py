"""Texts as the states of CLIP's tokens: windows for what is longer than CLIP reads, and weights of words.

A window is as much as CLIP reads at once: a begin token, 75 of the text (22 for the built-in model) and an end token.
A longer text has several, encoded each by itself and read by the UNet in a row, as in diffusers' community pipelines
for long prompts (lpw_stable_diffusion, lpw_stable_diffusion_xl) and in AUTOMATIC1111.

Parts of a prompt are read each by itself, and averaged by their weights. A word's weight moves its states away from
what is in their place in a text without words, or towards it, as in ComfyUI: at 0 nothing is said there.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.engines.image.families.conditioning import Conditioning
from inference.prompt_parts import PromptPart, prompt_parts
from inference.prompt_weights import plain_text, weighted_texts

WINDOWS_MAX = 8  # of one text: 600 tokens of Stable Diffusion's

# Asks an encoder for the states of its tokens (n, tokens, width), and whatever it says of each text as a whole (n, …)
Ask = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class TokenWindow:
    """What CLIP reads at once: ids of tokens, how many of them are not there to pad it, and a weight for each."""

    ids: list[int]
    used: int
    weights: list[float]

    @property
    def weighted(self) -> bool:
        """Whether any weight changes anything."""
        return any(weight != 1 for weight in self.weights)


def windows_of(tokenizer: Any, text: str) -> list[TokenWindow]:
    """Return the windows of a text, one at least; what goes beyond the last is not read."""
    pieces = [(tokenizer(piece.text).input_ids, piece.weight) for piece in weighted_texts(text)]
    begin, end = pieces[0][0][0], pieces[0][0][-1]
    tokens = [(token, weight) for ids, weight in pieces for token in ids[1:-1]]
    longest = tokenizer.model_max_length
    windows = []
    for at in range(0, max(1, len(tokens)), longest - 2):
        own = [(begin, 1.0), *tokens[at : at + longest - 2], (end, 1.0)]
        padded = [*own, *[(tokenizer.pad_token_id, 1.0)] * (longest - len(own))]
        windows.append(TokenWindow([token for token, _ in padded], len(own), [weight for _, weight in padded]))
    return windows[:WINDOWS_MAX]


def is_longer(tokenizer: Any, text: str) -> bool:
    """Return whether a part of a text has more tokens than its windows."""
    most = WINDOWS_MAX * (tokenizer.model_max_length - 2)
    return any(len(tokenizer(plain_text(part.text)).input_ids) - 2 > most for part in prompt_parts(text))


def read_texts(tokenizer: Any, texts: Sequence[str], device: torch.device, ask: Ask) -> tuple[Conditioning, Tensor]:
    """Encode texts, all windows of all their parts at once.

    Args:
        tokenizer: of the encoder.
        texts: n of them.
        device: of the encoder.
        ask: the encoder, with ids and attention mask (windows, tokens).

    Returns:
        The states of each text's windows in a row, and what was said of each text's first one as a whole.
    """
    prompts = [prompt_parts(text) for text in texts]
    each = [windows_of(tokenizer, part.text) for parts in prompts for part in parts]
    windows = list(itertools.chain(*each))
    weighted = any(window.weighted for window in windows)
    plain = not weighted and len(each) == len(prompts)
    read = windows if plain else [*windows, *windows_of(tokenizer, "")]
    ids = torch.tensor([window.ids for window in read])
    own = torch.tensor([[1] * window.used + [0] * (len(window.ids) - window.used) for window in read])
    states, whole = ask(ids.to(device), own.to(device))
    states, empty = states[: len(windows)], states[-1:]
    if weighted:
        states = _weighted(states, empty, [window.weights for window in windows])
    counts = [len(one) for one in each]
    firsts = whole[list(itertools.accumulate([0, *counts[:-1]]))]
    by_part = iter(zip(torch.split(states, counts), firsts, strict=True))
    rows, wholes = [], []
    for parts in prompts:
        of_parts, wholes_of_parts = zip(*itertools.islice(by_part, len(parts)), strict=True)
        joined = _average(_equally_long(of_parts, empty), parts).flatten(0, 1)
        rows.append(Conditioning(joined[None], (len(joined),)))
        wholes.append(_average(wholes_of_parts, parts))
    return Conditioning.cat(rows), torch.stack(wholes)


def _weighted(states: Tensor, empty: Tensor, weights: list[list[float]]) -> Tensor:
    """Return states (n, tokens, width) with weights (n, tokens), between or beyond them and those of no words."""
    factors = torch.tensor(weights, dtype=states.dtype, device=states.device)[:, :, None]
    return torch.where(factors == 1, states, empty + (states - empty) * factors)


def _equally_long(parts: Sequence[Tensor], empty: Tensor) -> list[Tensor]:
    """Return the windows of parts (windows, tokens, width) with windows of no words behind those of shorter ones."""
    longest = max(map(len, parts))
    return [torch.cat([part, empty.expand(longest - len(part), -1, -1)]) for part in parts]


def _average(states: Sequence[Tensor], parts: Sequence[PromptPart]) -> Tensor:
    """Return the average of parts' states by their weights; one part's are as they are."""
    if len(parts) == 1:
        return states[0]
    total = sum(part.weight for part in parts)
    return torch.stack([state * (part.weight / total) for state, part in zip(states, parts, strict=True)]).sum(0)
