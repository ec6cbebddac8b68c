"""What a network is conditioned on beside latents and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Conditioning:
    """Encoded texts, pictures that they speak of, and whatever else a family's network reads, for n samples."""

    hidden: Tensor  # (n, tokens, width): every token's state, with zeros after the end of shorter texts
    lengths: tuple[int, ...] = ()  # tokens of each sample; empty: all count, those that pad a text too
    mask: Tensor | None = None  # (n, tokens), true for the texts' own by `lengths`; None: all are
    extra: Mapping[str, Tensor] = field(default_factory=dict)  # the family's own, by name; samples along the first axis
    references: tuple[Tensor, ...] = ()  # (n, C, h, w) each: latents that the network sees beside those it denoises

    def __len__(self) -> int:
        return len(self.hidden)

    def __getitem__(self, rows: Tensor | slice) -> "Conditioning":
        chosen = range(len(self))[rows] if isinstance(rows, slice) else rows.tolist()
        lengths = tuple(self.lengths[row] for row in chosen) if self.lengths else ()
        mask = None if self.mask is None else self.mask[rows]
        extra = {name: value[rows] for name, value in self.extra.items()}
        return Conditioning(self.hidden[rows], lengths, mask, extra, tuple(each[rows] for each in self.references))

    @property
    def reference_sizes(self) -> tuple[tuple[int, int], ...]:
        """Height and width of each reference."""
        return tuple((each.shape[2], each.shape[3]) for each in self.references)

    def token_counts(self) -> Tensor:
        """Return how many tokens of each sample are its text's own, on the device: (n,) int64."""
        return self._own().sum(1)

    def referring(self, references: Sequence[Tensor]) -> "Conditioning":
        """Return the same, with references (1, C, h, w) for all samples."""
        return replace(self, references=tuple(each.expand(len(self), -1, -1, -1) for each in references))

    def to(self, dtype: torch.dtype) -> "Conditioning":
        """Return the same in another precision."""
        extra = {name: value.to(dtype) for name, value in self.extra.items()}
        return replace(self, hidden=self.hidden.to(dtype), extra=extra)

    @staticmethod
    def cat(parts: Sequence["Conditioning"]) -> "Conditioning":
        """Join several of one family along the samples; shorter texts are padded to the longest.

        Their references have to be of the same sizes.
        """
        longest = max(part.hidden.shape[1] for part in parts)
        hidden = [functional.pad(part.hidden, (0, 0, 0, longest - part.hidden.shape[1])) for part in parts]
        lengths = tuple(length for part in parts for length in part.lengths)
        mask = None
        if any(length < longest for length in lengths):
            mask = torch.cat([functional.pad(part._own(), (0, longest - part.hidden.shape[1])) for part in parts])
        extra = {name: torch.cat([part.extra[name] for part in parts]) for name in parts[0].extra}
        references = tuple(torch.cat(each) for each in zip(*(part.references for part in parts), strict=True))
        return Conditioning(torch.cat(hidden), lengths, mask, extra, references)

    def _own(self) -> Tensor:
        """Return `mask`, also where all tokens are the texts' own; made on the device, so that nothing waits for it."""
        return torch.ones_like(self.hidden[:, :, 0], dtype=torch.bool) if self.mask is None else self.mask
