"""Whom a drawn picture shows: the nearest of several photo sets, by the judge's features and by pixels.

The judge (`inference/builtin/classifier.py`) was taught by the artwork alone and with colours exchanged, so that its
features tell shapes; 32 x 32 pixels tell colours and where they are. Somebody is recognised where both agree.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from PIL import Image

from inference.builtin import classifier

PIXELS = 32

Picture = np.ndarray  # float32, shape (height, width, 3), range 0 … 1
Features = Callable[[Picture], np.ndarray]


def judge_features() -> Features:
    """Return a function from a picture to the judge's features, of length 1."""
    judge, _ = classifier.load()

    @torch.no_grad()
    def features(picture: Picture) -> np.ndarray:
        pixels = torch.from_numpy(picture).permute(2, 0, 1)[None] * 2 - 1
        small = torch.nn.functional.interpolate(pixels, size=(classifier.JUDGED_PX,) * 2, mode="area")
        found = judge.body(small).mean((2, 3))[0]
        return np.asarray(found / found.norm())

    return features


def small_pixels(picture: Picture) -> np.ndarray:
    """Return the picture at 32 x 32 as one vector."""
    whole = Image.fromarray((picture * 255).round().astype(np.uint8))
    small = whole.resize((PIXELS, PIXELS), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel() / 255


class Gallery:
    """Photo sets by name, and who a picture shows of them."""

    def __init__(self, sets: Mapping[str, Sequence[Picture]]) -> None:
        self._measures: dict[str, Features] = {"features": judge_features(), "pixels": small_pixels}
        self._known = {
            measure: {name: [features(photo) for photo in photos] for name, photos in sets.items()}
            for measure, features in self._measures.items()
        }

    def nearest(self, picture: Picture) -> dict[str, str]:
        """Return the name of the set with the nearest photo, by each measure."""
        return {measure: self._nearest(measure, features(picture)) for measure, features in self._measures.items()}

    def _nearest(self, measure: str, vector: np.ndarray) -> str:
        apart = {
            name: min(float(np.square(vector - photo).sum()) for photo in photos)
            for name, photos in self._known[measure].items()
        }
        return min(apart, key=apart.__getitem__)


def psnr_db(one: Picture, other: Picture) -> float:
    """Peak signal-to-noise ratio of two pictures in 0 … 1; 99 where they are equal."""
    error = float(np.mean((one - other) ** 2))
    return 99.0 if error == 0 else -10 * math.log10(error)
