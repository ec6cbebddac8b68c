"""A network's folder in the layout of diffusers and transformers: whether it holds safetensors, and no code. No torch.

Pickles are never opened, not even to look.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference.engines.weight_files import check_safetensors
from inference.errors import ModelUnusable

INDEX_MAX_BYTES = 1 << 20  # the largest real configuration files are a few kilobytes

_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".msgpack")
_CUSTOM_CODE = ("auto_map", "custom_pipeline", "custom_pipelines", "trust_remote_code")


def check_component(folder: Path, root: Path, *, weights: bool = True) -> int:
    """Check one component's folder, and return the bytes of its weights.

    Args:
        folder: the component's.
        root: where links may lead.
        weights: it has some; a tokenizer has none.

    Raises:
        ModelUnusable: anything in it is missing, pickled, malformed, linked from outside or asks for custom code.
    """
    if not folder.is_dir():
        raise ModelUnusable(f"{folder.parent.name}: the folder {folder.name} is missing.")
    files = sorted(folder.iterdir())
    for file in files:
        if not file.resolve().is_relative_to(root):
            raise ModelUnusable(f"{folder.parent.name}: {folder.name}/{file.name} is a link to outside the folder.")
        if not file.exists():
            raise ModelUnusable(f"{folder.parent.name}: {folder.name}/{file.name} links to a file that is missing.")
    for file in files:
        if file.suffix == ".json" and file.name.endswith("config.json"):
            refuse_custom_code(read_json(file, root), file)
    if not weights:
        return 0
    if not (folder / "config.json").is_file():
        raise ModelUnusable(f"{folder.parent.name}: {folder.name}/config.json is missing.")
    found = [file for file in files if file.suffix == ".safetensors"]
    if not found:
        pickled = any(file.suffix in _PICKLES for file in files)
        why = "has only pickled weights; convert them to safetensors" if pickled else "has no safetensors"
        raise ModelUnusable(f"{folder.parent.name}: {folder.name} {why}.")
    for file in files:
        if file.name.endswith(".safetensors.index.json"):
            _check_shards(file, root)
    return sum(check_safetensors(file) for file in found)


def _check_shards(index: Path, root: Path) -> None:
    """Check that an index of a split model names safetensors beside it: the libraries would unpickle any other file."""
    shards = read_json(index, root).get("weight_map")
    names = set(map(str, shards.values())) if isinstance(shards, dict) else {""}
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors") or not (index.parent / name).is_file():
            raise ModelUnusable(
                f"{index.name} in {index.parent.name} names {name!r}, which is no safetensors beside it."
            )


def refuse_custom_code(config: Mapping[str, Any], file: Path) -> None:
    """Refuse a configuration that asks for code of its own, or is of a quantised model.

    Raises:
        ModelUnusable: it does.
    """
    if asked := [key for key in _CUSTOM_CODE if config.get(key)]:
        raise ModelUnusable(f"{file.name} in {file.parent.name} asks for code of its own ({asked[0]}); none is run.")
    if config.get("quantization_config"):
        raise ModelUnusable(f"{file.name} in {file.parent.name} is of a quantised model, which is not supported.")


def read_json(file: Path, root: Path) -> dict[str, Any]:
    """Read an object from a small file that does not lie outside `root`.

    Raises:
        ModelUnusable: it is missing, outside, too large or no object.
    """
    if not file.is_file() or not file.resolve().is_relative_to(root):
        raise ModelUnusable(f"{file.parent.name}: {file.name} is missing or is a link to outside the folder.")
    if file.stat().st_size > INDEX_MAX_BYTES:
        raise ModelUnusable(f"{file.parent.name}: {file.name} is too large.")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelUnusable(f"{file.parent.name}: {file.name} is not JSON.") from error
    if not isinstance(data, dict):
        raise ModelUnusable(f"{file.parent.name}: {file.name} is not an object.")
    return data
