"""The engine with a backend that needs no model: how clips come in, wait, leave and fail."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from whisper.tokenizer import Tokenizer, get_tokenizer

from inference.audio import AudioLimits
from inference.catalogue import SpeechModel
from inference.engines.speech.backends.backend import Alignment, Attempts, DecodedWindow, Window
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import BatchSizes, LoadedSpeechModel, SpeechModels
from inference.errors import ModelUnusable
from inference.messages import Checkpoint, Failed, FailureKind, Finished, JobEvent, Output, Preview, Progress, Task
from inference.requests import TranscribeRequest
from tests.support.engines.speech_steps import steps
from tests.support.files.sounds import film, tone, wav
from tests.support.files.speech_clips import synthetic

SLOTS = 4
TOKENIZER = get_tokenizer(True, num_languages=99, language="en", task="transcribe")
Answer = Callable[[Window], tuple[str, float]]


class EchoBackend:
    """Hears in each window whatever `answer` says: a text and its mean log probability."""

    n_mels, multilingual, languages, tokens_max = 80, True, 99, 224
    attempts = Attempts(count=6, trusted=3)

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._windows: dict[str, Window] = {}
        self._reported: set[str] = set()
        self._alignments: dict[str, Alignment] = {}
        self.patience = 1  # nothing is reported before so many windows were begun
        self.computes_elsewhere = False
        self.batches: list[list[str]] = []
        self.retries: list[int] = []

    def free(self) -> int:
        return 2 - len(self._windows)

    def busy(self) -> bool:
        return not self.computes_elsewhere and bool(self._windows.keys() - self._reported)

    def begin(self, windows: Sequence[Window]) -> None:
        self.batches.append([window.key for window in windows])
        self._windows.update({window.key: window for window in windows})

    def retry(self, key: str, attempt: int, seed: int) -> None:
        self.retries.append(attempt)
        self._reported.discard(key)

    def advance(self) -> list[DecodedWindow]:
        if sum(map(len, self.batches)) < self.patience:
            return []
        waiting = [window for key, window in self._windows.items() if key not in self._reported]
        self._reported.update(window.key for window in waiting)
        return [self._hear(window) for window in waiting]

    def _hear(self, window: Window) -> DecodedWindow:
        text, logprob = self._answer(window)
        begin = TOKENIZER.timestamp_begin
        tokens = (begin, *TOKENIZER.encode(" " + text), begin + 1400) if text else (begin,)
        return DecodedWindow(
            key=window.key,
            tokens=tokens,
            mean_logprob=logprob,
            no_speech=0.0,
            language="en",
            language_probability=0.97,
            alignment=self._alignments.pop(window.key, None),
        )

    def release(self, key: str) -> None:
        self._windows.pop(key, None)
        self._reported.discard(key)

    def align(self, key: str, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int) -> None:
        path = np.arange(len(text_tokens) + 1)
        self._alignments[key] = Alignment(path, path * 10, (0.9,) * len(text_tokens))
        self._reported.discard(key)


LINE = SpeechModel(name="base", title="", source=".", licence="MIT")
Made = tuple[SpeechEngine, EchoBackend]


@pytest.fixture
def make() -> Iterator[Callable[[Answer], Made]]:
    """Build an engine around an EchoBackend; it is closed after the test."""
    engines: list[SpeechEngine] = []

    def build(answer: Answer = lambda _: ("Hello there.", -0.2)) -> Made:
        backend = EchoBackend(answer)
        loaded = LoadedSpeechModel(backend, BatchSizes(lanes=2, tokens=4, encoder_frames=6000), whole_windows=True)
        models = SpeechModels([LINE], "cpu", load=lambda *_: loaded)
        engines.append(SpeechEngine(models, limits=AudioLimits(seconds=300), slots=SLOTS))
        return engines[-1], backend

    yield build
    for engine in engines:
        engine.close()


def task(job_id: str, audio: bytes | None = None, *, checkpoint: bytes = b"", **asked: Any) -> Task:
    content = synthetic()[0].content if audio is None else audio
    request = TranscribeRequest(**{"audio": "key", "duration_s": 100.0, "model": "base", **asked})
    return Task(job_id, 1, request, {"audio": content, "checkpoint": checkpoint})


def long_speech(windows: int) -> bytes:
    """Speech for that many windows of half a minute."""
    samples = synthetic()[0].samples
    return wav(np.resize(samples, windows * 480_000))


def drain(engine: SpeechEngine, events: list[JobEvent] | None = None) -> list[JobEvent]:
    found = events if events is not None else []
    for more in steps(engine, SLOTS):
        found += more
    return found


def of(kind: type[Any], events: Sequence[JobEvent]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_a_clip_ends_with_its_files_and_its_text(make: Callable[..., Made]) -> None:
    engine, _ = make()
    engine.admit(task("a"))
    events = drain(engine)
    assert [event.name for event in of(Output, events)] == ["transcript.txt", "transcript.srt", "transcript.vtt"]
    (end,) = of(Finished, events)
    assert events.index(end) == len(events) - 1
    assert (end.attempt, end.done, end.total) == (1, 1, 1)
    assert end.summary["text"] == "Hello there."
    assert (end.summary["language"], end.summary["language_probability"]) == ("en", 0.97)
    assert engine.free_slots() == 4


def test_clips_of_several_people_go_into_one_batch(make: Callable[..., Made]) -> None:
    engine, backend = make()
    backend.patience = 2
    for job_id in "ab":
        engine.admit(task(job_id, long_speech(2)))
    assert {event.job_id for event in of(Finished, drain(engine))} == {"a", "b"}
    assert set(backend.batches[-1]) == {"a", "b"}


def test_a_doubted_window_is_tried_in_other_ways_until_it_is_believed(make: Callable[..., Made]) -> None:
    answers = iter([("Mumble", -2.0), ("Mumble", -1.5), ("Clear words.", -0.3)])
    engine, backend = make(lambda _: next(answers))
    engine.admit(task("a"))
    (end,) = of(Finished, drain(engine))
    assert end.summary["text"] == "Clear words."
    assert backend.retries == [1, 2]


def test_a_long_clip_reports_each_window_and_can_go_on_from_there(make: Callable[..., Made]) -> None:
    engine, _ = make(lambda window: (f"Window {len(window.prompt)}.", -0.2))
    engine.admit(task("a", long_speech(3)))
    events = drain(engine)
    assert [(event.done, event.total) for event in of(Progress, events)] == [(1, 3), (2, 3)]
    assert [event.content.decode().count("Window") for event in of(Preview, events)] == [1, 2]
    assert {event.media_type for event in of(Preview, events)} == {"text/plain"}
    saved = of(Checkpoint, events)[0].content
    other, _ = make(lambda window: (f"Window {len(window.prompt)}.", -0.2))
    other.admit(task("a", long_speech(3), checkpoint=saved))
    resumed = drain(other)
    assert of(Finished, resumed)[0].summary == of(Finished, events)[0].summary
    assert len(of(Finished, resumed)) == 1
    assert len(of(Checkpoint, resumed)) == 2  # what was done, then the one window between


def test_a_cancelled_clip_is_forgotten_without_a_word(make: Callable[..., Made]) -> None:
    engine, backend = make()
    engine.admit(task("a", long_speech(3)))
    while not backend.batches:
        engine.step()
    engine.cancel("a")
    engine.cancel("unknown")
    assert drain(engine) == []
    assert (engine.free_slots(), backend.free()) == (4, 2)


def test_an_early_end_keeps_what_was_heard(make: Callable[..., Made]) -> None:
    engine, _ = make()
    engine.admit(task("a", long_speech(3)))
    events: list[JobEvent] = []
    while not of(Checkpoint, events):
        events += engine.step()
    engine.cancel("a", keep=True)
    (end,) = of(Finished, drain(engine))
    assert (end.done, end.total, end.summary["text"]) == (1, 3, "Hello there.")


def test_words_are_timed_where_they_are_asked_for(make: Callable[..., Made]) -> None:
    engine, _ = make()
    engine.admit(task("a", word_timestamps=True))
    (end,) = of(Finished, drain(engine))
    words = [word for segment in end.summary["segments"] for word in segment["words"]]
    assert [word["text"] for word in words] == [" Hello", " there."]
    assert words[0]["end"] <= words[1]["start"] + 0.01


@pytest.mark.parametrize(
    ("audio", "asked", "failure", "message"),
    [
        (b"", {}, FailureKind.BAD_INPUT, "empty"),
        (b"not sound at all", {}, FailureKind.BAD_INPUT, "can't read that kind of file"),
        (film(), {}, FailureKind.BAD_INPUT, "has no sound"),
        (wav(np.zeros(301 * 16_000, np.int16)), {"duration_s": 250.0}, FailureKind.BAD_INPUT, "longer than 5 min"),
        (wav(np.zeros(100 * 16_000, np.int16)), {"duration_s": 1.0}, FailureKind.BAD_INPUT, "longer than it says"),
        (wav(tone(1.0)), {"language": "tlh"}, FailureKind.BAD_INPUT, "doesn't know that `language`"),
        (wav(tone(1.0)), {"model": "huge"}, FailureKind.BAD_INPUT, "no `model` with that name"),
        (wav(np.zeros(32_000, np.int16)), {}, FailureKind.NO_SPEECH, "No speech"),
        (wav(tone(5.0)), {}, FailureKind.NO_SPEECH, "No speech"),
    ],
    ids=["empty", "text", "film", "long", "lie", "language", "model", "silence", "tone"],
)
def test_what_cannot_be_transcribed_fails_with_its_reason(
    make: Callable[..., Made], audio: bytes, asked: dict[str, Any], failure: FailureKind, message: str
) -> None:
    engine, _ = make()
    engine.admit(task("a", audio, **asked))
    (end,) = of(Failed, drain(engine))
    assert (end.failure, end.retry) == (failure, False)
    assert message in end.message


def test_one_bad_clip_leaves_its_neighbours_alone(make: Callable[..., Made]) -> None:
    engine, _ = make()
    for job_id, audio in (("bad", b"OggS" + bytes(99)), ("good", None), ("silent", wav(np.zeros(16_000, np.int16)))):
        engine.admit(task(job_id, audio))
    events = drain(engine)
    assert {event.job_id for event in of(Failed, events)} == {"bad", "silent"}
    assert [event.job_id for event in of(Finished, events)] == ["good"]


def test_an_engine_that_is_replaced_leaves_the_models_to_the_next(make: Callable[..., Made]) -> None:
    engine, backend = make()
    engine.admit(task("a", long_speech(3)))
    while not backend.batches:
        engine.step()
    assert backend.free() == 1
    engine.close()
    assert backend.free() == 2


def test_an_engine_is_not_busy_while_it_could_only_wait(make: Callable[..., Made]) -> None:
    engine, backend = make()
    engine.admit(task("a"))
    backend.patience = 2
    while not backend.batches:
        engine.step()
    backend.computes_elsewhere = True
    assert not engine.busy()
    assert engine.step() == []
    backend.computes_elsewhere, backend.patience = False, 1
    assert engine.busy()
    assert of(Finished, engine.step())


def test_only_silence_heard_is_no_speech(make: Callable[..., Made]) -> None:
    engine, _ = make(lambda _: ("", -0.2))
    engine.admit(task("a"))
    (end,) = of(Failed, drain(engine))
    assert end.failure is FailureKind.NO_SPEECH


def test_scores_that_are_not_finite_are_reported_and_tried_elsewhere(make: Callable[..., Made]) -> None:
    engine, backend = make(lambda _: ("Hm.", float("nan")))
    engine.admit(task("a"))
    (end,) = of(Failed, drain(engine))
    assert (end.failure, end.retry) == (FailureKind.NOT_FINITE, True)
    assert backend.free() == 2


def test_missing_weights_fail_the_job_and_not_the_engine() -> None:
    def missing(
        spec: SpeechModel, device: str, building: AbstractContextManager[Any], threads: int
    ) -> LoadedSpeechModel:
        raise ModelUnusable(f"no weights for {spec.name} on {device}")

    engine = SpeechEngine(SpeechModels([LINE], "cpu", load=missing), slots=SLOTS)
    engine.admit(task("a"))
    (end,) = of(Failed, drain(engine))
    engine.close()
    assert (end.failure, end.message) == (FailureKind.MODEL, "no weights for base on cpu")
