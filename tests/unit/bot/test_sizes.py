"""Ratios and sizes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.imagine.sizes import ASPECTS, aspect_choices, parse_size
from bot.shared.errors import BadParameter
from inference.catalogue import ImageModel, read_catalogue
from inference.pricing import price_image
from tests.support.bot.catalogues import LARGE, TINY
from tests.support.bot.jobs import REQUEST

SDXL_LIKE = LARGE.model_copy(update={"width_px": 1024, "height_px": 1024, "side_max_px": 1536, "credits": 4})


@pytest.mark.parametrize(("text", "size"), [("1:1", (128, 128)), ("3:2", (160, 104)), ("9:16", (96, 168))])
def test_ratio_keeps_about_the_models_own_pixels(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text, TINY) == size


def test_ratio_beyond_the_longest_side_is_shrunk() -> None:
    assert parse_size("4:1", TINY) == (192, 48)


def test_size_in_pixels_is_taken_as_it_is() -> None:
    assert parse_size("512 x 768", LARGE) == (512, 768)


def test_size_is_that_of_the_finished_pictures() -> None:
    assert parse_size("768x512", TINY) == (192, 128)
    with pytest.raises(BadParameter, match="sides in `aspect` are 256 to 768 px, in steps of 32"):
        parse_size("192x128", TINY)
    with pytest.raises(BadParameter, match="a size such as `512x512`"):
        parse_size("big", TINY)


def test_ratio_that_is_typed_as_a_size_is_suggested() -> None:
    with pytest.raises(BadParameter, match="Did you mean `3:2`"):
        parse_size("3x2", TINY)


@pytest.mark.parametrize(
    ("text", "size"), [("1:1", (128, 128)), ("3:2", (192, 128)), ("3:4", (128, 176)), ("16:9", (192, 112))]
)
def test_ratio_keeps_the_short_side_of_a_small_model(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text, read_catalogue().images[0]) == size


def test_ratio_that_costs_more_is_offered_with_its_price() -> None:
    offered = {choice.value: choice.name for choice in aspect_choices(read_catalogue(), None, "")}
    assert offered["1:1"] == "1:1 · 512×512 px"
    assert offered["3:2"] == "3:2 · 768×512 px · 2 credits a picture"


@pytest.mark.parametrize("aspect", [*ASPECTS, "2:1", "5:4", "21:9", "4:1"])
@pytest.mark.parametrize("model", [TINY, LARGE, SDXL_LIKE], ids=["tiny", "sd", "sdxl"])
def test_ratio_costs_no_more_than_a_square(model: ImageModel, aspect: str) -> None:
    width, height = parse_size(aspect, model)
    square = replace(REQUEST, width_px=model.width_px, height_px=model.height_px, steps=model.steps)
    assert price_image(replace(square, width_px=width, height_px=height), model) <= price_image(square, model)


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
    assert all(0 < side <= model.side_max_px and side % model.grain_px == 0 for side in size)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("model", [TINY, LARGE], ids=lambda model: model.name)
def test_offered_ratios_are_all_drawn(aspect: str, model: ImageModel) -> None:
    assert parse_size(aspect, model)
