"""A Whisper so small that its random weights take milliseconds. It talks nonsense, but by the same rules."""

import torch
from whisper.model import ModelDimensions, Whisper

DIMS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=1500,
    n_audio_state=32,
    n_audio_head=2,
    n_audio_layer=1,
    n_vocab=51865,
    n_text_ctx=32,
    n_text_state=32,
    n_text_head=2,
    n_text_layer=2,
)


def tiny_whisper(dims: ModelDimensions = DIMS, seed: int = 0) -> Whisper:
    """Return the model with random weights that are large enough for its tokens to vary."""
    model = Whisper(dims).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model
