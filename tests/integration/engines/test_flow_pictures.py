"""Flow families: pictures that begin from a picture or a mask are diffusers', whoever shares their passes."""

from typing import Any

import numpy as np
import pytest

from inference.requests import ImageRequest, InitPicture, Variation
from tests.support.engines.flow import Tried
from tests.support.engines.harness import assert_same, make_request
from tests.support.engines.init_pictures import PICTURES, canvas, picture_of

AROUND = (4, 2, 8, 0)  # margins of a canvas


def beginning(tried: Tried, strength: float, *, key: str = "1", init: Any = None, **fields: Any) -> ImageRequest:
    """Ask for a picture that begins from another."""
    fields.setdefault("guidance", tried.case.guidances[1])
    fields.setdefault("width_px", 32)
    return make_request(init=InitPicture(key=key, strength=strength, **(init or {})), **fields)


@pytest.mark.parametrize("init", [{}, {"mask": "left"}, {"mask": "hole", "margins_px": AROUND}, {"margins_px": AROUND}])
def test_picture_from_a_picture_equals_diffusers(tried: Tried, init: dict[str, Any]) -> None:
    harness = tried.harness()
    for strength, steps, guided, count in ((0.3, 5, True, 2), (1.0, 2, False, 1)):
        asked: dict[str, Any] = {
            "steps": steps,
            "count": count,
            "guidance": tried.case.guidances[guided],
            "negative": "blue",
        }
        request = beginning(tried, strength, init=init, **asked)
        drawn = harness.draw(request, picture_of(request))
        for index in range(count):
            assert_same(drawn.pictures[f"picture-{index + 1}.png"], tried.reference.picture(request, index))
    harness.close()


def test_step_that_strength_only_begins_is_made(tried: Tried) -> None:
    harness = tried.harness()
    request = beginning(tried, 0.6, steps=4)  # 2.4 of them
    assert harness.draw(request, picture_of(request)).finished.total == 3
    harness.close()


def test_picture_that_it_begins_from_and_its_mask_are_seen_in_what_is_drawn(tried: Tried) -> None:
    """Else it would be no wonder that pictures are equal."""
    harness = tried.harness()
    asked = [
        *(beginning(tried, 0.3, key=key) for key in PICTURES),
        *(beginning(tried, 0.9, steps=2, init=init) for init in ({}, {"mask": "left"}, {"mask": "hole"})),
    ]
    drawn = [harness.draw(one, picture_of(one)).pictures["picture-1.png"] for one in asked]
    for first, second in ((0, 1), (2, 3), (3, 4)):
        assert np.abs(drawn[first] - drawn[second]).max() > 3
    harness.close()


def test_blurred_mask_keeps_the_picture_pixel_by_pixel_where_it_is_black(tried: Tried) -> None:
    harness = tried.harness()
    init = {"mask": "left", "mask_blur_px": 1}
    request = beginning(tried, 1.0, init=init, width_px=64, height_px=32, steps=2)
    drawn = harness.draw(request, picture_of(request)).pictures["picture-1.png"]
    kept = np.asarray(canvas(request)).astype(np.int16)
    assert (drawn[:, 40:] == kept[:, 40:]).all()
    assert np.abs(drawn[:, :24] - kept[:, :24]).max() > 8
    harness.close()


def test_variation_is_between_its_own_noise_and_the_others(tried: Tried) -> None:
    harness, fields = tried.harness(), {"guidance": tried.case.guidances[0], "width_px": 32}
    own, other = (tried.reference.picture(make_request(seed=seed, **fields), 0) for seed in (3, 11))
    drawn = [
        harness.draw(make_request(seed=3, variation=Variation(seed=11, strength=strength), **fields))
        for strength in (0.0, 0.4, 1.0)
    ]
    none, some, whole = (each.pictures["picture-1.png"] for each in drawn)
    assert_same(none, own)
    assert_same(whole, other)
    assert min(np.abs(some - own).max(), np.abs(some - other).max()) > 8
    harness.close()
