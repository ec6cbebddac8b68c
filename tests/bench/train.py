"""Training beside drawing, on the built-in model: `python -m tests.bench.train [--quick] [--json FILE]`.

imagine_p95_training_over_idle: how much longer a member's picture takes while a subject is being learnt on the same
device. subject_gain_db: how much closer to the photos the subject's pictures come (PSNR of the closest photo, after
training minus before, the same seeds). leak_db: how little other prompts' pictures change with the adapter on (PSNR of
the picture with the adapter against the one without; higher is better). The subject is drawn by a script and is in
nobody's data.
"""

import io
import math
import time
from collections.abc import Iterator

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
OTHER_PROMPTS = ("a red heart", "a green tree", "a cat", "a blue car", "a house", "a yellow star")
SEEDS = (11, 12, 13, 14)
SUBJECT = "blob"
PROMPT = "zkv mascot"


def measure(quick: bool) -> dict[str, float]:
    """Return every figure."""
    line = read_catalogue().images[0]
    worker = Worker(WorkerPlan(engines="inference.engines.factory:build"))
    draw(worker, line, "warm-up", seed=0)
    pictures = 5 if quick else 30
    idle_s = [timed(worker, line, seed) for seed in range(pictures)]
    alone = steps_per_s(worker, line, steps=10 if quick else 40)
    busy_s, beside = drawing_while_training(worker, line, pictures)
    steps = 20 if quick else line.train_steps
    started_s = time.perf_counter()
    adapter = train(worker, line, steps)
    seconds = time.perf_counter() - started_s
    return {
        "imagine_p95_training_over_idle": p95(busy_s) / p95(idle_s),
        "imagine_p95_idle_s": p95(idle_s),
        "train_steps_per_s_alone": alone,
        "train_steps_per_s_drawing": beside,
        "seconds_100_steps": 100 * seconds / steps,
        "train_steps": steps,
        **quality(worker, line, adapter),
    }


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


def events_until(worker: Worker, job_id: str) -> Iterator[JobEvent]:
    """Turn the worker until a job has ended, passing on everybody's events."""
    while True:
        for event in worker.turn():
            yield event
            if event.job_id == job_id and isinstance(event, Failed):
                raise RuntimeError(event.message)
            if event.job_id == job_id and isinstance(event, Finished):
                return


def draw(worker: Worker, line: ImageModel, prompt: str, seed: int, adapter: bytes | None = None) -> np.ndarray:
    """Draw one picture and return it as float32, shape (height, width, 3), range 0 … 1."""
    task = image_task(line, prompt, seed, adapter)
    worker.handle(Admit(task))
    (content,) = [
        event.content
        for event in events_until(worker, task.job_id)
        if isinstance(event, Output) and event.job_id == task.job_id
    ]
    return pixels(content, line.width_px)


def pixels(content: bytes, side_px: int) -> np.ndarray:
    """Decode a picture to the model's own size."""
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").resize((side_px, side_px), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / 255


def timed(worker: Worker, line: ImageModel, seed: int) -> float:
    """Return the seconds from asking for a picture to having it."""
    started_s = time.perf_counter()
    draw(worker, line, "a red heart", seed)
    return time.perf_counter() - started_s


def steps_per_s(worker: Worker, line: ImageModel, steps: int) -> float:
    """Train with the device to itself, once the preparations are over."""
    worker.handle(Admit(train_task(line, steps + 1)))
    marks = [(time.perf_counter(), e.done) for e in events_until(worker, "train") if isinstance(e, Progress)]
    (first_s, first), (last_s, last) = marks[0], marks[-1]
    return (last - first) / (last_s - first_s)


def drawing_while_training(worker: Worker, line: ImageModel, pictures: int) -> tuple[list[float], float]:
    """Draw one picture after another while a training runs.

    Returns:
        The seconds of each, and the training steps made in a second meanwhile.
    """
    worker.handle(Admit(train_task(line, 100_000, "long")))
    begun = False
    while not begun:  # photos, class pictures and layers come first
        begun = any(isinstance(event, Progress) for event in worker.turn())
    seconds, steps, started_s = [], 0, time.perf_counter()
    for seed in range(pictures):
        asked_s = time.perf_counter()
        task = image_task(line, "a red heart", seed)
        worker.handle(Admit(task))
        for event in events_until(worker, task.job_id):
            if isinstance(event, Progress) and event.job_id == "long":
                steps = event.done
        seconds.append(time.perf_counter() - asked_s)
    rate = steps / (time.perf_counter() - started_s)
    worker.handle(Cancel("long"))
    return seconds, rate


def train(worker: Worker, line: ImageModel, steps: int) -> bytes:
    """Train the subject and return its adapter."""
    worker.handle(Admit(train_task(line, steps)))
    outputs = {event.name: event.content for event in events_until(worker, "train") if isinstance(event, Output)}
    return outputs[f"adapter-{steps:04d}.safetensors"]


def quality(worker: Worker, line: ImageModel, adapter: bytes) -> dict[str, float]:
    """Measure how much of the subject was learnt, and how much else was changed by it."""
    photos = [pixels(photo(index), line.width_px) for index in range(PHOTOS)]

    def closeness(with_adapter: bytes | None) -> float:
        drawn = [draw(worker, line, PROMPT, seed, with_adapter) for seed in SEEDS]
        return float(np.mean([max(psnr_db(one, picture) for picture in photos) for one in drawn]))

    before, after = closeness(None), closeness(adapter)
    kept = [psnr_db(draw(worker, line, prompt, 5), draw(worker, line, prompt, 5, adapter)) for prompt in OTHER_PROMPTS]
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
