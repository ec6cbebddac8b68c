"""Training beside drawing, on the built-in model: `python -m tests.bench.train [--quick] [--json FILE]`.

imagine_p95_training_over_idle: how much longer a member's picture takes while a subject is being learnt on the same
device. It is asked for at any moment of a training step, and drawn in turns with an idle worker's.
seconds_100_steps: photos, class pictures, 100 steps and the film's last picture, from a training of any length.
subject_gain_db: how much closer to the photos the subject's pictures come (PSNR of the closest photo, after
training minus before, the same seeds). leak_db: how little other prompts' pictures change with the adapter on (PSNR of
the picture with the adapter against the one without; higher is better). The subject is drawn by a script and is in
nobody's data.
"""

import io
import math
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from inference.catalogue import ImageModel, read_catalogue
from inference.messages import Admit, Cancel, Failed, Finished, JobEvent, Output, Progress, Task
from inference.plan import WorkerPlan
from inference.requests import ImageRequest, SubjectUse, TrainRequest
from inference.worker import Worker
from tests.bench.report import main
from tests.integration.training.subject import photo

PHOTOS = 5
OTHER_PROMPTS: Sequence[str] = ("a red heart", "a green tree", "a cat", "a blue car", "a house", "a yellow star")
SEEDS: Sequence[int] = (11, 12, 13, 14)
QUICK = 2  # as many seeds and other prompts with --quick, which trains for too few steps to say anything of quality
SUBJECT = "blob"
PROMPT = "zkv mascot"


def measure(quick: bool) -> dict[str, float]:
    """Return every figure."""
    line = read_catalogue().images[0]
    pictures, steps = (5, 20) if quick else (30, line.train_steps)
    with tempfile.TemporaryDirectory() as cache_dir:  # class pictures are drawn once, by the first training
        plan = WorkerPlan(engines="inference.engines.factory:build", options={"cache_dir": cache_dir})
        worker, idle = Worker(plan), Worker(plan)
        for each in (worker, idle):
            draw(each, line, ["warm-up"], seed=0)
        trained = train(worker, line, steps)
        busy_s, idle_s, beside = drawing_while_training(worker, idle, line, pictures)
        many = QUICK if quick else max(len(SEEDS), len(OTHER_PROMPTS))
        found = quality(worker, line, trained.adapter, SEEDS[:many], OTHER_PROMPTS[:many])
    return {
        "imagine_p95_training_over_idle": p95(busy_s) / p95(idle_s),
        "imagine_p95_idle_s": p95(idle_s),
        "train_steps_per_s_alone": steps / trained.steps_s,
        "train_steps_per_s_drawing": beside,
        "seconds_100_steps": trained.around_s + 100 * trained.steps_s / steps,
        "train_steps": steps,
        **found,
    }


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training made, and what it took with the device to itself."""

    adapter: bytes
    steps_s: float
    around_s: float  # photos and class pictures before the steps, a picture of the film after them


def train_request(line: ImageModel, steps: int) -> TrainRequest:
    """Ask for the drawn subject with the catalogue's own defaults."""
    return TrainRequest(
        subject_id=SUBJECT,
        name="Blob",
        class_noun="mascot",
        trigger="zkv",
        model=line.name,
        photos=tuple(str(index) for index in range(PHOTOS)),
        steps=steps,
        rank=line.train_rank,
        learning_rate=line.train_rate,
        seed=1,
        preview_every=steps,
    )


def train_task(line: ImageModel, steps: int, job_id: str = "train") -> Task:
    """Wrap the request with its photos."""
    return Task(job_id, 1, train_request(line, steps), {f"photo-{index}": photo(index) for index in range(PHOTOS)})


def image_task(line: ImageModel, prompt: str, seed: int, adapter: bytes | None = None) -> Task:
    """Ask for one picture, with the subject's adapter or without."""
    request = ImageRequest(
        prompt=prompt,
        model=line.name,
        width_px=line.width_px,
        height_px=line.height_px,
        steps=line.steps,
        guidance=line.guidance,
        seed=seed,
        count=1,
        subjects=(SubjectUse(SUBJECT),) if adapter else (),
    )
    return Task(f"picture-{seed}", 1, request, {f"adapter:{SUBJECT}": adapter} if adapter else {})


def events_until(worker: Worker, *job_ids: str) -> Iterator[JobEvent]:
    """Turn the worker until these jobs have ended, passing on everybody's events."""
    left = set(job_ids)
    while left:
        for event in worker.turn():
            yield event
            if event.job_id in left and isinstance(event, Failed):
                raise RuntimeError(event.message)
            if isinstance(event, Finished):
                left.discard(event.job_id)


def draw(
    worker: Worker, line: ImageModel, prompts: Sequence[str], seed: int, adapter: bytes | None = None
) -> list[np.ndarray]:
    """Draw a picture of each prompt, together, and return them as float32, shape (height, width, 3), range 0 … 1.

    Parameters:
        seed: of the first; each further one has the next.
    """
    tasks = [image_task(line, prompt, seed + at, adapter) for at, prompt in enumerate(prompts)]
    for task in tasks:
        worker.handle(Admit(task))
    events = events_until(worker, *(task.job_id for task in tasks))
    drawn = {event.job_id: event.content for event in events if isinstance(event, Output)}
    return [pixels(drawn[task.job_id], line.width_px) for task in tasks]


def pixels(content: bytes, side_px: int) -> np.ndarray:
    """Decode a picture to the model's own size."""
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").resize((side_px, side_px), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / 255


def drawing_while_training(
    worker: Worker, idle: Worker, line: ImageModel, pictures: int
) -> tuple[list[float], list[float], float]:
    """Draw one picture after another while a training runs, each once more on a worker that has nothing else to do.

    Returns:
        The seconds of each beside the training, on the idle worker, and the training steps made in a second meanwhile.
    """
    worker.handle(Admit(train_task(line, 100_000, "long")))
    begun = False
    while not begun:  # photos, class pictures and layers come first
        begun = any(isinstance(event, Progress) for event in worker.turn())
    busy_s, idle_s, moments = [], [], random.Random(0)
    steps, shared_s = 0, 0.0
    for seed in range(pictures):
        began_s = time.perf_counter()
        events = worker.turn()  # the step in which the picture is asked for
        asked_s = began_s + moments.random() * (time.perf_counter() - began_s)
        task = image_task(line, "a red heart", seed)
        worker.handle(Admit(task))
        events += events_until(worker, task.job_id)
        done_s = time.perf_counter()
        draw(idle, line, ["a red heart"], seed)
        idle_s.append(time.perf_counter() - done_s)
        busy_s.append(done_s - asked_s)
        shared_s += done_s - began_s
        steps += sum(isinstance(event, Progress) and event.job_id == "long" for event in events)
    worker.handle(Cancel("long"))
    return busy_s, idle_s, steps / shared_s


def train(worker: Worker, line: ImageModel, steps: int) -> Trained:
    """Train the subject with the device to itself."""
    started_s = time.perf_counter()
    worker.handle(Admit(train_task(line, steps)))
    marks_s: list[float] = []  # of the first step's beginning and each piece of work after it
    outputs: dict[str, bytes] = {}
    for event in events_until(worker, "train"):
        if isinstance(event, Progress):
            marks_s.append(time.perf_counter())
        elif isinstance(event, Output):
            outputs[event.name] = event.content
    steps_s = marks_s[-1] - marks_s[0]
    whole_s = time.perf_counter() - started_s
    return Trained(outputs[f"adapter-{steps:04d}.safetensors"], steps_s, whole_s - steps_s)


def quality(
    worker: Worker,
    line: ImageModel,
    adapter: bytes,
    seeds: Sequence[int] = SEEDS,
    others: Sequence[str] = OTHER_PROMPTS,
) -> dict[str, float]:
    """Measure how much of the subject was learnt, and how much else was changed by it.

    Parameters:
        seeds: of the subject's pictures; consecutive.
        others: prompts that have nothing to do with it.
    """
    photos = [pixels(photo(index), line.width_px) for index in range(PHOTOS)]

    def closeness(with_adapter: bytes | None) -> float:
        drawn = draw(worker, line, [PROMPT] * len(seeds), seeds[0], with_adapter)
        return float(np.mean([max(psnr_db(one, picture) for picture in photos) for one in drawn]))

    before, after = closeness(None), closeness(adapter)
    plain, changed = (draw(worker, line, others, 5, which) for which in (None, adapter))
    kept = [psnr_db(one, other) for one, other in zip(plain, changed, strict=True)]
    return {
        "subject_before_db": before,
        "subject_after_db": after,
        "subject_gain_db": after - before,
        "leak_db": float(np.mean(kept)),
    }


def psnr_db(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two pictures in 0 … 1; 99 where they are equal."""
    error = float(np.mean((one - other) ** 2))
    return 99.0 if error == 0 else -10 * math.log10(error)


def p95(seconds: list[float]) -> float:
    """The 95th percentile."""
    return float(np.percentile(seconds, 95))


if __name__ == "__main__":
    main("train", __doc__, measure)
