"""The pictures that a member brought along, read from their task. Runs on a thread beside the steps."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from inference.engines.image.init_picture import InitPixels, open_picture, read_init_picture
from inference.errors import BadRequest
from inference.requests import ImageRequest

# Source: `check_image_input` of diffusers' Flux2ImageProcessor, and what its pipelines do with larger ones
REFERENCE_SIDE_MIN_PX = 64
REFERENCE_RATIO_MAX = 8
REFERENCE_PX_MAX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPictures:
    """What a request's pictures are made from beside words and noise."""

    init: InitPixels | None = None
    references: tuple[Image.Image, ...] = ()  # RGB, of a megapixel at most

    def over(self, drawn: Tensor) -> Tensor:
        """Put what is kept of an init picture over what was drawn (3, height, width), 0 … 1."""
        return drawn if self.init is None else self.init.over(drawn)


NO_PICTURES = TaskPictures()


def read_task_pictures(inputs: Mapping[str, bytes], request: ImageRequest) -> TaskPictures:
    """Decode what a request brought along.

    Args:
        inputs: of the task.
        request: that names them.

    Raises:
        BadRequest: one cannot be used; the message says why.
    """
    init = None
    if request.init is not None:
        init = read_init_picture(inputs, request.init, (request.width_px, request.height_px))
    references = [inputs.get(f"reference-{index}") for index in range(len(request.references))]
    return TaskPictures(init=init, references=tuple(_reference(content) for content in references))


def _reference(content: bytes | None) -> Image.Image:
    picture = open_picture(content, "image", "RGB")
    width, height = picture.size
    if min(width, height) < REFERENCE_SIDE_MIN_PX:
        raise BadRequest(f"The `image` is too small: both sides need at least {REFERENCE_SIDE_MIN_PX} px.")
    if max(width, height) > REFERENCE_RATIO_MAX * min(width, height):
        raise BadRequest(f"The `image` is too long and narrow. Please crop it to at most {REFERENCE_RATIO_MAX}:1.")
    if width * height <= REFERENCE_PX_MAX:
        return picture
    scale = math.sqrt(REFERENCE_PX_MAX / (width * height))
    return picture.resize((int(width * scale), int(height * scale)), Image.Resampling.LANCZOS)
