"""A picture that new ones begin from: read, and cropped to their size. Runs on a thread beside the steps.

It was decoded in a locked-down process when it was taken in, and written anew; here it may only be a plain PNG.
"""

import io

import numpy as np
import torch
from PIL import Image, ImageOps

from inference.errors import BadRequest

BYTES_MAX = 32 << 20
PIXELS_MAX = 16 << 20
SIDE_MIN_PX = 8


def read_init_picture(content: bytes | None, size_px: tuple[int, int]) -> torch.Tensor:
    """Decode a picture, and crop its middle to a size.

    Args:
        content: a PNG; None: there is none, although there should be.
        size_px: width and height of what is generated.

    Returns:
        float32, shape (1, 3, height, width), range -1 … 1, as diffusers' image processor gives it.

    Raises:
        BadRequest: it cannot be used; the message says why.
    """
    if not content:
        raise BadRequest("The `image` did not come with the request. Please send it again.")
    fitted = ImageOps.fit(_decoded(content), size_px, Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.asarray(fitted, dtype=np.float32) / 255.0)
    return 2.0 * pixels.permute(2, 0, 1)[None] - 1.0


def _decoded(content: bytes) -> Image.Image:
    too_large = BadRequest(f"The `image` is larger than {PIXELS_MAX >> 20} megapixels. Please send a smaller one.")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as opened:  # reads the header alone
            width, height = opened.size
            if len(content) > BYTES_MAX or width * height > PIXELS_MAX:
                raise BadRequest(
                    f"The `image` is larger than {PIXELS_MAX >> 20} megapixels. Please send a smaller one."
                )
            if min(width, height) < SIDE_MIN_PX:
                raise BadRequest(f"The `image` is too small: both sides need at least {SIDE_MIN_PX} px.")
            if getattr(opened, "n_frames", 1) > 1:
                raise BadRequest("The `image` is animated. Please send a single picture.")
            return opened.convert("RGB")
    except BadRequest:
        raise
    except Image.DecompressionBombError as error:  # by the header, too
        raise too_large from error
    except Exception as error:  # Pillow raises anything at all for a file that is damaged on purpose
        raise BadRequest("The `image` can't be read. Please send a PNG, JPEG or WebP picture.") from error
