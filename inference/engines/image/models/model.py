"""A text-to-image model in memory: its networks, built from a checked folder."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers
import torch
import transformers
from torch import nn

from inference.catalogue import ImageModel
from inference.engines.image.models.folders import CheckedFolder
from inference.errors import ModelUnusable

log = logging.getLogger(__name__)


# A component's layers under the names they were loaded with: a training that wraps layers renames them meanwhile.
Layers = Mapping[str, nn.Linear | nn.Conv2d]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model's parts on the device, ready for a forward pass; frozen weights, evaluation mode."""

    spec: ImageModel
    unet: Any  # diffusers.UNet2DConditionModel
    vae: Any  # diffusers.AutoencoderKL or AutoencoderTiny; float32 where half precision would overflow
    text_encoders: tuple[Any, ...]  # CLIPTextModel; SDXL adds a CLIPTextModelWithProjection
    tokenizers: tuple[Any, ...]  # one for each text encoder
    scheduler: Any  # as the folder says; never stepped, lanes make their own from its configuration
    device: torch.device
    dtype: torch.dtype
    vae_factor: int  # pixels a latent is wide
    zero_empty_negative: bool = False  # SDXL: an empty negative prompt is zeros instead of an encoded ''
    size_bytes: int = 0
    nouns: frozenset[str] = frozenset()  # the only things that it can generate; empty: not stated
    layers: Mapping[str, Layers] = field(default_factory=dict)  # what adapters may change: component → name → layer

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self.unet.config.in_channels)


def load_model(
    spec: ImageModel, folder: CheckedFolder, device: torch.device, dtype: torch.dtype | None = None
) -> LoadedModel:
    """Load a checked folder onto a device.

    Each part is built in float32 and cast then: the libraries would otherwise set torch's default dtype for the whole
    process while they build, and lanes of other models are being stepped meanwhile.

    Args:
        spec: the model's catalogue entry.
        folder: its folder, checked.
        device: where to put it.
        dtype: of UNet and text encoders; float16 on CUDA and float32 elsewhere if not given.

    Raises:
        ModelUnusable: a file is malformed, or lacks weights.
    """
    dtype = dtype or (torch.float16 if device.type == "cuda" else torch.float32)
    try:
        return _build(spec, folder, device, dtype)
    except (torch.OutOfMemoryError, ModelUnusable):
        raise
    except Exception as error:  # the libraries raise anything at all over malformed files
        log.warning("model %s could not be loaded", spec.name, exc_info=True)
        raise ModelUnusable(f"The model '{spec.name}' could not be loaded: {error}") from error


def _build(spec: ImageModel, folder: CheckedFolder, device: torch.device, dtype: torch.dtype) -> LoadedModel:
    unet = _move(_part(folder, "unet"), device, dtype)
    vae = _part(folder, "vae")
    vae_dtype = torch.float32 if spec.family == "sdxl" and vae.config.force_upcast else dtype
    vae = _move(vae, device, vae_dtype)
    names = ["text_encoder"] if spec.family == "sd" else ["text_encoder", "text_encoder_2"]
    encoders = {name: _move(_part(folder, name), device, dtype) for name in names}
    tokenizers = [_tokenizer(folder, name.replace("text_encoder", "tokenizer")) for name in names]
    _check_fit(spec, unet, vae)
    components = {"unet": unet, **encoders}
    return LoadedModel(
        spec=spec,
        unet=unet,
        vae=vae,
        text_encoders=tuple(encoders.values()),
        tokenizers=tuple(tokenizers),
        scheduler=_scheduler(folder, spec),
        device=device,
        dtype=dtype,
        vae_factor=2 ** (len(vae.config.block_out_channels) - 1),
        zero_empty_negative=spec.family == "sdxl" and _zeroes_empty(folder),
        size_bytes=sum(_module_bytes(part) for part in (*components.values(), vae)),
        nouns=folder.nouns,
        layers={name: layers_of(part) for name, part in components.items()},
    )


def _part(folder: CheckedFolder, name: str) -> Any:
    """Load one network in float32 on the CPU; every weight has to come from its safetensors."""
    class_name = folder.classes[name]
    library: Any = transformers if name.startswith("text_encoder") else diffusers
    options: dict[str, Any] = {"torch_dtype": torch.float32}
    if library is transformers:  # a configuration may name an attention kernel to be fetched: ours is the built-in one
        options = {"dtype": torch.float32, "attn_implementation": "sdpa"}
    part, info = getattr(library, class_name).from_pretrained(
        folder.path / name,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
        **options,
    )
    if missing := sorted(info.get("missing_keys") or ()):
        # the libraries only warn, and draw the rest at random
        raise ModelUnusable(f"{folder.path.name}: {name} lacks {len(missing)} weights, among them {missing[0]}.")
    return part.eval().requires_grad_(False)


def layers_of(part: nn.Module) -> Layers:
    """Return the layers of a network that an adapter may change, by name."""
    return {name: layer for name, layer in part.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)}


def _move(part: Any, device: torch.device, dtype: torch.dtype) -> Any:
    # torch's own `to`: diffusers' warns of casting even where it changes nothing
    to: Any = torch.nn.Module.to
    return to(part, device=device, dtype=dtype, memory_format=torch.channels_last)


def _tokenizer(folder: CheckedFolder, name: str) -> Any:
    return transformers.CLIPTokenizer.from_pretrained(folder.path / name, local_files_only=True)


def _scheduler(folder: CheckedFolder, spec: ImageModel) -> Any:
    kind = getattr(diffusers, folder.classes["scheduler"], None)
    if not (isinstance(kind, type) and issubclass(kind, diffusers.SchedulerMixin)):
        raise ModelUnusable(f"{folder.path.name}: diffusers has no {folder.classes['scheduler']}.")
    scheduler: Any = kind.from_pretrained(folder.path / "scheduler", local_files_only=True)  # type: ignore[attr-defined]
    if spec.family == "sd":
        # what StableDiffusionPipeline does to configurations from before these two settings had their values
        fixed = {"steps_offset": 1, "clip_sample": False}
        stale = {key: value for key, value in fixed.items() if scheduler.config.get(key, value) != value}
        if stale:
            scheduler = kind.from_config({**scheduler.config, **stale})  # type: ignore[attr-defined]
    return scheduler


def _zeroes_empty(folder: CheckedFolder) -> bool:
    index = json.loads((folder.path / "model_index.json").read_text(encoding="utf-8"))
    return bool(index.get("force_zeros_for_empty_prompt", True))


def _check_fit(spec: ImageModel, unet: Any, vae: Any) -> None:
    """Refuse UNets that want more than text and time: inpainting, image conditions, distilled guidance."""
    extra = "text_time" if spec.family == "sdxl" else None
    fits = (
        unet.config.in_channels == unet.config.out_channels == vae.config.latent_channels
        and unet.config.addition_embed_type == extra
        and unet.config.class_embed_type is None
        and unet.config.encoder_hid_dim_type is None
        and unet.config.time_cond_proj_dim is None
    )
    if not fits:
        raise ModelUnusable(f"The model '{spec.name}' is not a plain text-to-image model of the family {spec.family}.")


def _module_bytes(module: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in (*module.parameters(), *module.buffers()))
