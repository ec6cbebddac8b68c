"""Canvases around finished pictures: as large as their change says, and never larger than the model draws."""

from dataclasses import replace

import pytest

from bot.features.vary.changes import CANVASES, Change, canvas_for
from bot.shared.errors import Refused
from inference.catalogue import ImageModel
from tests.support.bot.catalogues import LARGE, TINY
from tests.support.bot.jobs import REQUEST


@pytest.mark.parametrize("change", CANVASES)
@pytest.mark.parametrize(("model", "size"), [(TINY, (128, 176)), (LARGE, (512, 640)), (LARGE, (512, 512))])
def test_canvas_fits_the_model_and_keeps_the_ratio_of_what_is_in_it(
    change: Change, model: ImageModel, size: tuple[int, int]
) -> None:
    image = replace(REQUEST, width_px=size[0], height_px=size[1])
    try:
        canvas = canvas_for(change, image, model)
    except Refused:
        assert change is Change.SQUARE or max(size) + 64 > model.side_max_px
        return
    left, top, right, bottom = canvas.margins_px
    inner = canvas.width_px - left - right, canvas.height_px - top - bottom
    assert inner[0] / inner[1] == pytest.approx(size[0] / size[1], rel=0.02)
    assert abs(left - right) <= 1 or change in (Change.LEFT, Change.RIGHT)
    for side in (canvas.width_px, canvas.height_px):
        assert side <= model.side_max_px
        assert side % model.grid_px == 0


def test_pan_grows_by_half_or_by_what_is_left_and_else_says_what_works() -> None:
    assert canvas_for(Change.UP, replace(REQUEST, height_px=128), TINY).height_px == 192
    assert canvas_for(Change.UP, replace(REQUEST, height_px=160), TINY).margins_px == (0, 32, 0, 0)
    with pytest.raises(Refused, match=r"up to 768 px.*Zoom out"):
        canvas_for(Change.UP, replace(REQUEST, height_px=184), TINY)
