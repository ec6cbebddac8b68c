"""What a worker in a process of its own computes with in these tests: speech alone, so that it starts quickly."""

from inference.catalogue import SpeechModel
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.requests import Kind
from inference.worker import EngineBuilders


def build(device: str, *, folder: str) -> EngineBuilders:
    """Return the builder of a speech engine with the weights in `folder`."""
    line = SpeechModel(name="base", title="", source=folder, licence="MIT")
    models = SpeechModels([line], device)
    return {str(Kind.TRANSCRIBE): lambda: SpeechEngine(models)}
