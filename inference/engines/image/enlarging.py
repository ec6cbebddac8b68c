"""A small model's own upscaler: what it draws is enlarged for the chat by a network instead of Lanczos."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from inference.engines.compact_network import CompactNetwork, read_compact
from inference.engines.weight_files import check_safetensors
from inference.errors import ModelUnusable

ENLARGER_FILE = Path("upscaler", "upscaler.safetensors")  # in a model's folder


class PictureEnlarger:
    """A compact network on the CPU; it runs on the threads that encode files, beside the steps."""

    name = "SRVGGNetCompact"  # as it is recorded in pictures

    def __init__(self, network: CompactNetwork) -> None:
        """Take a network in float32."""
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Enlarge one picture (3, h, w) in 0 … 1 to (3, h · scale, w · scale) in 0 … 1."""
        enlarged: torch.Tensor = self._network(image[None].float().contiguous(memory_format=torch.channels_last))
        return enlarged[0].clamp(0, 1)


def read_enlarger(folder: Path, scale: int) -> PictureEnlarger | None:
    """Return the upscaler in a model's folder; None: it has none, or nothing is to be enlarged.

    Args:
        folder: the model's, checked.
        scale: how many times as wide and high its pictures are to be.

    Raises:
        ModelUnusable: it is a link to elsewhere, damaged, another architecture's, or of another scale.
    """
    file = folder / ENLARGER_FILE
    if scale == 1 or not file.is_file():
        return None
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ModelUnusable(f"{folder.name}: {ENLARGER_FILE} is a link to outside the folder.")
    check_safetensors(file)
    network = read_compact(load_file(file))
    if network is None or network.scale != scale:
        raise ModelUnusable(f"{folder.name}: {ENLARGER_FILE} is no compact network that enlarges {scale} times.")
    return PictureEnlarger(network)
