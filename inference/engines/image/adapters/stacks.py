"""The low-rank matrices of a batch at one layer, stacked so that one batched product serves all samples."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from inference.engines.image.adapters.weights import LoraLayer


@dataclass(frozen=True, slots=True)
class LoraStack:
    """A factor at one layer for each of a batch's first samples; equally many samples in a row share one."""

    samples: int
    down: torch.Tensor  # (groups, in, rank), of all taps of a convolution that keeps sizes (groups, in, k * l * rank)
    up: torch.Tensor  # (groups, rank, out)
    kernels: torch.Tensor | None = None  # (groups, rank, in, k, l) for other convolutions

    def add(self, layer: nn.Module, x: torch.Tensor, out: torch.Tensor) -> None:
        """Add the change to `out` in place."""
        x, out = x[: self.samples], out[: self.samples]
        if isinstance(layer, nn.Conv2d):
            low = self._convolved(layer, x).permute(0, 2, 3, 1)
            self._add_up(low, out.permute(0, 2, 3, 1))
        else:
            self._add_up(self._grouped(x) @ self.down, out)

    def _grouped(self, x: torch.Tensor) -> torch.Tensor:
        """Return (samples, …, channels) as (groups, places, channels)."""
        return x.reshape(self.up.shape[0], -1, x.shape[-1])

    def _add_up(self, low: torch.Tensor, out: torch.Tensor) -> None:
        """Add `up` times `low` (samples, …, rank) to `out` (samples, …, channels), in one pass over its memory."""
        if out.is_contiguous():  # as layers give it, and convolutions whose memory is last in channels
            out.view(self.up.shape[0], -1, out.shape[-1]).baddbmm_(self._grouped(low), self.up)
        else:
            out += (self._grouped(low) @ self.up).view(out.shape)

    def _convolved(self, layer: nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
        """Return what the first matrix makes of x: (samples, rank, h, w)."""
        if self.kernels is None:
            taps = self._grouped(x.permute(0, 2, 3, 1)) @ self.down
            return _gathered(taps.view(self.samples, *x.shape[2:], *layer.kernel_size, -1))
        of_samples = self.kernels.repeat_interleave(self.samples // len(self.kernels), 0).flatten(0, 1)
        joined = x.reshape(1, -1, *x.shape[2:])  # one group a sample: every sample meets its own kernels only
        geometry: Any = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
        low = functional.conv2d(joined, of_samples, groups=self.samples, **geometry)
        return low.view(self.samples, -1, *low.shape[2:])


def _gathered(taps: torch.Tensor) -> torch.Tensor:
    """Add the taps of a convolution up, each moved to its place.

    So a convolution with kernels of each sample's own is one batched product. Grouped convolutions do the same, but
    copy everything out of the layout that the network computes in, and back.

    Args:
        taps: shape (n, h, w, k, l, rank), both k and l odd.

    Returns:
        Shape (n, rank, h, w), channels last in memory.
    """
    count, height, width, tall, wide, rank = taps.shape
    if (tall, wide) == (1, 1):
        return taps[:, :, :, 0, 0].permute(0, 3, 1, 2)
    low = taps.new_zeros(count, height + tall - 1, width + wide - 1, rank)
    for i in range(tall):
        for j in range(wide):
            down, right = tall - 1 - i, wide - 1 - j
            low[:, down : down + height, right : right + width] += taps[:, :, :, i, j]
    inner = low[:, tall // 2 : tall // 2 + height, wide // 2 : wide // 2 + width]
    return inner.permute(0, 3, 1, 2)


def stacks_for(layer: nn.Module, found: Sequence[tuple[LoraLayer, ...]], rows: list[int]) -> tuple[LoraStack, ...]:
    """Gather the factors of the distinct sets at one layer, `rows[i]` telling sample i's.

    Returns:
        What is to be added one after the other: everybody's first factor, then the second of those who have one …
    """
    if len(found) == 1:  # all samples have the same: their adapters are one, joined along the rank
        downs, ups = [factor.down for factor in found[0]], [factor.up for factor in found[0]]
        return (_stack(layer, [LoraLayer(torch.cat(downs), torch.cat(ups, dim=1), 1.0)], rows),)
    stacks = []
    for level in range(max(map(len, found))):
        factors = [several[level] if level < len(several) else None for several in found]
        samples = 1 + max(sample for sample, row in enumerate(rows) if factors[row] is not None)
        stacks.append(_stack(layer, factors, rows[:samples]))
    return tuple(stacks)


def _stack(layer: nn.Module, factors: list[LoraLayer | None], rows: list[int]) -> LoraStack:
    """Gather one factor of each distinct set (None: it has none) into one stack."""
    run = math.gcd(*(len(list(same)) for _, same in itertools.groupby(rows)))
    used = [factors[row] for row in rows[::run]]
    rank = max(factor.up.shape[1] for factor in used if factor is not None)
    downs, ups = zip(*(_padded(factor, rank, factors) for factor in used), strict=True)
    down, up = torch.stack(downs), torch.stack(ups).mT
    if not isinstance(layer, nn.Conv2d):
        return LoraStack(len(rows), down.mT, up)
    if not _keeps_size(layer):
        return LoraStack(len(rows), down, up, kernels=down)
    return LoraStack(len(rows), down.permute(0, 2, 3, 4, 1).flatten(2), up)


def _padded(factor: LoraLayer | None, rank: int, others: list[LoraLayer | None]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a factor's two matrices with zeros up to a rank; all zeros, shaped like the others', where it is none."""
    if factor is not None and factor.up.shape[1] == rank:
        return factor.down, factor.up
    some = factor or next(other for other in others if other is not None)
    down, up = some.down.new_zeros(rank, *some.down.shape[1:]), some.up.new_zeros(some.up.shape[0], rank)
    if factor is not None:
        own = factor.up.shape[1]
        down[:own], up[:, :own] = factor.down, factor.up
    return down, up


def _keeps_size(layer: nn.Conv2d) -> bool:
    """Tell whether a convolution is a plain one: its output is as large as its input."""
    odd = all(side % 2 for side in layer.kernel_size)
    same = tuple(side // 2 for side in layer.kernel_size)
    return odd and layer.padding == same and layer.stride == (1, 1) and layer.dilation == (1, 1)
