"""Models whose repeated blocks torch compiles: once for each block's kind and shapes, as the first pass needs them."""

from dataclasses import replace
from typing import Any

import torch

from inference.engines.image.families.loaded_model import LoadedModel
from inference.families import FAMILIES

SHAPES_MAX = 64  # compiled for one kind of block; more are computed as ever


def compile_blocks(model: LoadedModel, *, backend: str = "inductor") -> LoadedModel:
    """Have the repeated blocks of a model's network compiled.

    Where that fails (there is no compiler, an operation is unknown), they are computed as ever, with a line in the log.
    Copies of the network, which trainings and retries in float32 make, are not compiled.

    Args:
        model: whole on its device.
        backend: of torch.compile.

    Returns:
        The model, with `compiled` set; as it was, where its network names no repeated blocks, or its weights move.
    """
    blocks = getattr(model.core, "_repeated_blocks", None)
    if not blocks or model.parking is not None or FAMILIES[model.spec.family].alone:
        return model
    dynamo: Any = torch._dynamo
    dynamo.config.suppress_errors = True
    dynamo.config.recompile_limit = max(SHAPES_MAX, dynamo.config.recompile_limit)
    model.core.compile_repeated_blocks(backend=backend)
    return replace(model, compiled=True)


def bucket(rows: int) -> int:
    """Return how many rows a compiled pass has for so many samples: the next power of two, so that few are compiled."""
    return int(1 << (rows - 1).bit_length())
