"""A network in memory: windows of a picture in, enlarged ones out."""

from collections.abc import Callable

import torch
from torch import nn


class UpscaleNetwork:
    """A network on its device."""

    def __init__(
        self,
        module: nn.Module,
        *,
        scale: int,
        device: torch.device,
        dtype: torch.dtype,
        enlarge: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        """Put a network on a device.

        Args:
            module: its layers.
            scale: how many times as wide and high its results are.
            device: where it computes.
            dtype: what it computes in.
            enlarge: how it is called, where that is more than calling the module.
        """
        self.scale, self.device, self.dtype = scale, device, dtype
        self._module = module.eval().requires_grad_(False).to(device, dtype)
        self._enlarge = enlarge or module

    @torch.inference_mode()
    def __call__(self, window: torch.Tensor) -> torch.Tensor:
        """Enlarge one window.

        Args:
            window: (1, 3, h, w) float32 on the CPU, 0 … 1.

        Returns:
            (1, 3, h · scale, w · scale) float32 on the CPU; about 0 … 1, as the network made it.
        """
        return self._enlarge(window.to(self.device, self.dtype)).float().cpu()

    def widen(self) -> bool:
        """Compute in float32 from now on; return whether that is a change."""
        if self.dtype is torch.float32:
            return False
        self.dtype = torch.float32
        self._module.to(self.dtype)
        return True

    @property
    def size_bytes(self) -> int:
        """What its parameters take."""
        return sum(one.numel() * one.element_size() for one in self._module.state_dict().values())
