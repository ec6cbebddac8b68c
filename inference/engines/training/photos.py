"""A member's photos as the training sees them."""

import io

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor


def photo_tensor(content: bytes, width_px: int, height_px: int) -> Tensor:
    """Decode one photo, which was cleaned and re-encoded when it was taken in, and crop its middle to size.

    Parameters:
        content: a PNG.
        width_px, height_px: the model's own size.

    Returns:
        float32, shape (3, height_px, width_px), range -1 … 1.

    Raises:
        OSError: it is not a picture.
    """
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        flat = Image.new("RGB", image.size, "white")
        rgba = image.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
    fitted = ImageOps.fit(flat, (width_px, height_px), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.asarray(fitted, dtype=np.float32).copy())
    return pixels.permute(2, 0, 1) / 127.5 - 1.0
