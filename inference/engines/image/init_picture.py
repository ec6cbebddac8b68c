"""A picture that new ones begin from: read, cropped or put onto a larger canvas. Runs on a thread beside the steps.

It was decoded in a locked-down process when it was taken in, and written anew; here it may only be a plain PNG.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageFilter, ImageOps
from torch import Tensor

from inference.engines.image.pixels import to_pixels
from inference.errors import BadRequest
from inference.requests import InitPicture

BYTES_MAX = 32 << 20
PIXELS_MAX = 16 << 20
SIDE_MIN_PX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class InitPixels:
    """A picture and its mask, in the size of what is generated."""

    picture: Tensor  # float32, (1, 3, height, width), -1 … 1, as diffusers' image processor gives it
    mask: Tensor | None = None  # float32, (1, 1, height, width): 1 where it is drawn anew, 0 where it is kept
    soft: Tensor | None = None  # float32, (1, height, width), 0 … 1: the mask, blurred, for `over`

    def over(self, drawn: Tensor) -> Tensor:
        """Put what is kept over what was drawn (3, height, width), 0 … 1, as AUTOMATIC1111 does with blurred masks."""
        if self.soft is None:
            return drawn
        return self.soft * drawn + (1 - self.soft) * (self.picture[0] / 2 + 0.5)


def read_init_picture(inputs: Mapping[str, bytes], init: InitPicture, size_px: tuple[int, int]) -> InitPixels:
    """Decode a picture and its mask, and fit them to a size: their middle, or on a canvas with their edges drawn out.

    Args:
        inputs: of the task: 'picture' and 'mask', PNGs.
        init: how they are used.
        size_px: width and height of what is generated.

    Raises:
        BadRequest: they cannot be used; the message says why.
    """
    picture, mask = open_picture(inputs.get("picture"), "image", "RGB"), None
    if init.mask:
        mask = open_picture(inputs.get("mask"), "mask", "L")
        if mask.size != picture.size:
            (width, height), (its_width, its_height) = picture.size, mask.size
            raise BadRequest(
                f"The mask has {its_width}×{its_height} px, and has to have the picture's {width}×{height}."
            )
    elif not any(init.margins_px):
        return InitPixels(picture=to_pixels(ImageOps.fit(picture, size_px, Image.Resampling.LANCZOS)))
    left, top, right, bottom = init.margins_px
    inner_px = size_px[0] - left - right, size_px[1] - top - bottom
    picture, margins = ImageOps.fit(picture, inner_px, Image.Resampling.LANCZOS), ((top, bottom), (left, right))
    canvas = Image.fromarray(np.pad(np.asarray(picture), (*margins, (0, 0)), mode="edge"))
    anew = Image.new("L", inner_px) if mask is None else ImageOps.fit(mask, inner_px, Image.Resampling.LANCZOS)
    whole = Image.fromarray(np.pad(np.asarray(anew), margins, constant_values=255))
    if init.mask_blur_px:
        whole = whole.filter(ImageFilter.GaussianBlur(init.mask_blur_px))
    soft = torch.from_numpy(np.asarray(whole, dtype=np.float32) / 255.0)[None]
    binary = (soft >= 0.5).float()[None]
    if not binary.any():
        raise BadRequest("The mask is empty. Please make white what should be drawn anew.")
    return InitPixels(picture=to_pixels(canvas), mask=binary, soft=soft if init.mask_blur_px else None)


def open_picture(content: bytes | None, what: str, mode: str) -> Image.Image:
    """Decode a picture of a task.

    Args:
        content: a PNG.
        what: it is for its member: 'image', 'mask'.
        mode: of Pillow, that it is converted to.

    Raises:
        BadRequest: it cannot be used; the message says why.
    """
    if not content:
        raise BadRequest(f"The `{what}` did not come with the request. Please send it again.")
    too_large = BadRequest(f"The `{what}` is larger than {PIXELS_MAX >> 20} megapixels. Please send a smaller one.")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as opened:  # reads the header alone
            width, height = opened.size
            if len(content) > BYTES_MAX or width * height > PIXELS_MAX:
                raise too_large
            if min(width, height) < SIDE_MIN_PX:
                raise BadRequest(f"The `{what}` is too small: both sides need at least {SIDE_MIN_PX} px.")
            if getattr(opened, "n_frames", 1) > 1:
                raise BadRequest(f"The `{what}` is animated. Please send a single picture.")
            return opened.convert(mode)
    except BadRequest:
        raise
    except Image.DecompressionBombError as error:  # by the header, too
        raise too_large from error
    except Exception as error:  # Pillow raises anything at all for a file that is damaged on purpose
        raise BadRequest(f"The `{what}` can't be read. Please send a PNG, JPEG or WebP picture.") from error
