"""A tiny model of each family that is covered."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.support.tiny_flow import make_ernie_image, make_klein, make_qwen_image, make_zimage
from tests.support.tiny_models import TINY_SD, TINY_SDXL, make_folder

# family → what writes one into a folder and returns it
TINY: Mapping[str, Callable[[Path], Path]] = {
    "sd": partial(make_folder, TINY_SD),
    "sdxl": partial(make_folder, TINY_SDXL),
    "z-image": make_zimage,
    "flux2-klein": make_klein,
    "qwen-image": make_qwen_image,
    "ernie-image": make_ernie_image,
}
