"""Checkers from folders of safetensors: found, checked without loading, loaded. Nothing else is opened or run."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from huggingface_hub import try_to_load_from_cache
from transformers import AutoImageProcessor, AutoModelForImageClassification
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from common.near import did_you_mean
from inference.catalogue import CheckerModel
from inference.engines.checker.classifier import NSFW, ClipChecker, PictureClassifier, TransformersClassifier
from inference.engines.libraries import quiet_libraries
from inference.engines.part_folders import check_component
from inference.errors import ModelUnusable
from inference.hub import fetch

CLIP_CHECKER = "StableDiffusionSafetyChecker"
PROCESSOR = "preprocessor_config.json"


@dataclass(frozen=True, slots=True)
class CheckedChecker:
    """A checker's folder that was found loadable."""

    folder: Path
    weight_bytes: int
    clip: bool  # it is Stable Diffusion's own
    processor: Path | None  # the folder of its preprocessor_config.json; None: by the configuration of its network


def locate_checker(spec: CheckerModel) -> tuple[Path, Path] | None:
    """Return a checker's folder and where links in it may lead, without fetching it; None: it comes from the hub."""
    folder = spec.folder
    if folder is not None:
        return folder, folder
    cached = try_to_load_from_cache(spec.source, "config.json", revision=spec.revision)
    return (Path(cached).parent, Path(cached).parents[2]) if isinstance(cached, str) else None


def check_checker(spec: CheckerModel, folder: Path, root: Path) -> CheckedChecker:
    """Check a checker's folder without loading it.

    Args:
        spec: the catalogue's entry.
        folder: with `config.json` and the weights.
        root: where links may lead.

    Raises:
        ModelUnusable: anything in it is missing, pickled, malformed or asks for code of its own; it is no image
            classifier; or it has none of the entry's labels.
    """
    if not folder.is_dir():
        raise ModelUnusable(f"The folder of the checker '{spec.name}' is missing: {folder}")
    weight_bytes = check_component(folder, root.resolve())
    config = json.loads((folder / "config.json").read_text("utf-8"))
    clip = CLIP_CHECKER in (config.get("architectures") or ())
    if not clip and config.get("model_type") not in MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES:
        raise ModelUnusable(
            f"The checker '{spec.name}' is no image classifier that transformers knows, nor Stable Diffusion's own."
        )
    _check_labels(spec, (NSFW,) if clip else _labels(config))
    beside = (folder, folder.parent / "feature_extractor") if clip else (folder,)
    processor = next((one for one in beside if (one / PROCESSOR).is_file()), None)
    if processor is None and not clip:
        raise ModelUnusable(f"The folder of the checker '{spec.name}' has no {PROCESSOR}: {folder}")
    return CheckedChecker(folder, weight_bytes, clip, processor)


def load_checker(spec: CheckerModel, device: torch.device, building: AbstractContextManager[Any]) -> PictureClassifier:
    """Load a catalogue entry, fetching it where it is a hub id.

    Args:
        spec: the entry.
        device: where it is put.
        building: held while the network is built.

    Raises:
        ModelUnusable: it cannot be had or loaded.
    """
    found = locate_checker(spec) or _fetch(spec)
    try:
        checked = check_checker(spec, *found)
        quiet_libraries()
        with building:
            return _load(checked, device)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ModelUnusable(f"The checker '{spec.name}' cannot be loaded: {error}") from error


def _load(checked: CheckedChecker, device: torch.device) -> PictureClassifier:
    local: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "output_loading_info": True}
    if not checked.clip:
        network, found = AutoModelForImageClassification.from_pretrained(
            checked.folder, trust_remote_code=False, **local
        )
        _check_whole(found)
        processor = AutoImageProcessor.from_pretrained(
            checked.processor, local_files_only=True, trust_remote_code=False, backend="pil"
        )
        return TransformersClassifier(network, processor, device)
    network, found = StableDiffusionSafetyChecker.from_pretrained(checked.folder, **local)
    _check_whole(found)
    if checked.processor is not None:
        return ClipChecker(
            network, CLIPImageProcessorPil.from_pretrained(checked.processor, local_files_only=True), device
        )
    side = network.config.vision_config.image_size
    sizes = {"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}}
    return ClipChecker(network, CLIPImageProcessorPil(**sizes), device)


def _check_whole(found: Mapping[str, Any]) -> None:
    """Refuse weights that the file does not have: they would be there by lot, and so would the scores."""
    if missing := found["missing_keys"]:
        raise ModelUnusable(f"its weights lack {sorted(missing)[0]}")


def _labels(config: Mapping[str, Any]) -> tuple[str, ...]:
    labels = config.get("id2label")
    if isinstance(labels, dict):
        return tuple(map(str, labels.values()))
    return tuple(f"LABEL_{number}" for number in range(int(config.get("num_labels", 2))))


def _check_labels(spec: CheckerModel, labels: tuple[str, ...]) -> None:
    for label in spec.labels:
        if label not in labels:
            raise ModelUnusable(
                f"The checker '{spec.name}' has no label '{label}', but {', '.join(labels[:20])}."
                f"{did_you_mean(label, labels)}"
            )


def _fetch(spec: CheckerModel) -> tuple[Path, Path]:
    folder = fetch(spec)
    return folder, folder.parents[1]
