"""How long one step of speech holds everything else up: `python -m tests.bench.speech_steps`.

A long clip and short ones are heard at once by each backend, on the CPU with the base weights. While an engine is in
a step, the pictures beside it stand still, so it is the longest step that counts. Figures, for each backend:

- `…_longest_step_s`, `…_p95_step_s`: of the engine's steps.
- `…_s`: until all clips were heard.
"""

import statistics
import time

from inference.audio import AudioLimits
from inference.catalogue import SpeechModel
from inference.engines.speech.engine import SLOTS, SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.messages import Failed, Task
from inference.requests import TranscribeRequest
from tests.bench.report import main
from tests.support.files.speech_clips import human, joined, synthetic
from tests.support.speech_weights import weights

BACKENDS = ("faster-whisper", "whisper")


def measure(*, long_s: float, short: int) -> dict[str, float]:
    """Hear a clip of about `long_s` seconds and `short` short ones, by each backend."""
    sentences = human() or tuple(clip for clip in synthetic() if clip.name.startswith("en"))
    once_s = sum(len(clip.samples) / 16_000 + 0.5 for clip in sentences)
    long = joined(sentences * max(1, round(long_s / once_s)))
    figures = {}
    for family in BACKENDS:
        spec = SpeechModel(name="base", title="", source=str(weights("base")), licence="MIT", family=family)
        engine = SpeechEngine(SpeechModels([spec], "cpu"), limits=AudioLimits())
        _steps_s(engine, [sentences[0].content])  # loads and warms up
        steps_s, seconds = _steps_s(engine, [long, *(sentences[i % len(sentences)].content for i in range(short))])
        engine.close()
        name = family.replace("-", "_")
        figures[f"{name}_longest_step_s"] = max(steps_s)
        figures[f"{name}_p95_step_s"] = statistics.quantiles(steps_s, n=20)[-1]
        figures[f"{name}_s"] = seconds
    return figures


def _steps_s(engine: SpeechEngine, clips: list[bytes]) -> tuple[list[float], float]:
    for number, clip in enumerate(clips):
        request = TranscribeRequest(audio="key", duration_s=600.0, model="base")
        engine.admit(Task(f"clip-{number}", 1, request, {"audio": clip}))
    steps_s = []
    began_s = time.perf_counter()
    while engine.free_slots() < SLOTS:
        if not engine.busy():
            time.sleep(0.001)
            continue
        started_s = time.perf_counter()
        events = engine.step()
        steps_s.append(time.perf_counter() - started_s)
        if failed := next((event for event in events if isinstance(event, Failed)), None):
            raise RuntimeError(f"a clip of the bench failed: {failed.message}")
    return steps_s, time.perf_counter() - began_s


def run(quick: bool) -> dict[str, float]:
    """Measure with one minute or with three."""
    return measure(long_s=60 if quick else 180, short=4 if quick else 8)


if __name__ == "__main__":
    main("speech_steps", __doc__, run)
