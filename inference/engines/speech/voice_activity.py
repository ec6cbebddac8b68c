"""Where in a clip somebody speaks, by Silero's small model; it ships inside faster-whisper and runs on the CPU."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from faster_whisper import vad
from faster_whisper.vad import SileroVADModel, VadOptions, get_speech_timestamps

from inference.audio import SAMPLE_RATE, Waveform
from inference.engines.speech.hallucination import Span

SPEECH_MIN_S = 0.2  # less is a click, a cough or a chord
_OPTIONS = VadOptions(threshold=0.5, min_speech_duration_ms=96, min_silence_duration_ms=400, speech_pad_ms=100)
_WINDOW, _CONTEXT = 512, 64  # samples that Silero takes at once, and of the window before
_BATCH = 500  # windows; faster-whisper asks for 10,000 at once, which takes half a gigabyte beside a copy of the sound


class _BatchedSilero:
    """Silero's model, asked for less at a time: its state is handed on from batch to batch, so it says the same."""

    def __init__(self, model: Any) -> None:
        self._session = model.session

    def __call__(self, audio: Waveform) -> npt.NDArray[np.float32]:
        """Return the probability of speech in each window."""
        audio[-_CONTEXT:] = 0  # as in faster-whisper, where the last window's end stands for silence before the first
        windows = audio.reshape(-1, _WINDOW)
        state = {name: np.zeros((1, 1, 128), np.float32) for name in "hc"}
        found = []
        for first in range(0, len(windows), _BATCH):
            batch, before = windows[first : first + _BATCH], windows[max(first - 1, 0) : first + _BATCH - 1]
            context = before[:, -_CONTEXT:] if first else np.pad(before[:, -_CONTEXT:], ((1, 0), (0, 0)))
            samples = np.concatenate([context[: len(batch)], batch], axis=1)
            output, state["h"], state["c"] = self._session.run(None, {"input": samples, **state})
            found.append(output)
        return np.concatenate(found)


@cache
def _model(make: Any = vad.get_vad_model) -> _BatchedSilero:
    model: SileroVADModel = make()
    return _BatchedSilero(model)


vad.get_vad_model = _model  # where get_speech_timestamps looks for it


def speech_spans(sound: Waveform) -> tuple[Span, ...]:
    """Find the stretches of speech.

    Returns:
        (start, end) in seconds, in order; empty where nobody says anything.
    """
    stretches = get_speech_timestamps(sound, _OPTIONS)
    spans = tuple((found["start"] / SAMPLE_RATE, found["end"] / SAMPLE_RATE) for found in stretches)
    return spans if sum(end - start for start, end in spans) >= SPEECH_MIN_S else ()
