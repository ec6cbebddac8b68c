"""Pictures as numbers."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def to_pixels(picture: Image.Image) -> Tensor:
    """Return a picture in RGB as diffusers' image processor gives it: (1, 3, height, width) float32, -1 … 1."""
    pixels = torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255.0)
    return 2.0 * pixels.permute(2, 0, 1)[None] - 1.0
