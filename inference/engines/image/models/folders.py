"""What a model folder may hold before anything in it is opened: safetensors and known classes, nothing that runs code.

Pure file reading: pickles are never opened, not even to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inference.engines.image.families.family import Part
from inference.engines.image.families.registry import families
from inference.engines.part_folders import check_component, read_json, refuse_custom_code
from inference.errors import ModelUnusable

WEIGHTLESS = ("tokenizer", "scheduler", "feature_extractor", "image_processor", "processor")  # components' names

_KNOWN_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion", None})  # the third: SD 1.x's own checker


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


def check_folder(path: Path, family: str, *, root: Path | None = None, weights: bool = True) -> CheckedFolder:
    """Check a diffusers folder without opening any weights but the safetensors' headers.

    Args:
        path: the folder with `model_index.json`.
        family: its name in the catalogue.
        root: where links may lead; the folder itself if not given (a hub cache links within the cache).
        weights: they have to be there; for a forecast, configurations are enough.

    Raises:
        ModelUnusable: anything in it is missing, pickled, malformed, linked from outside or asks for custom code.
    """
    root = (root or path).resolve()
    index = read_json(path / "model_index.json", root)
    expected = families()[family]
    pipeline = str(index.get("_class_name"))
    if pipeline not in expected.pipelines and (expected.pipelines or not pipeline.isidentifier()):
        raise ModelUnusable(f"{path.name}: model_index.json is of {index.get('_class_name')!r}, not a {family} model.")
    refuse_custom_code(index, path / "model_index.json")
    for component, value in index.items():
        if not component.startswith("_"):
            _check_entry(path, component, value)
    parts = expected.parts or _listed_parts(index)
    classes = {part.name: _check_class(path, index, part) for part in parts}
    classes["scheduler"] = _check_scheduler(path, index)
    weight_bytes = sum(
        check_component(path / name, root, weights=weights and not name.startswith(WEIGHTLESS)) for name in classes
    )
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
    nouns = read_json(file, root).get("nouns")
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
