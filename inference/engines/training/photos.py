"""A member's photos as the training sees them."""

import io

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional

from inference.catalogue import ImageModel

VARIANTS = 7  # of each photo, beside the photo itself


def photo_tensor(content: bytes, width_px: int, height_px: int) -> Tensor:
    """Decode one photo, which was cleaned and re-encoded when it was taken in, and crop its middle to size.

    Args:
        content: a PNG.
        width_px: of the model's own size.
        height_px: of the model's own size.

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


def augment(photo: Tensor, spec: ImageModel, seed: int) -> Tensor:
    """Return a photo, and variants of it that are moved, scaled and mirrored at random as far as the model's spec asks.

    What comes in from outside continues the photo's edge.

    Args:
        photo: shape (3, height, width).
        spec: how far: `train_shift`, `train_scale`, `train_flip`.
        seed: of the random numbers.

    Returns:
        Shape (n, 3, height, width), the photo first; n is 1 where the spec asks for nothing.
    """
    if not (spec.train_shift or spec.train_scale or spec.train_flip):
        return photo[None]
    generator = torch.Generator("cpu").manual_seed(seed)

    def uniform(most: float) -> Tensor:
        return most * (2 * torch.rand(VARIANTS, generator=generator) - 1)

    zoom = 1 + uniform(spec.train_scale)
    mirrored = torch.where(uniform(1.0) < 0, -1.0, 1.0) if spec.train_flip else torch.ones(VARIANTS)
    zero = torch.zeros(VARIANTS)
    across = torch.stack([mirrored / zoom, zero, 2 * uniform(spec.train_shift)], 1)  # the grid's sides are 2 long
    down = torch.stack([zero, 1 / zoom, 2 * uniform(spec.train_shift)], 1)
    grid = functional.affine_grid(torch.stack([across, down], 1), [VARIANTS, *photo.shape], align_corners=False)
    shown = photo.expand(VARIANTS, *photo.shape)
    moved = functional.grid_sample(shown, grid, padding_mode="border", align_corners=False)
    return torch.cat([photo[None], moved])
