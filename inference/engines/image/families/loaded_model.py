"""A picture model in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from inference.catalogue import ImageModel
from inference.engines.image.enlarging import PictureEnlarger

# A component's layers under the names they were loaded with: a training that wraps layers renames them meanwhile.
Layers = Mapping[str, nn.Linear | nn.Conv2d]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model's parts on the device, ready for a forward pass; frozen weights, evaluation mode."""

    spec: ImageModel
    core: Any  # the network that denoises: a UNet or a transformer
    vae: Any  # the autoencoder; float32 where half precision would overflow
    text_encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]  # one for each text encoder
    scheduler: Any  # as the folder says; never stepped, lanes make their own from its configuration
    device: torch.device
    dtype: torch.dtype
    settings: Mapping[str, Any] = field(default_factory=dict)  # plain values of model_index.json
    size_bytes: int = 0  # that stay on the device
    compiled: bool = False  # whether torch compiles the network's repeated blocks
    parking: Any = None  # in low memory, `models.parking.Parking`: weights that come and go
    nouns: frozenset[str] = frozenset()  # the only things that it can generate; empty: not stated
    enlarger: PictureEnlarger | None = None  # makes finished pictures larger; None: they are enlarged by Lanczos
    layers: Mapping[str, Layers] = field(default_factory=dict)  # what adapters may change: component → name → layer
