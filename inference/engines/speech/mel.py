"""The log-mel spectrogram of a whole clip, as `whisper.log_mel_spectrogram` computes it, in bounded memory."""

import numpy as np
import torch
from whisper.audio import HOP_LENGTH, N_FFT, N_SAMPLES, mel_filters

from inference.audio import Sound
from inference.engines.speech.backend import FRAMES, Mel

_CHUNK_FRAMES = 6000  # a minute at a time: half an hour at once would take most of a gigabyte


def log_mel(sound: Sound, n_mels: int) -> Mel:
    """Return the spectrogram of a clip.

    The reference pads the sound by half a minute of silence, computes, and cuts that off again, so the silence counts
    for the loudness that everything is measured against; so it does here.

    Returns:
        float32 (n_mels, frames); 100 frames a second.
    """
    padded = torch.nn.functional.pad(torch.from_numpy(sound.copy()), (0, N_SAMPLES))
    edge = N_FFT // 2
    padded = torch.nn.functional.pad(padded[None, None], (edge, edge), mode="reflect")[0, 0]
    window, filters = torch.hann_window(N_FFT), mel_filters("cpu", n_mels)
    frames = len(sound) // HOP_LENGTH
    total = frames + FRAMES  # the last frame of the transform is dropped, as in the reference
    chunks = []
    for first in range(0, total, _CHUNK_FRAMES):
        count = min(_CHUNK_FRAMES, total - first)
        stretch = padded[first * HOP_LENGTH : (first + count - 1) * HOP_LENGTH + N_FFT]
        spectrum = torch.stft(stretch, N_FFT, HOP_LENGTH, window=window, center=False, return_complex=True)
        chunks.append((filters @ spectrum.abs() ** 2).clamp(min=1e-10).log10())
    spectrogram = torch.cat(chunks, dim=1)
    spectrogram = torch.maximum(spectrogram, spectrogram.max() - 8.0)
    return np.ascontiguousarray(((spectrogram + 4.0) / 4.0)[:, :frames].numpy())


def window_of(mel: Mel, seek: int, *, content: int, frames: int = FRAMES, fill: float = 0.0) -> Mel:
    """Return `content` frames from `seek` on, filled up to `frames`."""
    piece = mel[:, seek : seek + content]
    return np.pad(piece, ((0, 0), (0, frames - piece.shape[1])), constant_values=fill)
