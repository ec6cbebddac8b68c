"""Pictures made to fit, with their parameters."""

import io

import numpy as np
import pytest
from PIL import Image

from bot.shared.files.pictures import Picture, fit, read_parameters
from inference.pictures import GenerationParameters, encode_png

PARAMETERS = GenerationParameters(
    prompt="ein rotes Herz ❤ --",
    negative="text",
    steps=20,
    sampler="DPM++ 2M",
    guidance=4.0,
    seed=7,
    width_px=256,
    height_px=256,
    model="tiny",
)


@pytest.fixture(scope="module")
def noise() -> Picture:
    """A PNG that hardly compresses."""
    pixels = np.random.default_rng(1).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    return Picture("1.png", encode_png(pixels, PARAMETERS), "noise")


def test_picture_that_fits_is_left_alone(noise: Picture) -> None:
    assert fit(noise, len(noise.content)) is noise


def test_picture_that_is_too_large_becomes_a_webp_with_its_parameters(noise: Picture) -> None:
    smaller = fit(noise, len(noise.content) // 3)
    assert smaller.name == "1.webp"
    assert len(smaller.content) <= len(noise.content) // 3
    assert smaller.alt == "noise"
    assert read_parameters(smaller.content) == PARAMETERS.text()


def test_picture_that_is_far_too_large_loses_pixels_rather_than_being_lost(noise: Picture) -> None:
    smaller = fit(noise, 10_000)
    assert len(smaller.content) <= 10_000
    assert Image.open(io.BytesIO(smaller.content)).width < 256
    assert read_parameters(smaller.content) == PARAMETERS.text()


def test_picture_that_cannot_fit_at_all_is_refused(noise: Picture) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        fit(noise, 100)


def test_parameters_of_a_foreign_picture_are_empty() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG")
    assert read_parameters(stream.getvalue()) == ""
