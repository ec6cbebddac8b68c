"""One round of a network over a whole picture, window by window."""

import numpy as np
import torch
from numpy.typing import NDArray

from inference.engines.upscale.canvas import Canvas
from inference.engines.upscale.tiles import window_spans


class UpscaleRound:
    """A picture that is being enlarged; there is always a next window until `put` says that it was the last."""

    def __init__(self, source: NDArray[np.uint8], *, scale: int, tile_px: int) -> None:
        """Begin with the first window.

        Args:
            source: (height, width, 3), the picture.
            scale: the network's.
            tile_px: side of a window.
        """
        height, width = source.shape[:2]
        self.tile_px = tile_px
        self._source = source
        self._canvas = Canvas(width, height, scale)
        self._places = (
            (row, column) for row in window_spans(height, tile_px) for column in window_spans(width, tile_px)
        )
        self._place = next(self._places)

    @property
    def source(self) -> NDArray[np.uint8]:
        """The picture."""
        return self._source

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The result, whole after the last window."""
        return self._canvas.pixels

    def window(self) -> torch.Tensor:
        """Return the next window: (1, 3, h, w) float32, 0 … 1."""
        row, column = self._place
        part = self._source[row.start : row.stop, column.start : column.stop]
        return torch.from_numpy(part.astype(np.float32) / 255).permute(2, 0, 1)[None]

    def put(self, enlarged: torch.Tensor) -> bool:
        """Take the next window, enlarged; return whether it was the last one."""
        row, column = self._place
        self._canvas.put(enlarged[0].permute(1, 2, 0).numpy().copy(), row, column)
        place = next(self._places, None)
        if place is None:
            return True
        self._place = place
        return False


def tiles_of(width_px: int, height_px: int, tile_px: int) -> int:
    """Return how many windows a picture of that size has."""
    return len(window_spans(width_px, tile_px)) * len(window_spans(height_px, tile_px))
