"""How long pictures wait for speech on the same device: a worker with both, on this machine's CPU.

    python -m tests.bench.speech_beside [--quick] [--json FILE]

A member's pictures are drawn one after the other: alone (`alone`), and while another's clip is heard, by each backend
(`ctranslate2`, `pytorch`), with the times of its words. For each:

- `step_max_ms_…`: the longest step of speech;
- `picture_wait_p95_ms_…`, `picture_wait_max_ms_…`: from the end of one step of the pictures to the end of the next;
- `steps_per_s_…`: steps of the pictures;
- `clip_s_…`: what the clip took.
"""

import itertools
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from inference.catalogue import DEFAULT_FILE
from inference.fair_scheduler import FairScheduler, weights_for
from inference.messages import Admit, Failed, Finished, JobEvent, Task
from inference.requests import ImageRequest, Kind, TranscribeRequest
from inference.worker import Worker
from inference.worker_config import WorkerConfig
from tests.bench.report import main
from tests.support.files.speech_clips import human, joined, synthetic
from tests.support.speech_weights import weights

LINE = """
[[speech]]
name = "{name}"
title = ""
source = "{folder}"
family = "{family}"
licence = "MIT"
"""
FAMILIES = {"ctranslate2": "faster-whisper", "pytorch": "whisper"}
PICTURE = ImageRequest(
    prompt="a red heart", model="builtin", width_px=128, height_px=128, steps=8, guidance=2.0, seed=1
)


class Watch(FairScheduler):
    """Turns that note how long each took, and when it ended."""

    def __init__(self) -> None:
        super().__init__(weights_for(0.25))
        self.steps: list[tuple[str, float, float]] = []  # kind, ended, seconds

    def record(self, kind: str, seconds: float) -> None:
        super().record(kind, seconds)
        self.steps.append((kind, time.perf_counter(), seconds))


def measure(quick: bool) -> Mapping[str, float]:
    """Run the bench and return its figures."""
    spoken = human() or synthetic()[:4]
    content = joined(tuple(spoken) * (1 if quick else 3))
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Path(folder) / "models.toml"
        lines = [LINE.format(name=name, folder=weights("base"), family=family) for name, family in FAMILIES.items()]
        catalogue.write_text(DEFAULT_FILE.read_text().split("[[speech]]")[0] + "".join(lines))
        config = WorkerConfig(engines="inference.engines.factory:build", options={"catalogue": str(catalogue)})
        worker = Worker(config)
        figures = _figures("alone", _drawing(worker, None, seconds=5.0 if quick else 20.0))
        for name in FAMILIES:
            request = TranscribeRequest(audio="", duration_s=1800, model=name, word_timestamps=True)
            _drawing(worker, Task(f"warm {name}", 0, request, {"audio": spoken[0].content}))
            figures |= _figures(name, _drawing(worker, Task(name, 0, request, {"audio": content})))
    return figures


def _drawing(worker: Worker, clip: Task | None, seconds: float = 0.0) -> list[tuple[str, float, float]]:
    """Draw until the clip has ended, or for so many seconds; return what each step took."""
    watch = worker._scheduler = Watch()
    started_s = time.perf_counter()
    if clip:
        worker.handle(Admit(clip))
    drawn = None
    for number in itertools.count():
        if drawn is None:
            drawn = f"picture {started_s} {number}"
            worker.handle(Admit(Task(drawn, 0, PICTURE)))
        events: list[JobEvent] = worker.step()
        ended = {event.job_id for event in events if isinstance(event, Finished)}
        assert not any(isinstance(event, Failed) for event in events), events
        if drawn in ended:
            drawn = None
        if (clip and clip.job_id in ended) or (not clip and time.perf_counter() - started_s > seconds):
            break
    while worker.busy() or worker.has_jobs():
        worker.step()
    return [step for step in watch.steps if step[1] > started_s]


def _figures(name: str, steps: list[tuple[str, float, float]]) -> dict[str, float]:
    ends_s = [ended_s for kind, ended_s, _ in steps if kind == Kind.IMAGE]
    speech = [(ended_s, seconds) for kind, ended_s, seconds in steps if kind == Kind.TRANSCRIBE]
    waits_ms = 1000 * np.diff(ends_s)
    figures = {
        f"picture_wait_p95_ms_{name}": float(np.quantile(waits_ms, 0.95)),
        f"picture_wait_max_ms_{name}": float(waits_ms.max()),
        f"steps_per_s_{name}": len(waits_ms) / (ends_s[-1] - ends_s[0]),
    }
    if speech:
        figures[f"step_max_ms_{name}"] = 1000 * max(seconds for _, seconds in speech)
        figures[f"clip_s_{name}"] = speech[-1][0] - steps[0][1]
    return figures


if __name__ == "__main__":
    main("speech_beside", __doc__, measure)
