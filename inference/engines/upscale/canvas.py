"""The enlarged picture as it is put together: whole in bytes, and in full precision only where two windows meet."""

import numpy as np
from numpy.typing import NDArray

from inference.engines.upscale.tiles import WindowSpan

Floats = NDArray[np.float32]


class Canvas:
    """Takes enlarged windows row by row, from left to right, and fades each into what is there.

    A window is first faded into the one to its left, of which a strip is kept, and then into the row above, which is
    on the canvas already. So every place is faded at most once along each axis, and nothing grows with the picture but
    its own bytes.
    """

    def __init__(self, width_px: int, height_px: int, scale: int) -> None:
        """Begin a picture.

        Args:
            width_px: before it is enlarged.
            height_px: the same.
            scale: how many times it is enlarged.
        """
        self.pixels = np.zeros((height_px * scale, width_px * scale, 3), dtype=np.uint8)
        self._scale = scale
        self._strip: Floats | None = None  # of the window to the left, where the next one replaces it

    def put(self, window: Floats, row: WindowSpan, column: WindowSpan) -> None:
        """Put an enlarged window into its place.

        Args:
            window: (height, width, 3), 0 … 1 or a little more or less; it is changed.
            row: where it lies, from top to bottom.
            column: where it lies, from left to right.
        """
        scale = self._scale
        np.clip(window, 0, 1, out=window)
        window *= 255
        left, faded, right, end = (scale * (at - column.start) for at in (*column.fade_in, *column.fade_out))
        if faded > left and self._strip is not None:
            _fade(window[:, left:faded], self._strip, _ramp(faded - left)[None, :, None])
        self._strip = window[:, right:end].copy() if end > right else None
        top, covered, _, bottom = (scale * (at - row.start) for at in (*row.fade_in, *row.fade_out))
        part = window[top:bottom, left:right]
        y, x = scale * row.fade_in[0], scale * column.fade_in[0]
        place = self.pixels[y : y + part.shape[0], x : x + part.shape[1]]
        if covered > top:
            above = place[: covered - top].astype(np.float32)
            _fade(part[: covered - top], above, _ramp(covered - top)[:, None, None])
        place[...] = part.round().astype(np.uint8)


def _fade(new: Floats, old: Floats, share: Floats) -> None:
    """Mix the old into the new one, in place; `share` is the new one's."""
    new *= share
    new += old * (1 - share)


def _ramp(length: int) -> Floats:
    """Return shares that rise evenly from nearly 0 to nearly 1."""
    return ((np.arange(length) + 0.5) / length).astype(np.float32)
