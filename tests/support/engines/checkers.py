"""Tiny checkers with random weights in the real layouts, and classifiers that score as they are told to."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from numpy.typing import NDArray
from transformers import (
    CLIPConfig,
    ConvNextConfig,
    ConvNextForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

from inference.catalogue import CheckerModel
from inference.checks import PictureCheck
from inference.engines.checker.check_queue import CheckQueue
from inference.engines.checker.checkers import PictureCheckers

LABELS = ("normal", "nsfw", "gore")
STEPS_MAX = 50_000
NORMAL = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "rescale_factor": 1 / 255}
VIT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "patch_size": 8}


def checker_spec(source: Path | str, **changes: Any) -> CheckerModel:
    """Return a catalogue entry, with some fields changed."""
    fields = {"name": "looks", "title": "Looks", "source": str(source), "licence": "Apache-2.0"}
    return CheckerModel.model_validate(fields | {"labels": {"nsfw": 0.5}} | changes)


def write_vit(folder: Path, *, labels: Sequence[str] = LABELS, seed: int = 0, **config: Any) -> Path:
    """Write a ViT whose random weights tell pictures apart."""
    torch.manual_seed(seed)
    names = {"id2label": dict(enumerate(labels)), "label2id": {label: at for at, label in enumerate(labels)}}
    network = ViTForImageClassification(ViTConfig(image_size=32, initializer_range=0.5, **VIT, **names, **config))
    network.save_pretrained(folder)
    _write(folder, {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}, "resample": 2})
    return folder


def write_convnext(folder: Path) -> Path:
    """Write a ConvNext, which crops and interpolates otherwise, and lets several labels be true."""
    torch.manual_seed(1)
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {label: at for at, label in enumerate(LABELS)}}
    sizes: dict[str, Any] = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2, "initializer_range": 0.5}
    config = ConvNextConfig(problem_type="multi_label_classification", **sizes, **names)
    ConvNextForImageClassification(config).save_pretrained(folder)
    fields = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 32}, "crop_pct": 0.875}
    _write(folder, {**fields, "resample": 3})
    return folder


def write_clip_checker(folder: Path, *, threshold: float, processor: bool = False, seed: int = 0) -> Path:
    """Write Stable Diffusion's own checker, with one threshold for all concepts."""
    torch.manual_seed(seed)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    vision = {**small, "image_size": 32, "patch_size": 8, "projection_dim": 8}
    network = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, text_config=small, projection_dim=8))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    for name, weight in (("concept_embeds_weights", threshold), ("special_care_embeds_weights", threshold)):
        torch.nn.init.constant_(getattr(network, name), weight)
    network.save_pretrained(folder)
    if processor:
        sizes = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}, "do_center_crop": True}
        _write(folder.parent / "feature_extractor", {"image_processor_type": "CLIPImageProcessor", **sizes})
    return folder


def _write(folder: Path, fields: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {"do_resize": True, "do_rescale": True, "do_normalize": True, **NORMAL, **fields}
    (folder / "preprocessor_config.json").write_text(json.dumps(content))


class ToldClassifier:
    """Scores each picture as a function of its brightness, 0 … 1, says; keeps how many it saw at once."""

    labels: tuple[str, ...] = LABELS
    size_bytes = 1000

    def __init__(self, score: Callable[[float], float]) -> None:
        self._score = score
        self.batches: list[int] = []

    def prepare(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Keep the brightness alone."""
        return torch.full((1, 1, 1, 1), float(pixels.mean()) / 255)

    def scores(self, prepared: torch.Tensor) -> Sequence[Mapping[str, float]]:
        """Score them."""
        self.batches.append(len(prepared))
        return [{"normal": 0.0, "nsfw": self._score(one.item()), "gore": 0.0} for one in prepared]


def told_checkers(score: Callable[[float], float], *specs: CheckerModel, device: str = "cpu") -> PictureCheckers:
    """Return checkers that all are a `ToldClassifier`."""
    told = ToldClassifier(score)
    return PictureCheckers(specs or (checker_spec("/none"),), device, load=lambda *_: told)


def check_all(checkers: PictureCheckers, pictures: Sequence[NDArray[np.uint8]]) -> list[PictureCheck]:
    """Have pictures checked, stepping by hand; return what was found of each."""
    queue = CheckQueue(checkers)
    found = [queue.add(one) for one in pictures]
    for _ in range(STEPS_MAX):
        if all(one.done() for one in found):
            queue.close()
            return [one.result() for one in found]
        if not queue.step():
            for waits in queue.waits_for:
                waits.exception(timeout=60)
    raise AssertionError("the checks got nowhere")
