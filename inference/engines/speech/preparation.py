"""From a task's bytes to a clip that a model can decode, beside the worker's loop.

Decoding, voice activity and the spectrogram take from a few milliseconds to some seconds, and a model is loaded at its
first use; all of that happens in threads here, so that pictures on the same device go on.
"""

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from whisper.tokenizer import LANGUAGES

from inference.audio import SAMPLE_RATE, AudioDecoder, AudioLimits
from inference.engines.speech.clip import Clip, PreparedAudio
from inference.engines.speech.mel import log_mel
from inference.engines.speech.models import LoadedSpeechModel
from inference.engines.speech.voice_activity import speech_spans
from inference.engines.threads import single_core_threads
from inference.errors import BadRequest
from inference.messages import Task
from inference.requests import TranscribeRequest

_THREADS = 2  # so that one hostile file does not hold up everybody's voice messages
_LONG_S = 300.0
_OVER_STATED = (1.5, 30.0)  # a clip may be this many times, and this many seconds, longer than it was priced for


class NoSpeechFound(BadRequest):
    """Nobody speaks in the clip."""

    message = "No speech was found in that clip."


@dataclass(frozen=True, slots=True)
class PreparedClip:
    """A clip, and the model that it asked for."""

    clip: Clip
    model: LoadedSpeechModel


class ClipPreparer:
    """Prepares clips in threads of its own."""

    def __init__(self, find_model: Callable[[str], LoadedSpeechModel], limits: AudioLimits) -> None:
        self._find_model = find_model
        self._limits = limits
        self._threads = single_core_threads(_THREADS, "clip")
        self._mine = threading.local()
        self._long = threading.Lock()
        self._decoders: list[AudioDecoder] = []
        self._finalizer = weakref.finalize(self, _close, self._threads, self._decoders)

    def submit(self, task: Task) -> "Future[PreparedClip]":
        """Start preparing a task; the result raises what `_prepare` raises."""
        return self._threads.submit(self._prepare, task)

    def close(self) -> None:
        """End the threads and the processes that decode."""
        self._finalizer()

    def _prepare(self, task: Task) -> PreparedClip:
        """Decode, look for speech, and compute the spectrogram.

        Raises:
            AudioRejected, NothingSaid, BadRequest: the member's to mend.
            ModelUnusable: the operator's.
        """
        request = task.request
        assert isinstance(request, TranscribeRequest)
        model = self._find_model(request.model)
        if request.language not in (None, *(LANGUAGES if model.backend.multilingual else ("en",))):
            raise BadRequest(f"The speech model '{request.model}' doesn't know that `language` ('{request.language}').")
        if request.duration_s <= _LONG_S:
            return PreparedClip(self._clip(task, request, model), model)
        with self._long:  # a quarter of a gigabyte each while they are prepared; short ones pass by in the other thread
            return PreparedClip(self._clip(task, request, model), model)

    def _clip(self, task: Task, request: TranscribeRequest, model: LoadedSpeechModel) -> Clip:
        promised_s = _OVER_STATED[0] * request.duration_s + _OVER_STATED[1]
        sound = self._decoder().decode(task.inputs.get("audio", b""), promised_s=promised_s)
        duration_s = len(sound) / SAMPLE_RATE
        if not (spans := speech_spans(sound)):
            raise NoSpeechFound
        prepared = PreparedAudio(mel=log_mel(sound, model.backend.n_mels), spans=spans, duration_s=duration_s)
        clip = Clip(task, request, prepared, attempts=model.backend.attempts, whole_windows=model.whole_windows)
        if checkpoint := task.inputs.get("checkpoint"):
            clip.restore(checkpoint)
        return clip

    def _decoder(self) -> AudioDecoder:
        """Return this thread's own decoder."""
        if not hasattr(self._mine, "decoder"):
            self._mine.decoder = AudioDecoder(self._limits)
            self._decoders.append(self._mine.decoder)
        decoder: AudioDecoder = self._mine.decoder
        return decoder


def _close(threads: ThreadPoolExecutor, decoders: list[AudioDecoder]) -> None:
    threads.shutdown(wait=False, cancel_futures=True)
    for decoder in decoders:
        decoder.close()
