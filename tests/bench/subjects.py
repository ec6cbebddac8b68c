"""Subjects trained one after the other through a worker, and what is generated with their adapters."""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from inference.catalogue import ImageModel
from inference.messages import Admit, Failed, Finished, JobEvent, Output, Progress, Task
from inference.requests import ImageRequest, SubjectUse, TrainRequest
from inference.worker import Worker
from tests.bench.likeness import Picture
from tests.support.subjects import PHOTOS, photos

TRIGGER = "zkv"
FILM_PICTURES = 5  # as the bot asks for


@dataclass(frozen=True, slots=True)
class TrainedSubject:
    """What a training made, and what it took with the device to itself."""

    noun: str
    adapter: bytes
    steps_s: float
    around_s: float  # photos and class pictures before the steps

    @property
    def phrase(self) -> str:
        """The words that call the subject."""
        return f"{TRIGGER} {self.noun}"


def train_task(spec: ImageModel, noun: str, steps: int, job_id: str = "train") -> Task:
    """Ask for a subject with the catalogue's own defaults."""
    request = TrainRequest(
        subject_id=noun,
        name=noun,
        class_noun=noun,
        trigger=TRIGGER,
        model=spec.name,
        photos=tuple(str(index) for index in range(PHOTOS)),
        steps=steps,
        rank=spec.train_rank,
        learning_rate=spec.train_rate,
        prior_weight=spec.train_prior_weight,
        seed=1,
        preview_every=max(1, steps // FILM_PICTURES),
    )
    return Task(job_id, 1, request, {f"photo-{index}": content for index, content in enumerate(photos(noun))})


def train_subject(worker: Worker, spec: ImageModel, noun: str, steps: int) -> TrainedSubject:
    """Train a subject with the device to itself."""
    started_s = time.perf_counter()
    worker.handle(Admit(train_task(spec, noun, steps)))
    first_s = 0.0
    outputs: dict[str, bytes] = {}
    for event in events_until(worker, "train"):
        if isinstance(event, Progress) and not first_s:
            first_s = time.perf_counter()
        elif isinstance(event, Output):
            outputs[event.name] = event.content
    steps_s = time.perf_counter() - first_s
    return TrainedSubject(noun, outputs[f"adapter-{steps:04d}.safetensors"], steps_s, first_s - started_s)


def image_task(spec: ImageModel, prompt: str, seed: int, trained: TrainedSubject | None = None) -> Task:
    """Ask for one picture, with a subject's adapter or without."""
    request = ImageRequest(
        prompt=prompt,
        model=spec.name,
        width_px=spec.width_px,
        height_px=spec.height_px,
        steps=spec.steps,
        guidance=spec.guidance,
        seed=seed,
        count=1,
        subjects=(SubjectUse(trained.noun),) if trained else (),
    )
    inputs = {f"adapter:{trained.noun}": trained.adapter} if trained else {}
    return Task(f"picture-{seed}", 1, request, inputs)


def generate(
    worker: Worker, spec: ImageModel, prompts: Sequence[str], seed: int, trained: TrainedSubject | None = None
) -> list[Picture]:
    """Draw a picture of each prompt, together.

    Parameters:
        seed: of the first; each further one has the next.
    """
    tasks = [image_task(spec, prompt, seed + at, trained) for at, prompt in enumerate(prompts)]
    for task in tasks:
        worker.handle(Admit(task))
    events = events_until(worker, *(task.job_id for task in tasks))
    drawn = {event.job_id: event.content for event in events if isinstance(event, Output)}
    return [opened(drawn[task.job_id], spec) for task in tasks]


def opened(content: bytes, spec: ImageModel) -> Picture:
    """Decode a picture to the model's own size."""
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").resize((spec.width_px, spec.height_px), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / 255


def events_until(worker: Worker, *job_ids: str) -> Iterator[JobEvent]:
    """Turn the worker until these jobs have ended, passing on everybody's events."""
    left = set(job_ids)
    while left:
        for event in worker.step():
            yield event
            if event.job_id in left and isinstance(event, Failed):
                raise RuntimeError(event.message)
            if isinstance(event, Finished):
                left.discard(event.job_id)
