"""What a worker in a process of its own computes with: speech alone, so that it starts quickly; and what it is sent."""

from inference.catalogue import SpeechModel
from inference.engines import EngineBuilders
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.requests import Kind
from tests.support.files.speech_clips import human, joined, synthetic


def build(device: str, *, folder: str) -> EngineBuilders:
    """Return the builder of a speech engine with the weights in `folder`."""
    spec = SpeechModel(name="base", title="", source=folder, licence="MIT")
    models = SpeechModels([spec], device)
    return {str(Kind.TRANSCRIBE): lambda: SpeechEngine(models)}


def content() -> bytes:
    """About forty-five seconds of speech."""
    spoken = human() or synthetic()[:4]
    return joined(tuple(spoken) * (2 if human() else 4))
