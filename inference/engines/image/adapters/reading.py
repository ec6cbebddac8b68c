"""LoRA files, checked before anything of them is used."""

import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from inference.engines.image.adapters.header import read_header
from inference.engines.image.adapters.weights import Adapter, LoraLayer
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.errors import AdapterRejected

MAX_BYTES = 256 << 20  # rank 128 on all of SDXL's attention is about 200 MB
MAX_RANK = 128

# how peft and diffusers name the two matrices of a layer, newest first
_KEY = re.compile(
    r"(?P<part>[a-z][a-z0-9_]{0,31})\.(?P<layer>[A-Za-z0-9_.-]{1,200}?)"
    r"\.(?:lora_(?P<ab>[AB])|lora\.(?P<side>down|up)|lora_linear_layer\.(?P<text_side>down|up))\.weight"
)


def read_adapter(content: bytes, model: LoadedModel) -> Adapter:
    """Check a LoRA safetensors file against the model it is for, and bring it onto the device.

    Args:
        content: diffusers' or peft's key layout: `unet.<layer>.lora_A.weight`, `text_encoder.<layer>.lora.up.weight` …
        model: the base model, loaded.

    Raises:
        AdapterRejected: it is malformed, too large, has unknown layers, wrong shapes, or numbers that are not finite.
    """
    header = read_header(io.BytesIO(content), len(content), most_bytes=MAX_BYTES)
    try:
        tensors = safetensors.torch.load(content)
    except (SafetensorError, ValueError, RuntimeError, KeyError) as error:
        raise AdapterRejected(f"The adapter is not a readable safetensors file: {error}") from error
    components = read_layers(tensors, header.settings, model)
    return Adapter(digest_of(content), components, size_bytes(components), autov3_of(content))


def read_layers(
    tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any], model: LoadedModel
) -> dict[str, dict[str, LoraLayer]]:
    """Check an adapter's tensors against the model that they are for, and bring them onto its device.

    Args:
        tensors: by peft's or diffusers' keys.
        settings: diffusers' LoRA settings.
        model: the base model; its skeleton does for a check alone.

    Returns:
        component → layer → factors.

    Raises:
        AdapterRejected: as `read_adapter`.
    """
    components: dict[str, dict[str, LoraLayer]] = {}
    for (part, name), (down, up) in _pair(tensors, model).items():
        layer = model.layers[part][name]
        if family_of(model.spec).sample_axis(part, name) is None:
            raise AdapterRejected(
                f"The adapter changes {part}.{name}, where everybody's pictures lie in one row. "
                "Please train one without that layer."
            )
        down, up = down.to(model.dtype), up.to(model.dtype)
        _check_pair(f"{part}.{name}", layer, down, up)
        scale = _scale(settings, part, name, rank=down.shape[0])
        factor = LoraLayer(down.to(model.device), up.flatten(1).to(model.device), scale)
        components.setdefault(part, {})[name] = factor
    return components


def size_bytes(components: Mapping[str, Mapping[str, LoraLayer]]) -> int:
    """Return what an adapter takes in memory."""
    return sum(
        (factor.down.numel() + factor.up.numel()) * factor.up.element_size()
        for factors in components.values()
        for factor in factors.values()
    )


def digest_of(content: bytes) -> str:
    """Return a digest of a whole file, by which two are told apart."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def autov3_of(content: bytes) -> str:
    """Return a safetensors file's AutoV3 hash: of its tensors alone, so that it stays when its metadata is edited.

    Source: `addnet_hash_safetensors` in kohya-ss/sd-scripts' library/train_util.py; AUTOMATIC1111 writes 12 digits.
    """
    header_bytes = int.from_bytes(content[:8], "little")
    return hashlib.sha256(memoryview(content)[8 + header_bytes :]).hexdigest()[:12]


def autov3_of_file(file: Path) -> str:
    """Return the same of a file on the disk."""
    with file.open("rb") as opened:
        opened.seek(8 + int.from_bytes(opened.read(8), "little"))
        return hashlib.file_digest(opened, "sha256").hexdigest()[:12]


_Pairs = dict[tuple[str, str], tuple[torch.Tensor, torch.Tensor]]


def _pair(tensors: Mapping[str, torch.Tensor], model: LoadedModel) -> _Pairs:
    """Match every tensor to a layer of the model, and the two of a layer to each other."""
    halves: dict[tuple[str, str], dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise AdapterRejected(f"The adapter has a tensor that is not a LoRA weight: {key[:80]!r}.")
        part, name = match["part"], _layer_name(model, match["part"], match["layer"])
        side = "down" if (match["ab"] or match["side"] or match["text_side"]) in ("A", "down") else "up"
        if side in halves.setdefault((part, name), {}):
            raise AdapterRejected(f"The adapter changes {part}.{name} twice.")
        halves[part, name][side] = tensor
    if alone := next((key for key, sides in halves.items() if len(sides) != 2), None):
        raise AdapterRejected(f"The adapter has only half of the change of {'.'.join(alone)}.")
    return {key: (sides["down"], sides["up"]) for key, sides in halves.items()}


def _layer_name(model: LoadedModel, part: str, name: str) -> str:
    """Return the layer's name in this model; CLIP's had a 'text_model.' in front in older files."""
    for candidate in (name, name.removeprefix("text_model."), f"text_model.{name}"):
        if candidate in model.layers.get(part, ()):
            return candidate
    raise AdapterRejected(f"The adapter is for another model: {part}.{name[:80]} is not in this one.")


def _check_pair(where: str, layer: nn.Linear | nn.Conv2d, down: torch.Tensor, up: torch.Tensor) -> None:
    weight = tuple(layer.weight.shape)
    rank = down.shape[0] if down.dim() else 0
    if not 0 < rank <= MAX_RANK:
        raise AdapterRejected(f"The adapter's rank at {where} is {rank}; 1 to {MAX_RANK} is allowed.")
    ones = (1,) * (len(weight) - 2)
    if tuple(down.shape) != (rank, *weight[1:]) or tuple(up.shape) != (weight[0], rank, *ones):
        raise AdapterRejected(f"The adapter's shapes at {where} do not fit the model.")
    if isinstance(layer, nn.Conv2d) and layer.groups != 1:
        raise AdapterRejected(f"The adapter changes a grouped convolution at {where}; that is not supported.")
    if not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        raise AdapterRejected(f"The adapter has numbers at {where} that are not finite.")


def _scale(metadata: Mapping[str, Any], part: str, name: str, *, rank: int) -> float:
    """Return alpha / rank by the settings that diffusers writes beside the weights; 1 where there are none.

    The patterns in them are regular expressions to peft; here they are plain endings of names, because what a stranger
    wrote is not run as an expression.
    """
    settings = {key.removeprefix(f"{part}."): value for key, value in metadata.items() if key.startswith(f"{part}.")}
    if not settings:
        return 1.0
    if settings.get("use_dora"):
        raise AdapterRejected("The adapter is a DoRA; only plain LoRA is supported.")
    alpha = _by_pattern(settings.get("alpha_pattern"), name, settings.get("lora_alpha", rank))
    if not isinstance(alpha, int | float) or not 0 <= alpha <= 16 * MAX_RANK:
        raise AdapterRejected(f"The adapter's scale at {part}.{name} is not usable.")
    return float(alpha / rank**0.5 if settings.get("use_rslora") else alpha / rank)


def _by_pattern(patterns: Any, name: str, default: Any) -> Any:
    for ending, value in patterns.items() if isinstance(patterns, dict) else ():
        plain = ending.removeprefix("^")
        if name == plain or name.endswith(f".{plain}"):
            return value
    return default
