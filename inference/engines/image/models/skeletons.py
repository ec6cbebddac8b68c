"""Models without their numbers: built from configurations alone, on torch's meta device, where tensors are shapes."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from torch import nn

from inference.catalogue import ImageModel
from inference.engines.image.families.family import Part
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.folders import WEIGHTLESS, CheckedFolder
from inference.engines.image.models.model import assemble, load_scheduler
from inference.engines.image.models.weights import place
from inference.errors import ModelUnusable

META = torch.device("meta")


def build_skeleton(spec: ImageModel, folder: CheckedFolder, dtype: torch.dtype) -> LoadedModel:
    """Build a model of a covered family without numbers and without tokenizers.

    Args:
        spec: its catalogue entry.
        folder: its folder, checked; no weights are read.
        dtype: what it computes in; the family may keep the autoencoder in another.

    Raises:
        ModelUnusable: a configuration is malformed.
    """
    family = family_of(spec)
    try:
        parts = {
            part.name: place(family, part.name, _network(folder.path / part.name, part, folder), META, dtype)
            for part in folder.parts
        }
        scheduler = load_scheduler(folder)
        return assemble(spec, parts, scheduler, device=META, dtype=dtype, settings=folder.settings)
    except ModelUnusable:
        raise
    except Exception as error:  # the libraries raise anything at all over malformed files
        raise ModelUnusable(f"{folder.path.name}: a configuration can't be used: {error}") from error


def _network(path: Path, part: Part, folder: CheckedFolder) -> nn.Module | None:
    if part.name.startswith(WEIGHTLESS):
        return None
    library: Any = transformers if part.library == "transformers" else diffusers
    kind = getattr(library, folder.classes[part.name])
    with META:
        if library is diffusers:
            network = kind.from_config(kind.load_config(path, local_files_only=True))
        else:
            config = kind.config_class.from_pretrained(path, local_files_only=True)
            attention = "sdpa" if getattr(kind, "_supports_sdpa", True) else "eager"
            network = kind._from_config(config, dtype=torch.float32, attn_implementation=attention)
    return network.eval().requires_grad_(False)  # type: ignore[no-any-return]


@contextmanager
def meta_is_a_device() -> Iterator[None]:
    """Let networks name the meta device where torch does not know it: to `torch.autocast`, which is left out then."""
    known: Any = torch.autocast
    torch.autocast = lambda device_type, **options: (  # type: ignore[misc, assignment]
        nullcontext() if device_type == META.type else known(device_type, **options)
    )
    try:
        yield
    finally:
        torch.autocast = known  # type: ignore[misc]
