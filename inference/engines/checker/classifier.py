"""Classifiers of pictures: transformers' image classification, and Stable Diffusion's own checker by CLIP."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker, cosine_distance
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from transformers import PreTrainedModel

Scores = Mapping[str, float]  # by label
NSFW = "nsfw"  # the one label of Stable Diffusion's own checker
CARE = 0.01  # what a special-care concept adds to all others, as diffusers does


class PictureClassifier(Protocol):
    """What scores pictures by its labels."""

    labels: tuple[str, ...]
    size_bytes: int

    def prepare(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Make one picture (height, width, 3), RGB, into what the network reads (1, 3, h, w), on the CPU."""

    def scores(self, prepared: torch.Tensor) -> Sequence[Scores]:
        """Return the scores of prepared pictures (n, 3, h, w)."""


class _Network:
    """What both kinds share: a network in float32, whose thresholds hold on any device, and transformers' processor."""

    def __init__(self, network: nn.Module, processor: Any, device: torch.device) -> None:
        self._network = network.eval().requires_grad_(False).to(device, torch.float32)
        self._processor = processor
        self._device = device
        self.size_bytes = sum(one.numel() * one.element_size() for one in network.parameters())

    def prepare(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Make one picture into what the network reads."""
        prepared: torch.Tensor = self._processor(images=Image.fromarray(pixels), return_tensors="pt")["pixel_values"]
        return prepared


class TransformersClassifier(_Network):
    """Any `AutoModelForImageClassification`; scores are what transformers' own pipeline returns."""

    def __init__(self, network: PreTrainedModel, processor: Any, device: torch.device) -> None:
        super().__init__(network, processor, device)
        config = network.config
        self.labels = tuple(str(config.id2label[index]) for index in range(config.num_labels))
        self._independent = config.problem_type == "multi_label_classification" or config.num_labels == 1

    @torch.inference_mode()
    def scores(self, prepared: torch.Tensor) -> Sequence[Scores]:
        """Return the probability of each label."""
        logits = self._network(pixel_values=prepared.to(self._device)).logits.float()
        shares = logits.sigmoid() if self._independent else logits.softmax(-1)
        return [dict(zip(self.labels, row, strict=True)) for row in shares.cpu().tolist()]


class ClipChecker(_Network):
    """Stable Diffusion's own checker: how much closer a picture is to a concept than that concept's threshold.

    Source: `StableDiffusionSafetyChecker.forward` in diffusers, rounded to three places as there.
    """

    labels: tuple[str, ...] = (NSFW,)

    def __init__(self, network: StableDiffusionSafetyChecker, processor: Any, device: torch.device) -> None:
        super().__init__(network, processor, device)

    @torch.inference_mode()
    def scores(self, prepared: torch.Tensor) -> Sequence[Scores]:
        """Return the largest excess over a concept's threshold; diffusers flags what is above 0."""
        network: Any = self._network
        embeds = network.visual_projection(network.vision_model(prepared.to(self._device))[1])
        special = _excess(embeds, network.special_care_embeds, network.special_care_embeds_weights)
        concepts = _excess(embeds, network.concept_embeds, network.concept_embeds_weights)
        care = CARE * (special.round(decimals=3) > 0).any(1, keepdim=True)
        worst = (concepts + care).round(decimals=3).amax(1)
        return [{NSFW: round(one, 3)} for one in worst.tolist()]


def _excess(embeds: torch.Tensor, concepts: torch.Tensor, thresholds: torch.Tensor) -> torch.Tensor:
    """Return by how much each picture's likeness to each concept is above its threshold, in float64 on the CPU."""
    likeness: torch.Tensor = cosine_distance(embeds, concepts)
    return likeness.cpu().double() - thresholds.cpu().double()
