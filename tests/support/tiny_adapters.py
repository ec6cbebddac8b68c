"""LoRA files with random weights, in the layouts that diffusers and peft write."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import safetensors.torch
import torch

from inference.engines.image.families.loaded_model import LoadedModel

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "q_proj", "v_proj")
EVERYTHING = (*ATTENTION, "net.0.proj", "net.2", "proj_in", "proj_out", "conv1", "time_emb_proj", "fc1")


def make_tensors(
    model: LoadedModel,
    *,
    rank: int = 4,
    seed: int = 0,
    parts: Iterable[str] = ("unet",),
    endings: Iterable[str] = ATTENTION,
    strength: float = 0.3,
    dtype: torch.dtype = torch.float32,
) -> dict[str, torch.Tensor]:
    """Return random factors, by peft's keys.

    Args:
        model: the model that they are for.
        rank: of the factors.
        seed: of the random numbers.
        parts: the parts of the model, such as "unet".
        endings: the layers whose names have one of these endings.
        strength: the standard deviation of the upper factors.
        dtype: of the tensors.
    """
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for part in parts:
        for name, layer in model.layers[part].items():
            if not name.endswith(tuple(endings)):
                continue
            weight = layer.weight
            ones = (1,) * (weight.dim() - 2)
            down = torch.randn(rank, *weight.shape[1:], generator=generator) / weight[0].numel() ** 0.5
            up = torch.randn(weight.shape[0], rank, *ones, generator=generator) * strength
            tensors[f"{part}.{name}.lora_A.weight"] = down.to(dtype)
            tensors[f"{part}.{name}.lora_B.weight"] = up.to(dtype)
    return tensors


def make_adapter(model: LoadedModel, *, metadata: Mapping[str, Any] | None = None, **choice: Any) -> bytes:
    """Return a LoRA file for a model; `metadata` is what diffusers keeps of its configuration."""
    notes = {"lora_adapter_metadata": json.dumps(metadata)} if metadata is not None else {}
    return safetensors.torch.save(make_tensors(model, **choice), {"format": "pt", **notes})
