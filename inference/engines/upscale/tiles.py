"""Where the windows of a picture lie, along one axis, and where each fades into the next. Pure.

A network sees a window without what is around it, so it is wrong near the window's edges. Windows overlap, what is
near an edge is thrown away, and in the middle of the overlap one window fades into the next:

    window 0  ├───────────────────┤
    window 1              ├───────────────────┤
                           ░░░░░     faded here; what each has beyond that is thrown away
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

OVERLAP_PX = 32  # of neighbours; the compact network with 16 layers sees 18 pixels far
FADE_PX = 16  # of that, in the middle; smaller windows fade faster, so that no pixel is faded twice


@dataclass(frozen=True, slots=True)
class WindowSpan:
    """One window along one axis, in pixels of what is enlarged, as counted from the picture's beginning."""

    start: int
    stop: int
    fade_in: tuple[int, int]  # where it replaces the window before it; both its start: there is none
    fade_out: tuple[int, int]  # where the next one replaces it; both its stop: there is none


def window_spans(length_px: int, tile_px: int, overlap_px: int = OVERLAP_PX) -> Sequence[WindowSpan]:
    """Return as few windows as cover an axis, spread evenly, each of `tile_px` or of the whole length.

    Args:
        length_px: of the axis, at least 1.
        tile_px: side of a window.
        overlap_px: of neighbours, at least; no more than half of a window.
    """
    tile_px = min(tile_px, length_px)
    overlap_px = min(overlap_px, tile_px // 2)
    steps = -(-(length_px - tile_px) // max(1, tile_px - overlap_px))
    starts = [round(number * (length_px - tile_px) / steps) for number in range(steps)] if steps else []
    starts.append(length_px - tile_px)
    half_px = min(FADE_PX // 2, tile_px // 8)
    middles = [(after + before + tile_px) // 2 for before, after in pairwise(starts)]
    fades = [(0, 0), *((middle - half_px, middle + half_px) for middle in middles), (length_px, length_px)]
    return [WindowSpan(start, start + tile_px, *fades[at : at + 2]) for at, start in enumerate(starts)]
