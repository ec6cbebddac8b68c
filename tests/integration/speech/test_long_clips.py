"""Clips of several windows: told as they go on, and taken up again after a crash."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.catalogue import SpeechModel
from inference.engines.speech.backends.weights import load_whisper
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.messages import Checkpoint, Finished, JobEvent, Preview, Progress, Task
from tests.integration.speech.conftest import all_events, task
from tests.support.engines.speech_steps import steps
from tests.support.engines.speech_workers import content
from tests.support.files.speech_clips import human, synthetic, word_error_rate

both_backends = pytest.mark.parametrize(
    "model", ["faster-whisper.short", pytest.param("whisper.short", marks=pytest.mark.long)]
)


def finished(events: list[JobEvent]) -> Finished:
    (end,) = (event for event in events if isinstance(event, Finished))
    return end


def run(speech_models: SpeechModels, model: str, checkpoint: bytes, *, until_checkpoint: bool) -> list[JobEvent]:
    """Return what a new engine says of the clip: as after kill -9, nothing is left but the checkpoint."""
    engine = SpeechEngine(speech_models)
    try:
        engine.admit(task("long", content(), model, checkpoint=checkpoint))
        events: list[JobEvent] = []
        for more in steps(engine):
            events += more
            if until_checkpoint and any(isinstance(event, Checkpoint) for event in events):
                break
        engine.cancel("long")
        return events
    finally:
        engine.close()


@pytest.fixture(scope="module")
def whole(speech_models: SpeechModels) -> Callable[[str], list[JobEvent]]:
    """Return what gives all events of the clip by a model, from its beginning to its end; it is heard once."""
    return cache(lambda model: run(speech_models, model, b"", until_checkpoint=False))


@both_backends
def test_a_killed_clip_goes_on_at_its_last_window_and_ends_the_same(
    speech_models: SpeechModels, whole: Callable[[str], list[JobEvent]], model: str
) -> None:
    killed = run(speech_models, model, b"", until_checkpoint=True)
    assert not any(isinstance(event, Finished) for event in killed)
    saved = next(event.content for event in killed if isinstance(event, Checkpoint))
    resumed = run(speech_models, model, saved, until_checkpoint=False)
    assert finished(resumed).summary == finished(whole(model)).summary


@both_backends
def test_a_long_clip_tells_how_far_it_is_and_what_was_said(whole: Callable[[str], list[JobEvent]], model: str) -> None:
    events = whole(model)
    end = finished(events)
    progress = [(event.done, event.total) for event in events if isinstance(event, Progress)]
    assert progress == sorted(progress)
    assert progress[0][1] == 2
    preview = next(event.content.decode() for event in events if isinstance(event, Preview))
    assert preview
    assert end.summary["text"].startswith(preview)
    starts = [segment["start"] for segment in end.summary["segments"]]
    assert starts == sorted(starts)
    assert starts[-1] > 25


@both_backends
def test_a_short_clip_does_not_wait_for_a_long_one(engine: SpeechEngine, model: str) -> None:
    short: list[Task] = [task("short", synthetic()[0].content, model)]
    ended = [
        event.job_id
        for event in all_events(engine, [task("long", content(), model), *short])
        if isinstance(event, Finished)
    ]
    assert ended == ["short", "long"]


@pytest.mark.long
def test_a_clip_of_several_windows_is_heard_no_worse_than_by_whisper_itself(engine: SpeechEngine, base: Path) -> None:
    # Equal to the letter in the first window. Later ones hang on sampled fallbacks, in which whisper equals not even
    # itself: here, where everything is said twice, it sometimes makes up the second time.
    spec = SpeechModel(name="base", title="", source=str(base), licence="MIT")
    samples = np.frombuffer(content()[44:], np.int16).astype(np.float32) / 32768
    theirs = load_whisper(spec, "cpu").transcribe(samples, fp16=False)
    ours = finished(all_events(engine, [task("a", content(), "whisper.whole")])).summary
    assert first_window(ours["segments"]) == first_window(theirs["segments"])
    assert wrong_share(ours["text"]) <= wrong_share(theirs["text"]) + 0.02


def first_window(segments: Sequence[Mapping[str, Any]]) -> list[tuple[float, str]]:
    return [(round(one["start"], 1), one["text"].strip()) for one in segments if one["end"] < 25]


def wrong_share(text: str) -> float:
    spoken = (human() or synthetic()[:4]) * (2 if human() else 4)
    return word_error_rate([(" ".join(clip.words for clip in spoken), text)])
