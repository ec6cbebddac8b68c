"""What a model folder may hold before anything in it is opened: safetensors and known classes, nothing that runs code.

Pure file reading: pickles are never opened, not even to look.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inference.engines.image.families.family import Part
from inference.engines.image.families.registry import families
from inference.engines.weight_files import check_safetensors
from inference.errors import ModelUnusable

WEIGHTLESS = ("tokenizer", "scheduler", "feature_extractor", "image_processor", "processor")  # components' names
INDEX_MAX_BYTES = 1 << 20  # the largest real configuration files are a few kilobytes

_KNOWN_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion", None})  # the third: SD 1.x's own checker
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".msgpack")
_CUSTOM_CODE = ("auto_map", "custom_pipeline", "custom_pipelines", "trust_remote_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFolder:
    """A model folder that was found loadable."""

    path: Path
    pipeline: str  # diffusers' class
    classes: Mapping[str, str]  # component → class name, e.g. 'vae' → 'AutoencoderTiny'
    weight_bytes: int  # of all safetensors that would be read
    parts: tuple[Part, ...] = ()  # what is loaded, beside the scheduler
    settings: Mapping[str, Any] = field(default_factory=dict)  # plain values of model_index.json
    nouns: frozenset[str] = frozenset()  # the only things that it can generate, in lower case; empty: not stated


def check_folder(path: Path, family: str, *, root: Path | None = None) -> CheckedFolder:
    """Check a diffusers folder without opening any weights but the safetensors' headers.

    Args:
        path: the folder with `model_index.json`.
        family: its name in the catalogue.
        root: where links may lead; the folder itself if not given (a hub cache links within the cache).

    Raises:
        ModelUnusable: anything in it is missing, pickled, malformed, linked from outside or asks for custom code.
    """
    root = (root or path).resolve()
    index = _read_json(path / "model_index.json", root)
    expected = families()[family]
    pipeline = str(index.get("_class_name"))
    if pipeline not in expected.pipelines and (expected.pipelines or not pipeline.isidentifier()):
        raise ModelUnusable(f"{path.name}: model_index.json is of {index.get('_class_name')!r}, not a {family} model.")
    _refuse_custom_code(index, path / "model_index.json")
    for component, value in index.items():
        if not component.startswith("_"):
            _check_entry(path, component, value)
    parts = expected.parts or _listed_parts(index)
    classes = {part.name: _check_class(path, index, part) for part in parts}
    classes["scheduler"] = _check_scheduler(path, index)
    weight_bytes = sum(_check_component(path / name, root) for name in classes)
    settings = {key: value for key, value in index.items() if not key.startswith("_") and not isinstance(value, list)}
    return CheckedFolder(
        path=path,
        pipeline=pipeline,
        classes=MappingProxyType(classes),
        weight_bytes=weight_bytes,
        parts=parts,
        settings=settings,
        nouns=_read_nouns(path / "nouns.json", root),
    )


def _listed_parts(index: Mapping[str, Any]) -> tuple[Part, ...]:
    """Return all components of the two libraries that a folder lists, whatever their classes are called."""
    listed = {name: value for name, value in index.items() if isinstance(value, list) and name != "scheduler"}
    return tuple(
        Part(name, library, frozenset({str(kind)}))
        for name, (library, kind) in listed.items()
        if library in ("diffusers", "transformers") and str(kind).isidentifier()
    )


def _read_nouns(file: Path, root: Path) -> frozenset[str]:
    """Read what a small model was trained on: {"nouns": ["cat", "cats", "hot dog"]}. Large ones have no such file."""
    if not file.exists():
        return frozenset()
    nouns = _read_json(file, root).get("nouns")
    if not isinstance(nouns, list) or not all(isinstance(noun, str) for noun in nouns):
        raise ModelUnusable(f"{file.parent.name}: {file.name} has no list of nouns.")
    return frozenset(nouns)


def _check_entry(path: Path, component: str, value: Any) -> None:
    """Refuse any component, used or not, whose code would come from elsewhere than the two libraries."""
    if not isinstance(value, list):
        return  # a plain setting, such as 'requires_safety_checker': true
    if len(value) != 2 or value[0] not in _KNOWN_LIBRARIES or not isinstance(value[1], str | None):
        raise ModelUnusable(f"{path.name}: model_index.json wants {component} from {value!r}; that is not loaded.")


def _check_class(path: Path, index: Mapping[str, Any], part: Part) -> str:
    value = index.get(part.name)
    if not (isinstance(value, list) and len(value) == 2 and value[0] == part.library and value[1] in part.classes):
        wanted = f"{part.library}'s {' or '.join(sorted(part.classes))}"
        raise ModelUnusable(f"{path.name}: {part.name} has to be {wanted}, not {value!r}.")
    return str(value[1])


def _check_scheduler(path: Path, index: Mapping[str, Any]) -> str:
    value = index.get("scheduler")
    good = isinstance(value, list) and len(value) == 2 and value[0] == "diffusers" and isinstance(value[1], str)
    if not good or not str(value[1]).isidentifier() or not str(value[1]).endswith("Scheduler"):  # type: ignore[index]
        raise ModelUnusable(f"{path.name}: the scheduler has to be one of diffusers', not {value!r}.")
    return str(value[1])  # type: ignore[index]


def _check_component(folder: Path, root: Path) -> int:
    """Check one component's folder and return the bytes of its weights (0: it has none, as a tokenizer)."""
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
            _refuse_custom_code(_read_json(file, root), file)
    if folder.name.startswith(WEIGHTLESS):
        return 0
    if not (folder / "config.json").is_file():
        raise ModelUnusable(f"{folder.parent.name}: {folder.name}/config.json is missing.")
    weights = [file for file in files if file.suffix == ".safetensors"]
    if not weights:
        pickled = any(file.suffix in _PICKLES for file in files)
        why = "has only pickled weights; convert them to safetensors" if pickled else "has no safetensors"
        raise ModelUnusable(f"{folder.parent.name}: {folder.name} {why}.")
    for file in files:
        if file.name.endswith(".safetensors.index.json"):
            _check_shards(file, root)
    return sum(check_safetensors(file) for file in weights)


def _check_shards(index: Path, root: Path) -> None:
    """Check that an index of a split model names safetensors beside it: the libraries would unpickle any other file."""
    shards = _read_json(index, root).get("weight_map")
    names = set(map(str, shards.values())) if isinstance(shards, dict) else {""}
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors") or not (index.parent / name).is_file():
            raise ModelUnusable(
                f"{index.name} in {index.parent.name} names {name!r}, which is no safetensors beside it."
            )


def _refuse_custom_code(config: Mapping[str, Any], file: Path) -> None:
    if asked := [key for key in _CUSTOM_CODE if config.get(key)]:
        raise ModelUnusable(f"{file.name} in {file.parent.name} asks for code of its own ({asked[0]}); none is run.")
    if config.get("quantization_config"):
        raise ModelUnusable(f"{file.name} in {file.parent.name} is of a quantised model, which is not supported.")


def _read_json(file: Path, root: Path) -> dict[str, Any]:
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
