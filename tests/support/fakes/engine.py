"""Engines without a model: they draw numbers, step by step, and fail as the request tells them to.

A clip is heard as what stands after 'say:' in its bytes, in sentences of two seconds; 'silence' in it is silence.
A prompt (or a training's name, or what is said) may hold orders: 'crash@3' kills the process at the job's step 3,
'hang@3' stops there for ever, 'raise@3' and 'oom@3' raise, 'nan' ends the job as not finite, 'hold' never ends,
'stall' makes no step and ends when it is told to. 'flag@2' has a checker flag the second picture; 'unchecked' has it
fail on all of them.
"""

import io
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from inference.checks import CHECK, PictureCheck
from inference.engines import Engine, EngineBuilders
from inference.families import FAMILIES
from inference.messages import Checkpoint, Failed, FailureKind, Finished, JobEvent, Output, Preview, Progress, Task
from inference.requests import ImageRequest, Kind, TrainRequest, TranscribeRequest, UpscaleRequest
from inference.transcript import Segment

FLAG = re.compile(r"flag@(\d+)")
ORDER = re.compile(r"(crash|hang|raise|oom)@(\d+)")


class OutOfMemoryError(RuntimeError):
    """Named as torch names its own."""


def build(device: str, *, slots: int = 4, step_s: float = 0.0, instant: bool = False) -> EngineBuilders:
    """Return builders of a fake engine for each kind of request."""

    def builder(kind: Kind) -> Callable[[], Engine]:
        return lambda: FakeEngine(kind, slots=slots, step_s=step_s, instant=instant)

    return {str(kind): builder(kind) for kind in Kind}


@dataclass
class FakeLane:
    """A job on the engine."""

    task: Task
    total: int
    done: int = 0
    keep: bool = False


class FakeEngine:
    """Advances every job by one unit per step; its files depend on the request alone."""

    def __init__(self, kind: Kind, *, slots: int = 4, step_s: float = 0.0, instant: bool = False) -> None:
        self.kind = str(kind)
        self.lanes: dict[str, FakeLane] = {}
        self._adapters: dict[str, None] = {}
        self._slots = slots
        self._step_s = step_s
        self._instant = instant  # a whole job in one step

    def free_slots(self) -> int:
        """Return how many jobs it could take now."""
        return self._slots - len(self.lanes)

    def busy(self) -> bool:
        """Tell whether it has a job."""
        return bool(self.lanes)

    def admit(self, task: Task) -> None:
        """Take a job."""
        done = int(task.inputs["checkpoint"].decode()) if "checkpoint" in task.inputs else 0
        self.lanes[task.job_id] = FakeLane(task, _total(task), done)
        if isinstance(task.request, ImageRequest):
            self._adapters |= dict.fromkeys(use.subject_id for use in task.request.subjects)

    def adapters(self) -> tuple[str, ...]:
        """Return the subjects whose adapters it holds."""
        return tuple(self._adapters)

    def forget(self, subject_ids: Sequence[str]) -> None:
        """Drop the adapters of these subjects."""
        for subject_id in subject_ids:
            self._adapters.pop(subject_id, None)

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Drop a job; with `keep`, let it finish with what it has."""
        if not keep:
            self.lanes.pop(job_id, None)
        elif job_id in self.lanes:
            self.lanes[job_id].keep = True

    def step(self) -> list[JobEvent]:
        """Advance every job by one unit."""
        time.sleep(self._step_s)  # stands for the model's time
        return [event for lane in list(self.lanes.values()) for event in self._advance(lane)]

    def _advance(self, lane: FakeLane) -> list[JobEvent]:
        task, words = lane.task, _words(lane.task)
        if "stall" in words and not lane.keep:
            return []
        if not lane.keep:
            lane.done = lane.total if self._instant else lane.done + 1
        for order, at in ORDER.findall(words):
            if lane.done >= int(at):
                _obey(order)
        if isinstance(task.request, TranscribeRequest) and not words:
            del self.lanes[task.job_id]
            return [Failed(task.job_id, task.attempt, FailureKind.NO_SPEECH, "nothing was said")]
        if "nan" in words:
            del self.lanes[task.job_id]
            return [Failed(task.job_id, task.attempt, FailureKind.NOT_FINITE, "told to")]
        done = min(lane.done, lane.total - 1) if "hold" in words else lane.done
        passes = _pictures(task)  # a step of all pictures is a pass for each, as in the engine that draws
        events: list[JobEvent] = [Progress(task.job_id, task.attempt, passes * done, passes * lane.total)]
        if done == lane.total // 2:
            events.append(_preview(task, words))
        ended = lane.keep or done >= lane.total
        if isinstance(task.request, TrainRequest) and (ended or done % task.request.preview_every == 0):
            events += _film(task, done)
        if task.request.kind is Kind.TRAIN and done % 5 == 0:
            events.append(Checkpoint(task.job_id, task.attempt, done, str(done).encode()))
        if ended:
            del self.lanes[task.job_id]
            summary = _heard(task.request, words) if isinstance(task.request, TranscribeRequest) else {"steps": done}
            events += [
                *_outputs(task),
                Finished(task.job_id, task.attempt, passes * done, passes * lane.total, summary),
            ]
        return events


def _total(task: Task) -> int:
    request = task.request
    if isinstance(request, UpscaleRequest):
        return 4  # tiles
    if isinstance(request, ImageRequest):
        return FAMILIES["sd"].steps_made(request.steps, request.strength)
    return 3 if isinstance(request, TranscribeRequest) else request.steps


def _pictures(task: Task) -> int:
    return task.request.count if isinstance(task.request, ImageRequest) else 1


def _words(task: Task) -> str:
    match task.request:
        case ImageRequest(prompt=prompt):
            return prompt
        case TrainRequest(name=name):
            return name
        case UpscaleRequest(words=words):
            return words
    clip = task.inputs.get("audio", b"")
    if b"silence" in clip:
        return ""
    return clip.rpartition(b"say:")[2].decode() if b"say:" in clip else "hello"


def _preview(task: Task, words: str) -> Preview:
    if isinstance(task.request, TranscribeRequest):
        return Preview(task.job_id, task.attempt, words[: len(words) // 2].encode(), "text/plain")
    return Preview(task.job_id, task.attempt, b"half of " + task.job_id.encode())


def _heard(request: TranscribeRequest, words: str) -> dict[str, object]:
    text = f"(in English) {words}" if request.translate else words
    pieces = [piece for piece in re.split(r"(?<=[.!?])\s+", text) if piece]
    segments = [Segment(2.0 * at, 2.0 * at + 2, piece) for at, piece in enumerate(pieces)]
    return {
        "text": text,
        "language": request.language or "de",
        "language_probability": 0.98,
        "duration_s": request.duration_s,
        "model": request.model,
        "segments": [segment.to_json() for segment in segments],
    }


def _obey(order: str) -> None:
    if order == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "hang":
        threading.Event().wait()
    if order == "oom":
        raise OutOfMemoryError("told to")
    raise RuntimeError("told to")


def _film(task: Task, step: int) -> list[JobEvent]:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), (step % 256, 0, 128)).save(stream, "PNG")
    files = {f"film-{step:04d}.png": stream.getvalue(), f"adapter-{step:04d}.safetensors": f"adapter {step}".encode()}
    return [
        Output(task.job_id, task.attempt, name, "application/octet-stream", content, {"step": step})
        for name, content in files.items()
    ]


def _checked(words: str, number: int, flags: tuple[str, ...] = ()) -> dict[str, object]:
    """Return what a checker would have found of a picture; nothing where the words are not about checks."""
    flagged = str(number) in FLAG.findall(words)
    if not (flags or FLAG.search(words) or "unchecked" in words):
        return {}
    if "unchecked" in words:
        return {CHECK: PictureCheck(failed=True).to_json()}
    found = PictureCheck({"fake": {"nsfw": 0.9 if flagged else 0.1}}, ("nsfw",) if flagged else ())
    return {CHECK: found.also(flags).to_json()}


def _outputs(task: Task) -> list[JobEvent]:
    match task.request:
        case ImageRequest(count=count, seed=seed, prompt=prompt):
            return [
                Output(
                    task.job_id,
                    task.attempt,
                    f"{i + 1}.png",
                    "image/png",
                    f"{prompt}:{seed + i}".encode(),
                    {"seed": seed + i} | _checked(prompt, i + 1),
                )
                for i in range(count)
            ]
        case TrainRequest():
            return []  # the last of the film comes with the last step
        case UpscaleRequest():
            content = b"larger " + task.inputs.get("picture", b"")
            meta = _checked(_words(task), 1, task.request.flags)
            return [Output(task.job_id, task.attempt, "upscaled.png", "image/png", content, meta)]
    return [Output(task.job_id, task.attempt, "transcript.txt", "text/plain", b"hello")]
