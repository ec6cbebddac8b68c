"""The compact network of Real-ESRGAN, which needs no library: convolutions at the picture's own size, then a shuffle.

Source: `SRVGGNetCompact` in Real-ESRGAN (realesrgan/archs/srvgg_arch.py); spandrel reads the same files.
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

FIRST, LAYER = "body.0.weight", "body.{}.weight"


class CompactNetwork(nn.Module):
    """Enlarges by what it adds to the nearest-neighbour enlargement.

    `body` is a convolution and a PReLU, `depth` times the same at full width, and a convolution to scale² × 3 channels.
    """

    def __init__(self, *, width: int, depth: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.body = nn.ModuleList([nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)])
        for _ in range(depth):
            self.body += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        self.body.append(nn.Conv2d(width, 3 * scale * scale, 3, padding=1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Enlarge (n, 3, h, w) in 0 … 1 to (n, 3, h · scale, w · scale)."""
        features = pixels
        for layer in self.body:
            features = layer(features)
        added = functional.pixel_shuffle(features, self.scale)
        return added + functional.interpolate(pixels, scale_factor=self.scale, mode="nearest")


def compact_sizes(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, int, int] | None:
    """Return width, depth and scale of the compact network with parameters of these shapes; None: they are another's.

    A scale that is no whole number of pixels is another network's as well, and so are pictures that are not RGB.
    """
    last = (len({name.split(".")[1] for name in shapes if name.startswith("body.")}) - 1) if shapes else -1
    first, end = shapes.get(FIRST, ()), shapes.get(LAYER.format(last), ())
    if last < 2 or last % 2 or len(first) != 4 or len(end) != 4 or first[1] != 3:
        return None
    width, scale = first[0], round((end[0] / 3) ** 0.5)
    sizes = width, (last - 2) // 2, scale
    with torch.device("meta"):
        expected = CompactNetwork(width=width, depth=sizes[1], scale=max(1, scale)).state_dict()
    return sizes if {name: tuple(one.shape) for name, one in expected.items()} == dict(shapes) else None


def read_compact(weights: Mapping[str, torch.Tensor]) -> CompactNetwork | None:
    """Return the compact network with these weights, in float32 on the CPU; None: they are another network's."""
    sizes = compact_sizes({name: tuple(one.shape) for name, one in weights.items()})
    if sizes is None:
        return None
    width, depth, scale = sizes
    with torch.device("meta"):
        network = CompactNetwork(width=width, depth=depth, scale=scale)
    network.load_state_dict({name: one.float() for name, one in weights.items()}, assign=True)
    return network.requires_grad_(False).eval()
