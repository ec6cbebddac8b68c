"""What an upscaled picture costs, and which upscaler fits it."""

import pytest

from bot.features.upscale.upscalers import fitting_upscaler
from inference.catalogue import Catalogue
from inference.pricing import price_of
from inference.requests import SubjectUse, from_json, to_json
from tests.support.bot.catalogues import LARGE, TINY
from tests.support.engines.upscaling import upscaler_spec
from tests.support.fakes.requests import image_request, upscale_request

FOUR, TWO = upscaler_spec("./four", name="four", scale=4, credits=3), upscaler_spec("./two", name="two", scale=2)
KNOWN = Catalogue(images=(TINY, LARGE), speech=(), upscalers=(FOUR, TWO))


@pytest.mark.parametrize(
    ("model", "side", "scale", "rounds", "price"),
    [
        ("two", 512, 2, 1, 1),
        ("two", 1024, 2, 1, 1),
        ("two", 1025, 2, 1, 2),
        ("four", 128, 4, 2, 3),
        ("four", 1024, 4, 1, 12),
    ],
)
def test_price_is_by_the_four_megapixels_of_the_result_that_are_begun(
    model: str, side: int, scale: int, rounds: int, price: int
) -> None:
    assert price_of(upscale_request(side, side, model=model, scale=scale, rounds=rounds), KNOWN) == price


@pytest.mark.parametrize(
    ("generated", "finished", "limit_mp", "fits"),
    [
        (512, 512, 16, ("four", 1)),
        (512, 512, 3, ("two", 1)),  # 2048² would be four megapixels
        (128, 512, 16, ("four", 2)),  # its model enlarges four times by itself: once more would be the same size
        (128, 512, 3, ("two", 3)),
        (1024, 1024, 4, ("two", 1)),
        (1024, 1024, 3, None),
    ],
)
def test_first_upscaler_fits_whose_result_is_larger_than_what_was_seen_and_not_too_large(
    generated: int, finished: int, limit_mp: int, fits: tuple[str, int] | None
) -> None:
    image = image_request(width_px=generated, height_px=generated)
    found = fitting_upscaler(KNOWN, image, (finished, finished), result_px_max=limit_mp << 20)
    assert (found and (found.model.name, found.rounds)) == fits


def test_request_survives_the_database() -> None:
    request = upscale_request(rounds=2, subjects=(SubjectUse("rex", 0.8, "sks dog"),))
    assert from_json(to_json(request)) == request
