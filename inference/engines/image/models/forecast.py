"""What a model will take of a device's memory, from its configurations alone: nothing is loaded.

Weights are counted exactly. What passes take beside them is the peak of live tensors, found by running the family's own
code on tensors that have only shapes. Kernels' workspaces and the device's own context come on top.
"""

from functools import partial
from typing import Any

import torch

from inference.catalogue import ImageModel
from inference.engines.image.families.family import Family
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.folders import CheckedFolder
from inference.engines.image.models.live_bytes import peak_bytes
from inference.engines.image.models.parking import largest_piece_bytes, module_bytes, quantised_bytes, working_bytes
from inference.engines.image.models.plan import MemoryForecast
from inference.engines.image.models.skeletons import META, build_skeleton, meta_is_a_device
from inference.engines.image.models.tiling import decode_in_tiles

TOKENS = 512  # of a prompt; CLIP reads fewer


def forecast(
    spec: ImageModel, folder: CheckedFolder, device: torch.device, dtype: torch.dtype | None = None
) -> MemoryForecast:
    """Foretell what a model of a covered family takes on a device.

    Args:
        spec: its catalogue entry; it has a picture's size and guidance.
        folder: its folder, checked; its configurations are read, no weights.
        device: which kind it will be on.
        dtype: of its networks; by the kind of device and the family if not given.

    Raises:
        ModelUnusable: a configuration is malformed, or no model of the family.
    """
    family = family_of(spec)
    with meta_is_a_device():
        model = build_skeleton(spec, folder, dtype or family.dtype_on(device))
        unpacked = largest_piece_bytes if spec.quantise else lambda _: 0
        held = quantised_bytes if spec.quantise else module_bytes
        return MemoryForecast(
            encoders=sum(map(held, model.text_encoders)),
            core=held(model.core),
            vae=module_bytes(model.vae),
            encoding=encoding_bytes(model) + max(map(unpacked, model.text_encoders)),
            denoising=denoising_bytes(family, model, (spec.width_px, spec.height_px)) + unpacked(model.core),
            decoding=decoding_bytes(family, model, (spec.width_px, spec.height_px)),
            decoding_tiled=_tiled_decoding_bytes(family, model),
            encoder_piece=max(map(working_bytes, model.text_encoders)),
            core_piece=working_bytes(model.core),
        )


def _tiled_decoding_bytes(family: Family, model: LoadedModel) -> int:
    decode_in_tiles(model.vae)
    return decoding_bytes(family, model, (model.spec.width_px, model.spec.height_px))


def encoding_bytes(model: LoadedModel) -> int:
    """Return the peak of reading two texts, one encoder after the other."""
    peaks = [
        peak_bytes(partial(encoder, input_ids=_two_texts(encoder), output_hidden_states=True))
        for encoder in model.text_encoders
    ]
    return max(peaks)


def _two_texts(encoder: Any) -> torch.Tensor:
    return torch.empty(2, prompt_tokens(encoder), dtype=torch.int64, device=META)


def denoising_bytes(family: Family, model: LoadedModel, size_px: tuple[int, int], lanes: int = 1) -> int:
    """Return the peak of one pass over some lanes."""
    rows = lanes * family.rows(model, model.spec.guidance)
    conditioning = family.blank_conditioning(model, rows, prompt_tokens(model.text_encoders[0]))
    shape = (1, *family.latent_shape(model, size_px))
    if family.reads_mask(model):
        shape = (1, 2 * shape[1] + 1, *shape[2:])
    latents = [torch.empty(shape, device=META) for _ in range(rows)]
    times = torch.empty(rows, device=META)
    return peak_bytes(lambda: family.predict(model, latents, times, conditioning))


def decoding_bytes(family: Family, model: LoadedModel, size_px: tuple[int, int]) -> int:
    """Return the peak of decoding one picture."""
    latents = torch.empty((1, *family.latent_shape(model, size_px)), device=META)
    return peak_bytes(lambda: family.to_pixels(model, latents))


def prompt_tokens(encoder: Any) -> int:
    """Return how many tokens of a prompt are counted on for a text encoder."""
    return min(TOKENS, int(encoder.config.get_text_config().max_position_embeddings))
