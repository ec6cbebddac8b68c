"""Class pictures: what the base model generates by itself, so that the training unlearns nothing."""

import hashlib
import os
import random
from collections.abc import Generator, Sequence
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.training.sampler import sample_latents

CLASS_PICTURES = 8
BATCH = 4
KNOWN_MAX = 160
# DreamBooth's prior holds the class only, and a small model lets the subject leak into everything else: so everyday
# things that have nothing to do with it are shown as well. With eight of them, everything else took on its colours.
EVERYDAY_CAPTIONS = (
    "a red heart", "a blue car", "a green tree", "a house", "a yellow star", "a cup", "a cat", "a smiling face",
    "a dog", "a purple fish", "two birds", "a rabbit", "a pink flower", "a mushroom", "a strawberry", "a cake",
    "three eggs", "a burger", "a moon", "a cloud", "a bicycle", "a boat", "a train", "a black hat",
    "an orange shoe", "a crown", "a key", "a clock", "a book", "a green leaf", "an umbrella", "a snowman",
)  # fmt: skip


def prior_captions(class_noun: str) -> tuple[str, ...]:
    """Return what the prior's pictures show, in their order."""
    return (*(f"a {class_noun}" for _ in range(CLASS_PICTURES)), *EVERYDAY_CAPTIONS)


def known_captions(base: LoadedModel, class_noun: str) -> tuple[str, ...]:
    """Return other things that a small model states it can generate, in the singular; nothing for other models."""
    nouns = sorted(noun for noun in base.nouns if not noun.endswith("s") and noun != class_noun)
    chosen = random.Random(0).sample(nouns, min(KNOWN_MAX, len(nouns)))
    return tuple(f"a {noun}" for noun in chosen)


def prior_latents(base: LoadedModel, class_noun: str, cache_dir: Path | None) -> Generator[None, None, Tensor]:
    """Generate a class's pictures with the base model, or take them from the cache; yield after each step.

    The seeds are fixed, so that a training that starts again sees the same ones.

    Returns:
        Latents, one for each of `prior_captions`, as the generator's value.
    """
    of_class, others = prior_captions(class_noun)[:CLASS_PICTURES], EVERYDAY_CAPTIONS
    sampled = yield from _sampled(base, of_class, cache_dir)
    return torch.cat([sampled, (yield from _sampled(base, others, cache_dir))])


def _sampled(base: LoadedModel, captions: Sequence[str], cache_dir: Path | None) -> Generator[None, None, Tensor]:
    file = cache_dir / f"{_key(base, captions)}.safetensors" if cache_dir else None
    if file and (kept := _read(file, len(captions))) is not None:
        return kept.to(base.device)
    parts = []
    for start in range(0, len(captions), BATCH):
        some = captions[start : start + BATCH]
        seeds = list(range(start, start + len(some)))
        parts.append((yield from sample_latents(base, some, seeds)))
    latents = torch.cat(parts)
    if file:
        _write(file, latents)
    return latents


def _key(base: LoadedModel, captions: Sequence[str]) -> str:
    spec = base.spec
    settings = (spec.source, spec.revision, f"{spec.width_px}x{spec.height_px}", str(base.dtype), spec.scheduler)
    described = "\n".join((*settings, str(spec.steps), str(spec.guidance), *captions))
    return hashlib.sha256(described.encode()).hexdigest()


def _read(file: Path, count: int) -> Tensor | None:
    try:
        latents = safetensors.torch.load(file.read_bytes())["latents"]
    except (OSError, SafetensorError, KeyError):
        return None  # not there, or damaged: they are generated again
    return latents if len(latents) == count else None


def _write(file: Path, latents: Tensor) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(safetensors.torch.save({"latents": latents.cpu().contiguous()}))
    part.replace(file)
