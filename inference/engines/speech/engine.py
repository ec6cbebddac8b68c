"""The speech engine: clips come in, windows of all of them are decoded together, text goes out."""

import logging
import math
from concurrent.futures import Future

from inference.audio import AudioLimits
from inference.catalogue import Catalogue
from inference.engines.speech.backends.backend import FRAMES, DecodedWindow, Window, tokenizer_for
from inference.engines.speech.clip import WindowDecision
from inference.engines.speech.models import LoadedSpeechModel, SpeechModels
from inference.engines.speech.preparation import ClipPreparer, NoSpeechFound, PreparedClip
from inference.engines.speech.results import final_events, interim_events
from inference.errors import BadRequest, ModelUnusable
from inference.messages import Failed, FailureKind, JobEvent, Task
from inference.requests import Kind

log = logging.getLogger(__name__)

SLOTS = 32


class SpeechEngine:
    """Turns clips into text on one device.

    A step is a slice of a backend's work, such as a layer of the encoder, or a few tokens of every window that is being
    decoded. Nothing waits in it: while clips are prepared, and while a backend computes in a thread, the engine is not
    busy, and pictures go on. A clip has one window at a time, as its text is the next window's prompt.
    """

    kind = str(Kind.TRANSCRIBE)

    def __init__(
        self,
        models: SpeechModels,
        *,
        limits: AudioLimits | None = None,
        slots: int = SLOTS,
    ) -> None:
        """Build an engine; models are loaded when a clip first asks for them.

        Args:
            models: the catalogue's speech models on this device; an engine that takes over keeps them.
            limits: how long and large a clip may be.
            slots: how many clips are taken in at once; they wait here, not in the database, so few are enough.
        """
        self._known = models
        self.models = models.resident  # names, for the worker's load
        self._preparation = ClipPreparer(models.find, limits or AudioLimits())
        self._slots = slots
        self._preparing: dict[str, tuple[Task, Future[PreparedClip]]] = {}
        self._clips: dict[str, PreparedClip] = {}  # in the order they became ready
        self._waiting: list[str] = []  # clips whose next window is not begun
        self._ended_early: list[str] = []

    def free_slots(self) -> int:
        """Return how many more clips could be admitted now."""
        return self._slots - len(self._preparing) - len(self._clips)

    def busy(self) -> bool:
        """Return whether a step would do any work, besides waiting for a thread."""
        prepared = any(future.done() for _, future in self._preparing.values())
        return prepared or bool(self._ended_early) or any(map(self._can_go_on, self._models_in_use()))

    def _can_go_on(self, model: LoadedSpeechModel) -> bool:
        waits = any(self._clips[job_id].model is model for job_id in self._waiting)
        return model.backend.busy() or (waits and model.backend.free() > 0)

    def admit(self, task: Task) -> None:
        """Take a clip in; it is prepared in a thread."""
        self._preparing[task.job_id] = (task, self._preparation.submit(task))

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Decode what is prepared from now on with these models."""
        self._known.use(catalogue.speech)

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a clip go; with `keep` it ends with the text that it has."""
        if keep and job_id in self._clips:
            self._ended_early.append(job_id)
        elif keep and job_id in self._preparing:
            return  # there is no text yet; it is at its end before an early end would be
        elif found := self._preparing.pop(job_id, None):
            found[1].cancel()
        else:
            self._forget(job_id)

    def step(self) -> list[JobEvent]:
        """Report what has happened, and go on with one slice of each backend's work."""
        events = [event for job_id in self._ended_early if job_id in self._clips for event in self._end(job_id)]
        self._ended_early.clear()
        events += self._collect()
        for model in self._models_in_use():
            if begun := self._next_windows(model):
                model.backend.begin(begun)
            elif model.backend.busy():
                for decoded in model.backend.advance():
                    events += self._handle_decoded(decoded)
        return events

    def close(self) -> None:
        """End the threads and processes that prepare clips, and leave the models to the next engine."""
        self._preparation.close()
        for job_id in list(self._clips):
            self._forget(job_id)

    # -- coming in ---------------------------------------------------------------------------------------------------

    def _collect(self) -> list[JobEvent]:
        """Take over the clips that have been prepared."""
        events: list[JobEvent] = []
        for job_id, (task, future) in list(self._preparing.items()):
            if future.done():
                del self._preparing[job_id]
                if error := future.exception():
                    events.append(_failed(task, error))
                else:
                    self._clips[job_id] = future.result()
                    events += self._go_on(job_id)
        return events

    def _go_on(self, job_id: str) -> list[JobEvent]:
        """Queue a clip's next window, or end it where no more speech follows."""
        clip = self._clips[job_id].clip
        if clip.ended:
            return self._end(job_id)
        self._waiting.append(job_id)
        return interim_events(clip) if clip.begun else []

    def _models_in_use(self) -> list[LoadedSpeechModel]:
        return list({id(ready.model): ready.model for ready in self._clips.values()}.values())

    def _next_windows(self, model: LoadedSpeechModel) -> list[Window]:
        """Take waiting clips' windows: as many as there is room for, and as one pass of the encoder may hold."""
        windows: list[Window] = []
        frames = 0
        for job_id in list(self._waiting):
            if len(windows) == model.backend.free() or frames + FRAMES > max(model.sizes.encoder_frames, FRAMES):
                break
            ready = self._clips[job_id]
            if ready.model is model:
                windows.append(ready.clip.window())
                frames += windows[-1].mel.shape[1]
                self._waiting.remove(job_id)
        return windows

    # -- going out ---------------------------------------------------------------------------------------------------

    def _handle_decoded(self, decoded: DecodedWindow) -> list[JobEvent]:
        """Judge a decoded window, and go on with its clip."""
        ready = self._clips[decoded.key]
        clip, backend = ready.clip, ready.model.backend
        if not math.isfinite(decoded.mean_logprob):
            self._forget(decoded.key)
            return [_failure(clip.task, FailureKind.NOT_FINITE, "the model's scores are not finite", retry=True)]
        tokenizer = tokenizer_for(backend, decoded.language, translate=clip.request.translate)
        decision = clip.decide(decoded, tokenizer)
        if decision is WindowDecision.RETRY:
            backend.retry(decoded.key, clip.attempt, clip.seed)
            return []
        if decision is WindowDecision.RETRY_WHOLE:
            backend.release(decoded.key)
            self._waiting.insert(0, decoded.key)
            return []
        text = [token for token in decoded.tokens if token < tokenizer.eot]
        if clip.request.word_timestamps and text and decoded.alignment is None:
            backend.align(decoded.key, tokenizer, text, clip.content_frames)
            return []
        clip.accept(decoded, tokenizer, decoded.alignment)
        backend.release(decoded.key)
        return self._go_on(decoded.key)

    def _end(self, job_id: str) -> list[JobEvent]:
        clip = self._clips[job_id].clip
        self._forget(job_id)
        if not clip.segments:
            return [_failed(clip.task, NoSpeechFound())]
        return final_events(clip, clip.request.model)

    def _forget(self, job_id: str) -> None:
        if ready := self._clips.pop(job_id, None):
            ready.model.backend.release(job_id)
            self._waiting = [other for other in self._waiting if other != job_id]


def _failed(task: Task, error: BaseException) -> Failed:
    """Report why a clip could not be prepared."""
    match error:
        case NoSpeechFound():
            return _failure(task, FailureKind.NO_SPEECH, str(error))
        case BadRequest():
            return _failure(task, FailureKind.BAD_INPUT, str(error))
        case ModelUnusable():
            return _failure(task, FailureKind.MODEL, str(error))
        case MemoryError():
            return _failure(task, FailureKind.OUT_OF_MEMORY, "out of memory", retry=True)
        case _:
            log.error("a clip could not be prepared", exc_info=error)
            return _failure(task, FailureKind.INTERNAL, f"{type(error).__name__}: {error}", retry=True)


def _failure(task: Task, kind: FailureKind, message: str, *, retry: bool = False) -> Failed:
    return Failed(task.job_id, task.attempt, kind, message, retry)
