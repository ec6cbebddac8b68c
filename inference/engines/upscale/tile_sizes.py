"""How large a tile may be: halved where memory does not suffice, and small enough not to keep others waiting."""

import math

from inference.catalogue import TILE_MIN_PX

CPU_TILE_PX, GPU_TILE_PX = 128, 512
STEP_MAX_S = 0.4  # of one tile; who draws pictures meanwhile waits for as long
SLOW_TILES = 2  # one after the other are no accident: the first of a size is slower, and others want the cores too
MARGIN = 0.95  # tiles that were too slow become a little smaller than should do


class TileSize:
    """The side of one upscaler's tiles, before they are enlarged, on one device."""

    def __init__(self, px: int) -> None:
        self.px = max(TILE_MIN_PX, px)
        self._slow = 0

    def halve(self) -> bool:
        """Make tiles smaller after one did not fit into memory; return whether they can be."""
        self._slow = 0
        if self.px <= TILE_MIN_PX:
            return False
        self.px = max(TILE_MIN_PX, self.px // 2)
        return True

    def note(self, seconds: float) -> bool:
        """Take note of how long a tile took; return whether tiles are smaller from now on."""
        self._slow = self._slow + 1 if seconds > STEP_MAX_S else 0
        if self._slow < SLOW_TILES or self.px <= TILE_MIN_PX:
            return False
        self._slow = 0
        self.px = max(TILE_MIN_PX, int(self.px * MARGIN * math.sqrt(STEP_MAX_S / seconds)))
        return True


def tile_size_for(device_type: str, tile_px: int) -> TileSize:
    """Return the size to begin with: the catalogue's, or the device's where that says 0."""
    return TileSize(tile_px or (GPU_TILE_PX if device_type == "cuda" else CPU_TILE_PX))
