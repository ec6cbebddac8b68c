"""Weights in eight bits: float8 with a scale for each row, half of what half precision takes.

They are kept so and computed with in the network's own precision, block by block (see `parking`); vectors, such as
biases and norms, stay as they are.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

PACKED = torch.float8_e4m3fn


@dataclass(frozen=True, slots=True, eq=False)
class PackedWeight:
    """A matrix or a convolution's weights, packed."""

    numbers: Tensor  # float8, in the weight's shape
    scales: Tensor  # float32, one for each row: what its largest number is divided by

    @property
    def size_bytes(self) -> int:
        """Bytes of both."""
        return self.numbers.numel() + 4 * self.scales.numel()

    def unpacked(self, dtype: torch.dtype) -> Tensor:
        """Return the weights in a precision that can be computed with."""
        return (self.numbers.to(torch.float32) * self.scales).to(dtype)


def is_packable(tensor: Tensor) -> bool:
    """Return whether a weight is worth packing."""
    return tensor.dim() >= 2 and tensor.is_floating_point()


def packed_bytes(tensor: Tensor) -> int:
    """Return what a weight takes packed."""
    return tensor.numel() + 4 * tensor.shape[0]


def pack(tensor: Tensor) -> PackedWeight:
    """Pack a weight; of each row, the largest number becomes float8's largest."""
    whole = tensor.float()
    largest = whole.abs().amax(dim=tuple(range(1, whole.dim())), keepdim=True)
    scales = torch.where(largest > 0, largest / torch.finfo(PACKED).max, torch.ones_like(largest))
    return PackedWeight((whole / scales).to(PACKED), scales)
