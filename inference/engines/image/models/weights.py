"""A network of a checked folder: built without numbers, its weights mapped from their files, then put onto a device.

Between the file and the device there is no second copy in memory: what is mapped are pages of the file, which the
operating system drops and reads again as it likes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from torch import Tensor, nn

from inference.engines.image.families.family import Family, Part
from inference.engines.image.models.folders import CheckedFolder
from inference.engines.weight_files import stored_dtypes
from inference.errors import ModelUnusable

_DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def read_network(folder: CheckedFolder, part: Part) -> nn.Module:
    """Build a component on the CPU, with its weights as its files have them; every one has to come from there.

    Raises:
        ModelUnusable: the files lack weights.
    """
    options: dict[str, Any] = {"use_safetensors": True, "local_files_only": True, "output_loading_info": True}
    path, stored = folder.path / part.name, stored_dtype(folder.path / part.name)
    if part.library == "transformers":
        kind = getattr(transformers, folder.classes[part.name])
        # a configuration may name an attention kernel to be fetched: ours is the built-in one
        options["attn_implementation"] = "sdpa" if getattr(kind, "_supports_sdpa", True) else "eager"
        network, info = _of_transformers(kind, stored).from_pretrained(path, dtype=torch.float32, **options)
    else:
        kind = getattr(diffusers, folder.classes[part.name])
        network, info = _of_diffusers(kind).from_pretrained(path, torch_dtype=stored, **options)
    if missing := sorted(info.get("missing_keys") or ()):
        # the libraries only warn, and draw the rest at random
        raise ModelUnusable(f"{folder.path.name}: {part.name} lacks {len(missing)} weights, among them {missing[0]}.")
    return network.eval().requires_grad_(False)  # type: ignore[no-any-return]


def stored_dtype(folder: Path) -> torch.dtype:
    """Return the precision of all weights in a component's files, or float32 where they have several."""
    found = {dtype for file in folder.glob("*.safetensors") for dtype in stored_dtypes(file)}
    return _DTYPES.get(found.pop(), torch.float32) if len(found) == 1 else torch.float32


@dataclass(frozen=True, slots=True, eq=False)
class WeightMove:
    """A weight, and how it is to be on the device."""

    tensor: Tensor
    device: torch.device
    dtype: torch.dtype
    layout: torch.memory_format

    @property
    def size_bytes(self) -> int:
        """Bytes on the device."""
        return self.tensor.numel() * self.dtype.itemsize

    def carry_out(self) -> None:
        """Put it there."""
        self.tensor.data = self.tensor.data.to(self.device, self.dtype, memory_format=self.layout)


def weight_moves(
    family: Family, name: str, network: nn.Module, device: torch.device, dtype: torch.dtype
) -> dict[str, WeightMove]:
    """Return how a component's weights are to be on the device, by their names, in the precision that it computes in.

    What a network has computed for itself, such as the frequencies of positions, stays exact, as in the libraries.
    """
    if name == "vae":
        dtype = family.vae_dtype(network, dtype)
    stored = network.state_dict().keys()
    flat = all(weight.dim() != 5 for weight in network.parameters())  # convolutions over time have no channels last
    return {
        key: WeightMove(
            tensor,
            device,
            dtype if key in stored and tensor.is_floating_point() else tensor.dtype,
            torch.channels_last if flat and tensor.dim() == 4 else torch.preserve_format,
        )
        for key, tensor in (*network.named_parameters(), *network.named_buffers())
    }


def place(family: Family, name: str, part: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """Move a component to the device, weight by weight; a tokenizer stays what it is."""
    if isinstance(part, nn.Module):
        for move in weight_moves(family, name, part, device, dtype).values():
            move.carry_out()
    return part


def _of_diffusers(kind: Any) -> Any:
    """Return a class of diffusers that does not set torch's default dtype while it builds.

    It would be that of the whole process, and lanes of other models are being stepped meanwhile.
    """
    unset = classmethod(lambda cls, dtype: torch.get_default_dtype())
    return type(kind.__name__, (kind,), {"__module__": kind.__module__, "_set_default_torch_dtype": unset})


def _of_transformers(kind: Any, stored: torch.dtype) -> Any:
    """Return a class of transformers that is built for float32, the default dtype, and takes weights as they are."""

    def load(network: nn.Module, *arguments: Any, **options: Any) -> Any:
        for tensor in network.state_dict(keep_vars=True).values():
            if tensor.is_floating_point():
                tensor.data = tensor.data.to(stored)  # there are no numbers in it yet
        return kind._load_pretrained_model(network, *arguments, **options)

    return type(kind.__name__, (kind,), {"__module__": kind.__module__, "_load_pretrained_model": staticmethod(load)})
