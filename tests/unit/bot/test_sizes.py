"""Ratios and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.imagine.sizes import ASPECTS, grain_px, parse_size
from bot.shared.errors import BadParameter
from inference.catalogue import ImageModel
from tests.support.bot.catalogues import LARGE, TINY


@pytest.mark.parametrize(("text", "size"), [("1:1", (128, 128)), ("3:2", (160, 104)), ("9:16", (96, 168))])
def test_ratio_keeps_about_the_models_own_pixels(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text, TINY) == size


def test_ratio_beyond_the_longest_side_is_shrunk() -> None:
    assert parse_size("4:1", TINY) == (192, 48)


def test_size_in_pixels_is_taken_as_it_is() -> None:
    assert parse_size("512 x 768", LARGE) == (512, 768)


@pytest.mark.parametrize(
    "text", ["5:1", "0:1", "1:0", "big", "3", "100x100", "2048x2048", "64x64", "512x", "1:1:1", ""]
)
def test_size_that_cannot_be_drawn_is_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        parse_size(text, LARGE)


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([TINY, LARGE]))
def test_any_ratio_gives_a_size_that_the_model_can_draw(across: int, down: int, model: ImageModel) -> None:
    try:
        size = parse_size(f"{across}:{down}", model)
    except BadParameter:
        assert max(across, down) / min(across, down) > 4
        return
    assert all(0 < side <= model.side_max_px and side % grain_px(model) == 0 for side in size)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("model", [TINY, LARGE], ids=lambda model: model.name)
def test_offered_ratios_are_all_drawn(aspect: str, model: ImageModel) -> None:
    assert parse_size(aspect, model)
