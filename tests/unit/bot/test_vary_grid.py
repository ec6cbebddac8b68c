"""The grid over a picture, and the mask of its cells: each cell is drawn anew once, and no pixel twice."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bot.features.vary.grid import CELLS, mask_of, numbered
from bot.features.vary.sources import with_words
from inference.requests import SubjectUse
from tests.support.bot.jobs import REQUEST
from tests.support.files.photos import encoded, picture


@pytest.mark.parametrize("size", [(128, 128), (130, 77)])
def test_cells_cover_the_picture_and_do_not_overlap(size: tuple[int, int]) -> None:
    content = encoded(picture(width=size[0], height=size[1]))
    masks = [np.asarray(Image.open(io.BytesIO(mask_of([cell], content)))) // 255 for cell in range(1, CELLS + 1)]
    assert np.array_equal(np.sum(masks, axis=0), np.ones(size[::-1]))
    assert masks[0][0, 0] == masks[3][0, -1] == masks[12][-1, 0] == masks[15][-1, -1] == 1


def test_numbered_picture_is_the_picture_with_something_in_every_cell() -> None:
    shown = Image.open(io.BytesIO(numbered(encoded(Image.new("RGB", (1600, 800), "red")))))
    assert (shown.format, shown.size) == ("WEBP", (768, 384))
    pixels = np.asarray(shown.convert("RGB")).reshape(4, 96, 4, 192, 3)
    assert (pixels.min(axis=(1, 3))[..., 0] < 60).all()  # a dark badge
    assert (np.median(pixels, axis=(1, 3))[..., 0] > 200).all()  # on what is still red


def test_other_words_keep_subjects_only_where_the_words_that_name_them_stay() -> None:
    use = SubjectUse("1", 1.0, "zkv dog")
    image = replace(
        REQUEST, prompt="zkv dog on grass", typed="Rex on grass", subjects=(use,), parameters=("--subject Rex",)
    )
    more = with_words(image, "Rex on grass, in a hat")
    assert (more.prompt, more.words, more.subjects) == ("zkv dog on grass, in a hat", "Rex on grass, in a hat", (use,))
    other = with_words(image, "a red ball")
    assert (other.prompt, other.words, other.subjects, other.parameters) == ("a red ball", "a red ball", (), ())
