"""The photos on the card before a training, and the steps of its filmstrip, with their numbers."""

import io

import numpy as np
import pytest
from PIL import Image

from bot.features.train.numbered_pictures import SIDE_PX, tiles, with_badge
from bot.shared.files.photos import Photo
from inference.decoders.photos import Verdict
from tests.support.files.photos import encoded

WHITE = encoded(Image.new("RGB", (300, 200), "white"))


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)


def test_every_photo_has_a_tile_also_those_of_which_nothing_could_be_seen() -> None:
    photos = [
        Photo(verdict=Verdict.GOOD, sha256="", content=b"png", thumbnail=WHITE),
        Photo(verdict=Verdict.BLANK, sha256="", thumbnail=WHITE),
        Photo(verdict=Verdict.NOT_FETCHED, sha256=""),
    ]
    good, blank, missing = tiles(photos)
    assert [one.name for one in (good, blank, missing)] == ["photo-1.webp", "photo-2.webp", "photo-3.webp"]
    assert all(pixels(one.content).shape == (SIDE_PX, SIDE_PX, 3) for one in (good, blank, missing))
    assert good.alt == "Photo 1"
    assert blank.alt == "Photo 2, which can't be used"
    edge = [pixels(one.content)[-4:, :, :].mean() for one in (good, blank, missing)]
    assert edge[0] > 250 > 150 > edge[1] > edge[2]  # as it is, dimmed, nothing there


@pytest.mark.parametrize("number", [1, 10, 2000])
def test_number_stands_in_the_corner_and_nothing_else_changes(number: int) -> None:
    before, after = pixels(WHITE), pixels(with_badge(WHITE, number))
    changed = np.argwhere((before != after).any(axis=2))
    assert (changed.max(axis=0) < 100).all()
    assert (after[changed[:, 0], changed[:, 1]] < 128).any()
    inside = after[12:88, 12:88]
    assert (inside > 200).any()  # digits, light on dark


def test_number_covers_less_than_a_twentieth_of_the_picture() -> None:
    before, after = pixels(WHITE), pixels(with_badge(WHITE, 180))
    assert (before != after).any(axis=2).mean() < 0.08


def test_numbers_look_different() -> None:
    assert len({with_badge(WHITE, number) for number in range(1, 11)}) == 10
