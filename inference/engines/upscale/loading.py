"""Upscalers from safetensors: found, checked, read, and put on a device. Nothing else is opened, not even to look.

The compact network is our own (`compact`); every other architecture is read by spandrel, if that is installed.
"""

import hashlib
import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from huggingface_hub import try_to_load_from_cache
from safetensors.torch import load_file

from inference.catalogue import UpscaleModel
from inference.engines.compact_network import compact_sizes, read_compact
from inference.engines.upscale.network import UpscaleNetwork
from inference.engines.weight_files import check_safetensors
from inference.errors import ModelUnusable
from inference.hub import fetch

log = logging.getLogger(__name__)

NEEDS_SPANDREL = (
    "is of an architecture that only spandrel reads, which {}. Run: pip install 'atelier-bot[upscale]', with a "
    "torchvision of the same build as torch."
)


@dataclass(frozen=True, slots=True)
class CheckedWeights:
    """A weight file that was found loadable."""

    file: Path
    size_bytes: int
    compact: tuple[int, int, int] | None  # width, depth and scale, if it is the compact network


def locate_weights(spec: UpscaleModel) -> Path | None:
    """Return the file of an upscaler's weights without fetching it; None: it will come from the hub.

    Raises:
        ModelUnusable: there is none, or more than one.
    """
    folder = spec.folder
    if folder is None:
        cached = try_to_load_from_cache(spec.source, spec.file, revision=spec.revision)
        return Path(cached) if isinstance(cached, str) else None
    if folder.is_file():
        return folder
    if not folder.is_dir():
        raise ModelUnusable(f"The weights of the upscaler '{spec.name}' are missing: {folder}")
    if spec.file:
        found = [folder / spec.file] if (folder / spec.file).is_file() else []
    else:
        found = sorted(folder.glob("*.safetensors"))
    if len(found) != 1:
        why = "has several; name one in file" if found else f"has no {spec.file or 'safetensors'}"
        raise ModelUnusable(f"The folder of the upscaler '{spec.name}' {why}: {folder}")
    return found[0]


def check_weights(spec: UpscaleModel, file: Path) -> CheckedWeights:
    """Check a weight file by its header and its digest, without loading it.

    Raises:
        ModelUnusable: it is no safetensors file, damaged, another one than the catalogue's, of another scale, or of an
            architecture that cannot be read here.
    """
    if file.suffix != ".safetensors":
        raise ModelUnusable(f"{file.name} is not a safetensors file, and nothing else is opened.")
    size_bytes = check_safetensors(file)
    if spec.sha256 and _sha256(file) != spec.sha256:
        raise ModelUnusable(f"{file.name} is another file than the catalogue's: its SHA-256 differs.")
    try:
        with safetensors.safe_open(file, framework="pt") as opened:
            shapes = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise ModelUnusable(f"{file.name} cannot be read: {error}") from error
    compact = compact_sizes(shapes)
    if compact is not None:
        _check_scale(spec, compact[2])
    else:
        _import_spandrel(spec)
    return CheckedWeights(file, size_bytes, compact)


def load_upscaler(spec: UpscaleModel, device: torch.device, building: AbstractContextManager[Any]) -> UpscaleNetwork:
    """Load a catalogue entry's network, fetching it where it is a hub id.

    Args:
        spec: the entry.
        device: where it is put.
        building: held while a network is built.

    Raises:
        ModelUnusable: it cannot be had or loaded.
    """
    checked = check_weights(spec, locate_weights(spec) or _fetch(spec))
    try:
        state = load_file(checked.file)
        with building:
            return _compact(state, device) if checked.compact else _by_spandrel(spec, state, device)
    except (safetensors.SafetensorError, RuntimeError, ValueError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ModelUnusable(f"The upscaler '{spec.name}' cannot be loaded: {error}") from error


def _compact(state: dict[str, torch.Tensor], device: torch.device) -> UpscaleNetwork:
    network = read_compact(state)
    assert network is not None, "the header said so"
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def enlarge(window: torch.Tensor) -> torch.Tensor:
        enlarged: torch.Tensor = network(window.contiguous(memory_format=torch.channels_last))  # 1.6 × quicker on a CPU
        return enlarged

    dtype = _dtype(device, half=True, bfloat=True)
    return UpscaleNetwork(network, scale=network.scale, device=device, dtype=dtype, enlarge=enlarge)


def _by_spandrel(spec: UpscaleModel, state: dict[str, torch.Tensor], device: torch.device) -> UpscaleNetwork:
    """Build whatever architecture spandrel recognises.

    Raises:
        ModelUnusable: it is no network that enlarges RGB pictures so many times.
        ValueError, RuntimeError: spandrel's, of weights that it cannot load.
    """
    spandrel = _import_spandrel(spec)
    try:
        found = spandrel.ModelLoader(device="cpu").load_from_state_dict(state)
    except spandrel.UnsupportedModelError as error:
        raise ModelUnusable(f"The upscaler '{spec.name}' is of an architecture that spandrel does not know.") from error
    if not isinstance(found, spandrel.ImageModelDescriptor) or (found.input_channels, found.output_channels) != (3, 3):
        raise ModelUnusable(f"The upscaler '{spec.name}' is not for RGB pictures alone.")
    _check_scale(spec, found.scale)
    dtype = _dtype(device, half=found.supports_half, bfloat=found.supports_bfloat16)
    return UpscaleNetwork(found.model, scale=found.scale, device=device, dtype=dtype, enlarge=found)


def _import_spandrel(spec: UpscaleModel) -> Any:
    """Return spandrel.

    Raises:
        ModelUnusable: it is not installed, or cannot be imported: torchvision, which it needs, raises RuntimeError
            beside a torch of another build.
    """
    try:
        import spandrel
    except (ImportError, RuntimeError) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "spandrel"
        why = "is not installed" if missing else f"cannot be imported here ({error})"
        raise ModelUnusable(f"The upscaler '{spec.name}' {NEEDS_SPANDREL.format(why)}") from error
    return spandrel


def _dtype(device: torch.device, *, half: bool, bfloat: bool) -> torch.dtype:
    """Choose what a network computes in: float16 rather than bfloat16, whose steps near white are two of 255."""
    if device.type != "cuda" or not (half or bfloat):
        return torch.float32
    return torch.float16 if half else torch.bfloat16


def _check_scale(spec: UpscaleModel, scale: int) -> None:
    if scale != spec.scale:
        raise ModelUnusable(
            f"The upscaler '{spec.name}' enlarges {scale} times, not {spec.scale}: write scale = {scale}."
        )


def _fetch(spec: UpscaleModel) -> Path:
    return fetch(spec) / spec.file


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
