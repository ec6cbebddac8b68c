"""The log-mel spectrogram of a whole clip, as `whisper.log_mel_spectrogram` computes it, in bounded memory."""

import numpy as np
import torch
from whisper.audio import HOP_LENGTH, N_FFT, mel_filters

from inference.audio import Waveform
from inference.engines.speech.backends.backend import FRAMES, Mel

_CHUNK_FRAMES = 6000  # a minute at a time: half an hour at once would take most of a gigabyte


def log_mel(sound: Waveform, n_mels: int) -> Mel:
    """Return the spectrogram of a clip.

    The reference pads the sound by half a minute of silence, computes, and cuts that off again, so the silence counts
    for the loudness that everything is measured against; so it does here.

    Returns:
        float32 (n_mels, frames); 100 frames a second.
    """
    edge = N_FFT // 2
    window, filters = torch.hann_window(N_FFT), mel_filters("cpu", n_mels)
    frames = len(sound) // HOP_LENGTH
    total = frames + FRAMES  # the last frame of the transform is dropped, as in the reference
    spectrogram = torch.empty(n_mels, total)
    for first in range(0, total, _CHUNK_FRAMES):
        count = min(_CHUNK_FRAMES, total - first)
        stretch = torch.from_numpy(_stretch(sound, first * HOP_LENGTH - edge, (count - 1) * HOP_LENGTH + N_FFT))
        spectrum = torch.stft(stretch, N_FFT, HOP_LENGTH, window=window, center=False, return_complex=True)
        spectrogram[:, first : first + count] = (filters @ spectrum.abs() ** 2).clamp(min=1e-10).log10()
    spectrogram.clamp_(min=float(spectrogram.max()) - 8.0).add_(4.0).div_(4.0)
    return np.ascontiguousarray(spectrogram[:, :frames].numpy())


def _stretch(sound: Waveform, start: int, length: int) -> Waveform:
    """Return a stretch of a sound that is mirrored before its start and silent after its end."""
    piece = np.zeros(length, np.float32)
    inside = sound[max(start, 0) : max(start + length, 0)]
    piece[max(-start, 0) : max(-start, 0) + len(inside)] = inside
    if start < 0:
        mirrored = sound[1 : 1 - start]
        piece[-start - len(mirrored) : -start] = mirrored[::-1]
    return piece


def mel_window(mel: Mel, seek: int, *, content: int, frames: int = FRAMES, fill: float = 0.0) -> Mel:
    """Cut a window out of a clip's spectrogram.

    Args:
        mel: of the whole clip.
        seek: the window's first frame.
        content: how many frames of the clip it has.
        frames: how many it has in all.
        fill: the value of those behind the clip's.
    """
    piece = mel[:, seek : seek + content]
    return np.pad(piece, ((0, 0), (0, frames - piece.shape[1])), constant_values=fill)
