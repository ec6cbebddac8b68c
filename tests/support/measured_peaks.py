"""What a loaded model really takes beside its weights, asked in the ways in which a forecast asks its skeleton."""

from functools import partial

import torch

from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from tests.support.allocations import allocated_peak


def measured_peaks(model: LoadedModel, size_px: tuple[int, int], *, tokens: int) -> tuple[int, int, int]:
    """Return the peaks of reading two prompts, of one picture's pass and of decoding it, on a CPU.

    Args:
        model: the model.
        size_px: of the picture.
        tokens: of a prompt.
    """
    family = family_of(model.spec)
    rows = family.rows(model, model.spec.guidance)
    ids = torch.ones(2, tokens, dtype=torch.int64)
    conditioning = family.blank_conditioning(model, rows, tokens)
    conditioning.hidden.zero_()
    for value in conditioning.extra.values():
        value.zero_()
    latents = [torch.zeros(1, *family.latent_shape(model, size_px)) for _ in range(rows)]
    times = torch.full((rows,), 500.0)
    encoders = [
        allocated_peak(partial(encoder, input_ids=ids, output_hidden_states=True)) for encoder in model.text_encoders
    ]
    return (
        max(encoders),
        allocated_peak(lambda: family.predict(model, latents, times, conditioning)),
        allocated_peak(lambda: family.to_pixels(model, latents[0])),
    )
