"""What a network is conditioned on beside latents and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Conditioning:
    """Encoded texts, and whatever else a family's network reads, for n samples."""

    hidden: Tensor  # (n, tokens, width): every token's state, with zeros after the end of shorter texts
    lengths: tuple[int, ...] = ()  # tokens of each sample; empty: all count, those that pad a text too
    extra: Mapping[str, Tensor] = field(default_factory=dict)  # the family's own, by name; samples along the first axis

    def __len__(self) -> int:
        return len(self.hidden)

    def __getitem__(self, rows: Tensor) -> "Conditioning":
        lengths = tuple(self.lengths[row] for row in rows.tolist()) if self.lengths else ()
        return Conditioning(self.hidden[rows], lengths, {name: value[rows] for name, value in self.extra.items()})

    def to(self, dtype: torch.dtype) -> "Conditioning":
        """Return the same in another precision."""
        return Conditioning(
            self.hidden.to(dtype), self.lengths, {name: value.to(dtype) for name, value in self.extra.items()}
        )

    @staticmethod
    def cat(parts: Sequence["Conditioning"]) -> "Conditioning":
        """Join several of one family along the samples; shorter texts are padded to the longest."""
        longest = max(part.hidden.shape[1] for part in parts)
        hidden = [functional.pad(part.hidden, (0, 0, 0, longest - part.hidden.shape[1])) for part in parts]
        lengths = tuple(length for part in parts for length in part.lengths)
        extra = {name: torch.cat([part.extra[name] for part in parts]) for name in parts[0].extra}
        return Conditioning(torch.cat(hidden), lengths, extra)
