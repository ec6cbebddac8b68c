"""Windows cover a picture, and what is put together of them is the whole."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engines.upscale.canvas import Canvas
from inference.engines.upscale.tile_sizes import STEP_MAX_S, TileSize, tile_size_for
from inference.engines.upscale.tiles import OVERLAP_PX, window_spans
from tests.support.engines.upscaling import noise


@given(length=st.integers(1, 700), tile=st.integers(32, 256))
def test_windows_lie_in_the_axis_and_each_pixel_is_finished_once(length: int, tile: int) -> None:
    spans = window_spans(length, tile)
    assert all(0 <= one.start < one.stop <= length and one.stop - one.start == min(tile, length) for one in spans)
    assert (spans[0].fade_in, spans[-1].fade_out) == ((0, 0), (length, length))
    edges = [edge for one in spans for edge in one.fade_in] + [length]
    assert edges == sorted(edges)  # no pixel is faded twice
    for before, after in pairwise(spans):
        assert before.fade_out == after.fade_in
        assert after.start < after.fade_in[0] < after.fade_in[1] < before.stop  # and none at a window's very edge
    assert all(after.start < before.stop - min(OVERLAP_PX, tile // 2) + 1 for before, after in pairwise(spans))


@given(width=st.integers(1, 90), height=st.integers(1, 90), scale=st.integers(1, 3), tile=st.integers(32, 48))
@settings(max_examples=60, deadline=None)
def test_windows_that_agree_give_the_picture_itself(width: int, height: int, scale: int, tile: int) -> None:
    picture = noise(width, height)
    canvas = Canvas(width, height, scale)
    large = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    for row in window_spans(height, tile):
        for column in window_spans(width, tile):
            part = large[scale * row.start : scale * row.stop, scale * column.start : scale * column.stop]
            canvas.put((part / 255).astype(np.float32), row, column)
    assert np.abs(canvas.pixels.astype(int) - large).max() <= 1  # rounding, twice where rows meet


def test_windows_that_disagree_fade_without_a_step() -> None:
    """Windows of black and white beside and below each other: neighbouring pixels differ by a sixteenth at most."""
    canvas, spans = Canvas(200, 200, 1), window_spans(200, 64)
    for y, row in enumerate(spans):
        for x, column in enumerate(spans):
            canvas.put(np.full((64, 64, 3), (x + y) % 2, np.float32), row, column)
    pixels = canvas.pixels.astype(int)
    assert {0, 255} <= set(np.unique(pixels))
    assert max(np.abs(np.diff(pixels, axis=axis)).max() for axis in (0, 1)) <= 255 / 16 + 1


def test_tile_is_made_smaller_by_two_slow_tiles_and_never_below_the_least() -> None:
    tile = tile_size_for("cpu", 0)
    sizes, smaller = [tile.px], []
    for _ in range(3):
        assert not tile.note(4 * STEP_MAX_S)
        assert not tile.note(STEP_MAX_S / 2)  # one alone is an accident
        assert not tile.note(4 * STEP_MAX_S)
        smaller.append(tile.note(4 * STEP_MAX_S))
        sizes.append(tile.px)
    assert sizes == [128, 60, 32, 32]  # a quarter of the pixels, and a little less
    assert smaller == [True, True, False]


@pytest.mark.parametrize(("device", "stated", "px"), [("cuda", 0, 512), ("cpu", 0, 128), ("cuda", 192, 192)])
def test_tile_begins_as_the_catalogue_or_the_device_says(device: str, stated: int, px: int) -> None:
    assert tile_size_for(device, stated).px == px


def test_tile_that_does_not_fit_is_halved_until_it_is_the_least() -> None:
    tile = TileSize(100)
    assert [tile.halve(), tile.px, tile.halve(), tile.px, tile.halve()] == [True, 50, True, 32, False]
