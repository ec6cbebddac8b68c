"""Photos as a training sees them: fitted to size, and varied as the model's spec asks."""

from pathlib import Path
from typing import Any

import pytest
import torch

from inference.engines.training.photos import VARIANTS, augment, photo_tensor
from tests.support.engines.creature import photo
from tests.support.tiny_models import make_spec

SIDE_PX = 32


def varied(seed: int = 1, **spec: Any) -> torch.Tensor:
    return augment(photo_tensor(photo(0), SIDE_PX, SIDE_PX), make_spec(Path("here"), **spec), seed)


def spot(at: int = SIDE_PX // 2) -> torch.Tensor:
    """Return a black picture with one white pixel in its middle row."""
    picture = -torch.ones(3, SIDE_PX, SIDE_PX)
    picture[:, SIDE_PX // 2, at] = 1
    return picture


def test_photo_is_itself_alone_where_nothing_is_asked() -> None:
    (only,) = varied()
    assert torch.equal(only, photo_tensor(photo(0), SIDE_PX, SIDE_PX))


def test_variants_differ_and_the_photo_comes_first() -> None:
    pictures = varied(train_shift=0.1, train_scale=0.1)
    assert pictures.shape == (1 + VARIANTS, 3, SIDE_PX, SIDE_PX)
    assert torch.equal(pictures[0], photo_tensor(photo(0), SIDE_PX, SIDE_PX))
    assert all(not torch.equal(pictures[0], other) for other in pictures[1:])
    assert pictures.abs().max() <= 1


def test_variants_are_the_same_for_the_same_seed() -> None:
    assert torch.equal(varied(3, train_shift=0.1), varied(3, train_shift=0.1))
    assert not torch.equal(varied(3, train_shift=0.1), varied(4, train_shift=0.1))


def test_photos_are_moved_no_further_than_asked() -> None:
    moved = augment(spot(), make_spec(Path("here"), train_shift=0.125), 2)
    places = [divmod(int(picture[0].argmax()), SIDE_PX) for picture in moved]
    assert len(set(places)) > 4
    assert all(abs(place - SIDE_PX // 2) <= SIDE_PX * 0.125 + 1 for pair in places for place in pair)


def test_photos_are_enlarged_and_shrunk() -> None:
    pictures = augment(photo_tensor(photo(0), SIDE_PX, SIDE_PX), make_spec(Path("here"), train_scale=0.3), 2)
    covered = (pictures[:, 1] < 0.5).float().mean((1, 2))  # of the creature, before a white ground
    assert covered.min() < 0.95 * covered[0]
    assert covered.max() > 1.1 * covered[0]


@pytest.mark.parametrize("asked", [True, False])
def test_photos_are_mirrored_only_where_asked(asked: bool) -> None:
    picture, spec = spot(SIDE_PX // 4), make_spec(Path("here"), train_flip=asked, train_shift=0.01)
    sides = {bool(variant[0].argmax() % SIDE_PX > SIDE_PX // 2) for variant in augment(picture, spec, 5)}
    assert sides == ({True, False} if asked else {False})
