"""Engines with real weights."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from inference.audio import AudioLimits
from inference.catalogue import SpeechModel
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.messages import Failed, Finished, JobEvent, Task
from inference.requests import TranscribeRequest
from tests.support.engines.speech_steps import steps
from tests.support.speech_weights import weights

Family = Literal["whisper", "faster-whisper"]


@pytest.fixture(scope="session")
def base() -> Path:
    """The folder of the multilingual base model."""
    return weights("base")


@pytest.fixture(scope="session")
def speech_models(base: Path) -> SpeechModels:
    """One model in four ways: each backend, with short windows and with whole ones."""
    families: tuple[Family, ...] = ("whisper", "faster-whisper")
    specs = [
        SpeechModel(
            name=f"{family}.{windows}",
            title="",
            source=str(base),
            licence="MIT",
            family=family,
            whole_windows=windows == "whole",
        )
        for family in families
        for windows in ("short", "whole")
    ]
    return SpeechModels(specs, "cpu")


@pytest.fixture
def engine(speech_models: SpeechModels) -> Iterator[SpeechEngine]:
    engine = SpeechEngine(speech_models, limits=AudioLimits())
    yield engine
    engine.close()


def task(job_id: str, content: bytes, model: str, *, checkpoint: bytes = b"", **asked: Any) -> Task:
    request = TranscribeRequest(audio="key", duration_s=1800.0, model=model, **asked)
    return Task(job_id, 0, request, {"audio": content, "checkpoint": checkpoint})


def transcribe(engine: SpeechEngine, tasks: Sequence[Task]) -> dict[str, Finished | Failed]:
    """Admit all tasks at once and return how each ended."""
    ends: dict[str, Finished | Failed] = {}
    for event in all_events(engine, tasks):
        if isinstance(event, Finished | Failed):
            assert event.job_id not in ends
            ends[event.job_id] = event
    return ends


def all_events(engine: SpeechEngine, tasks: Sequence[Task]) -> list[JobEvent]:
    events: list[JobEvent] = []
    for each in tasks:
        engine.admit(each)
    for more in steps(engine):
        events += more
    return events
