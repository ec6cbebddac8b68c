"""Subjects' adapters: LoRA files checked before anything of them is used, then kept by least recent use, in bytes."""

import hashlib
import json
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from inference.engines.deltas import Factor, Factors, Mix, blend
from inference.engines.model import LoadedModel
from inference.engines.threads import threads_beside
from inference.errors import AdapterRejected

log = logging.getLogger(__name__)

MAX_BYTES = 256 << 20  # rank 128 on all of SDXL's attention is about 200 MB
MAX_RANK = 128
MAX_TENSORS = 8192
HEADER_MAX_BYTES = 4 << 20
_DTYPES = frozenset({"F32", "F16", "BF16"})

# how peft and diffusers name the two matrices of a layer, newest first
_KEY = re.compile(
    r"(?P<part>unet|text_encoder|text_encoder_2)\.(?P<layer>[A-Za-z0-9_.]{1,200}?)"
    r"\.(?:lora_(?P<ab>[AB])|lora\.(?P<side>down|up)|lora_linear_layer\.(?P<text_side>down|up))\.weight"
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A checked adapter on the device."""

    digest: str
    components: Mapping[str, Factors]  # 'unet', 'text_encoder', 'text_encoder_2' → layer → factor
    size_bytes: int
    autov3: str  # by which other tools know the file


def read_adapter(content: bytes, model: LoadedModel) -> Adapter:
    """Check a LoRA safetensors file against the model it is for, and bring it onto the device.

    Args:
        content: diffusers' or peft's key layout: `unet.<layer>.lora_A.weight`, `text_encoder.<layer>.lora.up.weight` …

    Raises:
        AdapterRejected: it is malformed, too large, has unknown layers, wrong shapes, or numbers that are not finite.
    """
    metadata = _check_header(content)
    try:
        tensors = safetensors.torch.load(content)
    except (SafetensorError, ValueError, RuntimeError, KeyError) as error:
        raise AdapterRejected(f"The adapter is not a readable safetensors file: {error}") from error
    pairs = _pair(tensors, model)
    components: dict[str, dict[str, Factor]] = {}
    for (part, name), (down, up) in pairs.items():
        layer = model.layers[part][name]
        down, up = down.to(model.dtype), up.to(model.dtype)
        _check_pair(f"{part}.{name}", layer, down, up)
        scale = _scale(metadata, part, name, rank=down.shape[0])
        factor = Factor(down.to(model.device), up.flatten(1).to(model.device), scale)
        components.setdefault(part, {})[name] = factor
    size_bytes = sum(
        (factor.down.numel() + factor.up.numel()) * factor.up.element_size()
        for factors in components.values()
        for factor in factors.values()
    )
    return Adapter(_digest(content), components, size_bytes, autov3_of(content))


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def autov3_of(content: bytes) -> str:
    """Return a safetensors file's AutoV3 hash: of its tensors alone, so that it stays when its metadata is edited.

    Source: `addnet_hash_safetensors` in kohya-ss/sd-scripts' library/train_util.py; AUTOMATIC1111 writes 12 digits.
    """
    header_bytes = int.from_bytes(content[:8], "little")
    return hashlib.sha256(memoryview(content)[8 + header_bytes :]).hexdigest()[:12]


def _check_header(content: bytes) -> Mapping[str, Any]:
    """Check sizes, count and types by the header alone, and return diffusers' LoRA settings, if there are any."""
    if len(content) > MAX_BYTES:
        raise AdapterRejected(f"The adapter has {len(content) >> 20} MB; {MAX_BYTES >> 20} MB is the most.")
    header_bytes = int.from_bytes(content[:8], "little")
    if len(content) < 10 or header_bytes > min(HEADER_MAX_BYTES, len(content) - 8):
        raise AdapterRejected("The adapter is not a safetensors file.")
    try:
        header = json.loads(content[8 : 8 + header_bytes])
        settings = header.pop("__metadata__", {}).get("lora_adapter_metadata", "{}")
        metadata = json.loads(settings)
        types = {entry["dtype"] for entry in header.values()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AdapterRejected("The adapter's header is malformed.") from error
    if not header or len(header) > MAX_TENSORS:
        raise AdapterRejected(f"The adapter has {len(header)} tensors; 1 to {MAX_TENSORS} are expected.")
    if not types <= _DTYPES:
        raise AdapterRejected(f"The adapter has numbers of an unexpected type: {', '.join(map(str, types - _DTYPES))}.")
    if not isinstance(metadata, dict):
        raise AdapterRejected("The adapter's settings are malformed.")
    return metadata


_Pairs = dict[tuple[str, str], tuple[torch.Tensor, torch.Tensor]]


def _pair(tensors: Mapping[str, torch.Tensor], model: LoadedModel) -> _Pairs:
    """Match every tensor to a layer of the model, and the two of a layer to each other."""
    halves: dict[tuple[str, str], dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise AdapterRejected(f"The adapter has a tensor that is no LoRA weight: {key[:80]!r}.")
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


class AdapterShelf:
    """The adapters of one device, by model and subject; the least recently used go first when there are too many bytes.

    Reading and checking happens on a thread. A lane keeps what it uses, so that nothing it needs is ever taken away:
    `limit_bytes` counts what is kept for the next.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[tuple[str, str], Adapter] = OrderedDict()
        self._mixes: WeakValueDictionary[Any, Mix] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._thread = threads_beside(1, "load-adapter")

    def start(self, model: LoadedModel, subject_id: str, content: bytes | None) -> Future[Adapter]:
        """Begin to read an adapter, or take the one that is here.

        Args:
            content: the file; None where the sender knows that it is here already.

        Returns:
            A future that fails with AdapterRejected, or with LookupError if it is not here although it should be.
        """
        return self._thread.submit(self._take, model, subject_id, content)

    def mix(self, model: LoadedModel, uses: Sequence[tuple[Adapter, float]]) -> Mix:
        """Return adapters with their weights as one; the same object for the same set, so that passes can see it."""
        key = (model.line.name, *((adapter.digest, weight) for adapter, weight in uses))
        mix = self._mixes.get(key)
        if mix is None:
            mix = blend([(adapter.components, weight) for adapter, weight in uses])
            self._mixes[key] = mix
        return mix

    def resident(self) -> tuple[str, ...]:
        """Return the subject ids in memory, the most recently used last."""
        with self._lock:
            return tuple(subject_id for _, subject_id in self._kept)

    def size_bytes(self) -> int:
        """Return the bytes of all adapters kept."""
        with self._lock:
            return sum(adapter.size_bytes for adapter in self._kept.values())

    def forget(self, subject_ids: Sequence[str]) -> None:
        """Drop the adapters of subjects that were deleted."""
        with self._lock:
            for key in [key for key in self._kept if key[1] in subject_ids]:
                del self._kept[key]

    def close(self) -> None:
        """Stop the thread and drop everything."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._kept.clear()

    def _take(self, model: LoadedModel, subject_id: str, content: bytes | None) -> Adapter:
        key = (model.line.name, subject_id)
        digest = None if content is None else _digest(content)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and digest in (None, kept.digest):
                self._kept.move_to_end(key)
                return kept
        if content is None:
            raise LookupError(f"the adapter of subject {subject_id} did not come with the job")
        adapter = read_adapter(content, model)
        with self._lock:
            self._kept[key] = adapter
            self._kept.move_to_end(key)
            while sum(each.size_bytes for each in self._kept.values()) > self._limit_bytes and len(self._kept) > 1:
                gone, _ = self._kept.popitem(last=False)
                log.info("dropped the adapter of subject %s to make room", gone[1])
        return adapter
