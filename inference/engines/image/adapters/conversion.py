"""A LoRA file from elsewhere, converted once into the form that is read at run time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from inference.engines.image.adapters.foreign import peft_tensors
from inference.engines.image.adapters.header import LORA_MAX_BYTES, SCALARS, read_file_header
from inference.engines.image.adapters.lora_files import SOURCE_AUTOV3
from inference.engines.image.adapters.reading import autov3_of_file, read_layers
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import AdapterRejected


@dataclass(frozen=True, slots=True)
class ConvertedLora:
    """What was found in a file as it was converted."""

    rank: int  # the largest of its layers'
    layers: Mapping[str, int]  # component → how many of its layers are changed
    told: Mapping[str, str]  # what its maker wrote beside the tensors


def convert_lora(source: Path, target: Path, model: LoadedModel) -> ConvertedLora:
    """Write a LoRA file anew under peft's names, after all that is checked of one before it is used.

    Args:
        source: a safetensors file of kohya's, LyCORIS', diffusers' or peft's making; it is mapped, not read at once.
        target: where to write.
        model: the base model, or its skeleton.

    Raises:
        AdapterRejected: it is no LoRA, none for this model, or malformed; the message says what is wrong.
    """
    header = read_file_header(source, most_bytes=LORA_MAX_BYTES, scalars=SCALARS)
    try:
        tensors = safetensors.torch.load_file(source)
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise AdapterRejected(f"The adapter is not a readable safetensors file: {error}") from error
    settings = header.metadata.get("lora_adapter_metadata")
    renamed = tensors if settings else peft_tensors(tensors, model)
    layers = read_layers(renamed, header.settings, model)
    kept = {"format": "pt", SOURCE_AUTOV3: autov3_of_file(source)} | (
        {"lora_adapter_metadata": settings} if settings else {}
    )
    safetensors.torch.save_file(_apart(renamed), target, kept)
    return ConvertedLora(
        rank=max(factor.down.shape[0] for factors in layers.values() for factor in factors.values()),
        layers={component: len(factors) for component, factors in layers.items()},
        told=header.metadata,
    )


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors of which no two lie at one place: a layer that was split has one matrix for all of its parts."""
    seen: set[int] = set()
    apart = {}
    for key, tensor in tensors.items():
        whole = tensor.contiguous()
        apart[key] = whole.clone() if whole.data_ptr() in seen else whole
        seen.add(whole.data_ptr())
    return apart
