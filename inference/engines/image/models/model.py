"""A checked folder into a model on a device."""

import inspect
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import diffusers
import torch
import transformers
from torch import nn

from inference.catalogue import ImageModel
from inference.engines.failures import is_out_of_memory
from inference.engines.image.enlarging import PictureEnlarger, read_enlarger
from inference.engines.image.families.family import Part
from inference.engines.image.families.loaded_model import Layers, LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.folders import WEIGHTLESS, CheckedFolder
from inference.engines.image.models.parking import Parking, module_bytes, park_network
from inference.engines.image.models.plan import MemoryPlan
from inference.engines.image.models.tiling import decode_in_tiles
from inference.engines.image.models.weights import place, read_network, weight_moves
from inference.errors import ModelUnusable
from inference.families import FAMILIES

log = logging.getLogger(__name__)

EVERYTHING = 1 << 60  # bytes


def load_model(
    spec: ImageModel,
    folder: CheckedFolder,
    device: torch.device,
    dtype: torch.dtype | None = None,
    *,
    plan: MemoryPlan | None = None,
) -> LoadedModel:
    """Load a checked folder onto a device.

    Args:
        spec: the model's catalogue entry.
        folder: its folder, checked.
        device: where to put it.
        dtype: of its networks; the family's half precision on CUDA and float32 elsewhere if not given.
        plan: how it is kept there; all of it if not given.

    Raises:
        ModelUnusable: a file is malformed, or lacks weights.
    """
    dtype = dtype or family_of(spec).dtype_on(device)
    try:
        if spec.quantise and (plan is None or not plan.low):
            return _build_in_pieces(spec, folder, device, dtype, core_bytes=EVERYTHING, encoders_bytes=EVERYTHING)
        if plan is not None and plan.low:
            return _build_in_pieces(spec, folder, device, dtype, core_bytes=plan.core_bytes, encoders_bytes=0)
        return _build(spec, folder, device, dtype)
    except ModelUnusable:
        raise
    except Exception as error:  # the libraries raise anything at all over malformed files
        if is_out_of_memory(error):
            raise
        log.warning("model %s could not be loaded", spec.name, exc_info=True)
        raise ModelUnusable(f"The model '{spec.name}' could not be loaded: {error}") from error


def assemble(
    spec: ImageModel,
    parts: Mapping[str, Any],
    scheduler: Any,
    *,
    device: torch.device,
    dtype: torch.dtype,
    settings: Mapping[str, Any],
    nouns: frozenset[str] = frozenset(),
    enlarger: PictureEnlarger | None = None,
) -> LoadedModel:
    """Put a model's parts together.

    Args:
        spec: the model's catalogue entry.
        parts: networks, each `place`d, and tokenizers, by their components' names.
        scheduler: the folder's.
        device: where the networks are.
        dtype: what they compute in; the family may keep the autoencoder in another.
        settings: plain values of model_index.json.
        nouns: the only things that it can generate; empty: not stated.
        enlarger: makes its finished pictures larger; None: they are enlarged by Lanczos.

    Raises:
        ModelUnusable: the parts are not what the family expects.
    """
    family = family_of(spec)
    family.check(spec, parts)
    encoders = {name: part for name, part in parts.items() if name.startswith("text_encoder")}
    adaptable = {family.core: parts[family.core], **encoders}
    return LoadedModel(
        spec=spec,
        core=parts[family.core],
        vae=parts["vae"],
        text_encoders=tuple(encoders.values()),
        tokenizers=tuple(parts[name.replace("text_encoder", "tokenizer")] for name in encoders),
        scheduler=family.scheduler(scheduler),
        device=device,
        dtype=dtype,
        settings=settings,
        size_bytes=sum(module_bytes(part) for part in (*adaptable.values(), parts["vae"])),
        nouns=nouns,
        enlarger=enlarger,
        layers={name: layers_of(part) for name, part in adaptable.items()},
    )


def _build(spec: ImageModel, folder: CheckedFolder, device: torch.device, dtype: torch.dtype) -> LoadedModel:
    family = family_of(spec)
    parts = {part.name: place(family, part.name, _load(folder, part), device, dtype) for part in folder.parts}
    if FAMILIES[spec.family].alone:
        return _whole(spec, folder, parts, device, dtype)
    return _assemble_from(folder, spec, parts, device, dtype)


def _assemble_from(
    folder: CheckedFolder, spec: ImageModel, parts: Mapping[str, Any], device: torch.device, dtype: torch.dtype
) -> LoadedModel:
    """Put a folder's parts together with what else lies in it."""
    return assemble(
        spec,
        parts,
        load_scheduler(folder),
        device=device,
        dtype=dtype,
        settings=folder.settings,
        nouns=folder.nouns,
        enlarger=read_enlarger(folder.path, spec.upscale),
    )


def _build_in_pieces(
    spec: ImageModel,
    folder: CheckedFolder,
    device: torch.device,
    dtype: torch.dtype,
    *,
    core_bytes: int,
    encoders_bytes: int,
) -> LoadedModel:
    """Build a model whose weights come and go, but for the autoencoder's and as many as there is room for."""
    family, parking = family_of(spec), Parking()
    parts = {part.name: _load(folder, part) for part in folder.parts}
    place(family, "vae", parts["vae"], device, dtype)
    if encoders_bytes == 0:  # low memory
        decode_in_tiles(parts["vae"])
    stays_bytes = module_bytes(parts["vae"])
    for name, part in parts.items():
        if isinstance(part, nn.Module) and name != "vae":
            moves = weight_moves(family, name, part, device, dtype)
            room_bytes = core_bytes if name == family.core else encoders_bytes
            stays_bytes += park_network(part, moves, parking, resident_bytes=room_bytes, quantised=bool(spec.quantise))
    whole = _assemble_from(folder, spec, parts, device, dtype)
    return replace(whole, parking=parking, size_bytes=stays_bytes)


def _load(folder: CheckedFolder, part: Part) -> Any:
    """Load one component: a network with its weights mapped, or a tokenizer."""
    if not part.name.startswith(WEIGHTLESS):
        return read_network(folder, part)
    library: Any = transformers if part.library == "transformers" else diffusers
    return getattr(library, folder.classes[part.name]).from_pretrained(folder.path / part.name, local_files_only=True)


def layers_of(part: nn.Module) -> Layers:
    """Return the layers of a network that an adapter may change, by name."""
    return {name: layer for name, layer in part.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)}


def _whole(
    spec: ImageModel, folder: CheckedFolder, parts: Mapping[str, Any], device: torch.device, dtype: torch.dtype
) -> LoadedModel:
    """Put parts together as diffusers' own pipeline, which is asked as a whole."""
    kind: Any = getattr(diffusers, folder.pipeline, None)
    if not (isinstance(kind, type) and issubclass(kind, diffusers.DiffusionPipeline)):
        raise ModelUnusable(f"{folder.path.name}: diffusers has no {folder.pipeline}.")
    asked = inspect.signature(kind.__call__).parameters
    if lacking := [name for name in ("prompt", "width", "height", "callback_on_step_end") if name not in asked]:
        raise ModelUnusable(f"{folder.path.name}: {folder.pipeline} takes no {lacking[0]}; it is not drawn with.")
    scheduler = load_scheduler(folder)
    given = {**folder.settings, **parts, "scheduler": scheduler}
    known = inspect.signature(kind).parameters
    absent = [name for name in known if name not in given and known[name].default is inspect.Parameter.empty]
    pipeline = kind(**{name: given.get(name) for name in (*given, *absent) if name in known})
    pipeline.set_progress_bar_config(disable=True)
    return LoadedModel(
        spec=spec,
        core=pipeline,
        vae=parts.get("vae"),
        text_encoders=(),
        tokenizers=(),
        scheduler=scheduler,
        device=device,
        dtype=dtype,
        settings=folder.settings,
        size_bytes=sum(module_bytes(part) for part in parts.values() if isinstance(part, nn.Module)),
        nouns=folder.nouns,
    )


def load_scheduler(folder: CheckedFolder) -> Any:
    """Make the folder's scheduler.

    Raises:
        ModelUnusable: diffusers has none of that name.
    """
    kind = getattr(diffusers, folder.classes["scheduler"], None)
    if not (isinstance(kind, type) and issubclass(kind, diffusers.SchedulerMixin)):
        raise ModelUnusable(f"{folder.path.name}: diffusers has no {folder.classes['scheduler']}.")
    return kind.from_pretrained(folder.path / "scheduler", local_files_only=True)  # type: ignore[attr-defined]
