"""The header of a single file: which tensors it has, before any of them is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inference.engines.weight_files import check_safetensors
from inference.errors import ModelUnusable

TENSORS_MAX = 20_000  # SDXL with a second copy of its UNet has some 5,000
KEPT = frozenset({"F32", "F16", "BF16"})  # precisions that are written as they are
WIDENED = frozenset({"F64", "F8_E4M3", "F8_E5M2"})  # and those that are brought to one of them
# from before transformers wrapped CLIP's text model, as the web UIs read them
OLD_NAMES = {
    f"cond_stage_model.transformer.{part}.": f"cond_stage_model.transformer.text_model.{part}."
    for part in ("embeddings", "encoder", "final_layer_norm")
}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a header says of a tensor."""

    name: str  # as the file has it
    dtype: str  # as safetensors calls it, such as 'F16'
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointHeader:
    """What is in a file."""

    file: Path
    tensors: Mapping[str, TensorInfo]  # by their names of today
    metadata: Mapping[str, str]


def read_header(file: Path) -> CheckpointHeader:
    """Read a single file's header, and nothing else of it.

    Raises:
        ModelUnusable: it is no safetensors file, malformed, cut off, or has more tensors than any model.
    """
    if file.suffix != ".safetensors":
        raise ModelUnusable(
            f"{file.name} is no safetensors file, and other formats can run code when they are opened, so it was not. "
            "Look for the same model as .safetensors."
        )
    if not file.is_file():
        raise ModelUnusable(f"There is no file {file}.")
    check_safetensors(file)
    with file.open("rb") as stream:
        content = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    metadata = content.pop("__metadata__", {})
    if len(content) > TENSORS_MAX:
        raise ModelUnusable(f"{file.name} has {len(content):,} tensors; no checkpoint has so many.")
    tensors = {_name_of_today(name): _info(file, name, entry) for name, entry in content.items()}
    texts = {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, dict) else {}
    return CheckpointHeader(file=file, tensors=tensors, metadata=texts)


def _info(file: Path, name: str, entry: Mapping[str, object]) -> TensorInfo:
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if not isinstance(dtype, str) or not isinstance(shape, list) or not all(isinstance(side, int) for side in shape):
        raise ModelUnusable(f"{file.name} has a malformed header: see its key {name[:100]}.")
    return TensorInfo(name, dtype, tuple(shape))


def _name_of_today(name: str) -> str:
    for old, new in OLD_NAMES.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name
