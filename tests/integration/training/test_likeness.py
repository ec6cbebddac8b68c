"""The training bench's eye: it tells the ten subjects apart, and does not see one where another is drawn."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.bench.likeness import Gallery, Picture
from tests.bench.train import closeness, identity
from tests.support.subjects import PHOTOS, SUBJECTS, photos


@pytest.fixture(scope="module")
def sets() -> dict[str, list[Picture]]:
    return {noun: [opened(content) for content in photos(noun)] for noun in SUBJECTS}


def opened(content: bytes) -> Picture:
    image = Image.open(io.BytesIO(content)).resize((128, 128), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32) / 255


def test_a_photo_is_recognised_by_the_subjects_other_photos(sets: dict[str, list[Picture]]) -> None:
    hits = []
    for left_out in range(PHOTOS):
        others = {noun: shown[:left_out] + shown[left_out + 1 :] for noun, shown in sets.items()}
        gallery = Gallery(others)
        hits += [identity(gallery, noun, [shown[left_out]])["identity_top1"] for noun, shown in sets.items()]
    assert np.mean(hits) >= 0.9


def test_another_subject_is_not_recognised(sets: dict[str, list[Picture]]) -> None:
    gallery = Gallery(sets)
    assert identity(gallery, "owl", sets["teapot"])["identity_top1"] == 0
    noise = [np.random.default_rng(seed).random((128, 128, 3)).astype(np.float32) for seed in range(10)]
    shares = [identity(gallery, noun, noise)["identity_top1"] for noun in SUBJECTS]
    assert np.mean(shares) <= 0.1  # chance


def test_identity_is_the_share_of_pictures(sets: dict[str, list[Picture]]) -> None:
    """One that neither measure takes for the subject halves every share."""
    gallery = Gallery(sets)
    found = identity(gallery, "mascot", [sets["mascot"][0], sets["owl"][0]])
    assert found["identity_top1"] == 0.5
    assert found["identity_top1"] <= min(found["identity_top1_features"], found["identity_top1_pixels"])


def test_closeness_is_to_the_nearest_photo(sets: dict[str, list[Picture]]) -> None:
    shown = sets["mascot"]
    assert closeness([shown[3]], shown) == 99.0
    assert closeness([shown[3]], shown[:3]) < 30
