"""Ten subjects learnt, and training beside drawing: `python -m tests.bench.train [--quick] [--sheets DIR]`.

With the built-in model and the catalogue's own recipe. The subjects are drawn by a script
(`tests/support/subjects.py`) and are in nobody's data. Figures are means over them:

- identity_top1: the share of drawn pictures whose nearest photo set of the ten is the subject's own, by the judge's
  features and by pixels, both (`tests/bench/likeness.py`); identity_top1_features, identity_top1_pixels: by one.
- subject_gain_db: how much closer to the photos the subject's pictures come (PSNR of the closest photo as the model's
  autoencoder gives it back, after training minus before, the same seeds); subject_after_photo_db: to the photos
  themselves, of which the autoencoder loses some; no recipe can bring that back.
- leak_db: how little other prompts' pictures change with the adapter on (PSNR of the picture with the adapter against
  the one without; higher is better). None of the prompts is among the class pictures,
  though the base is held to its prediction for some of the nouns as well.
- train_seconds: from the photos to the last picture of the film.
- imagine_p95_training_over_idle: how much longer a member's picture takes while a subject is being learnt on the same
  device. It is asked for at any moment of a training step, and drawn in turns with an idle worker's.
- seconds_100_steps: photos, class pictures, 100 steps and their part of the film, from a whole training.
"""

import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from inference.catalogue import ImageModel, read_catalogue
from inference.engines.image.models.loading import ModelCache
from inference.engines.training.sampler import to_latents, to_pixels
from inference.messages import Admit, Cancel, Progress
from inference.worker import Worker
from inference.worker_config import WorkerConfig
from tests.bench.likeness import Gallery, Picture, psnr_db
from tests.bench.report import parser_for, publish
from tests.bench.subjects import TrainedSubject, events_until, generate, image_task, opened, train_subject, train_task
from tests.support.subjects import SUBJECTS, photos

OTHER_PROMPTS: Sequence[str] = (
    "a penguin", "a slice of pizza", "two red apples", "a guitar", "a frog", "a green car", "a flat banana",
)  # fmt: skip
SEEDS: Sequence[int] = (11, 12, 13, 14)
QUICK = ("mascot", "owl")


def measure(quick: bool, sheets: Path | None = None) -> dict[str, float]:
    """Return every figure; `quick` teaches two subjects, with all steps."""
    spec = read_catalogue().images[0]
    with tempfile.TemporaryDirectory() as cache_dir:
        config = WorkerConfig(engines="inference.engines.factory:build", options={"cache_dir": cache_dir})
        worker, idle = Worker(config), Worker(config)
        for each in (worker, idle):
            generate(each, spec, ["warm-up"], seed=0)
        examiner = Examiner(worker, spec, sheets)
        all_trained, rows = [], []
        for noun in QUICK if quick else SUBJECTS:
            all_trained.append(train_subject(worker, spec, noun, spec.train_steps))
            rows.append(examiner.examine(all_trained[-1]))
        busy_s, idle_s, beside = pictures_while_training(worker, idle, spec, 5 if quick else 30)
    found = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    steps_s = float(np.mean([trained.steps_s for trained in all_trained]))
    around_s = float(np.mean([trained.around_s for trained in all_trained]))
    return {
        **found,
        "train_seconds": steps_s + around_s,
        "seconds_100_steps": around_s + 100 * steps_s / spec.train_steps,
        "train_steps": spec.train_steps,
        "train_steps_per_s_alone": spec.train_steps / steps_s,
        "train_steps_per_s_drawing": beside,
        "adapter_mb": len(all_trained[0].adapter) / 1e6,
        "imagine_p95_training_over_idle": p95(busy_s) / p95(idle_s),
        "imagine_p95_idle_s": p95(idle_s),
    }


class Examiner:
    """Measures how much of a subject was learnt, and how much else was changed by it.

    Parameters:
        sheets: a folder for pictures of each subject, for people to look at; None: none are kept.
    """

    def __init__(self, worker: Worker, spec: ImageModel, sheets: Path | None = None) -> None:
        self._worker, self._spec, self._sheets = worker, spec, sheets
        self._sets = {noun: [opened(content, spec) for content in photos(noun)] for noun in SUBJECTS}
        self._kept = through_autoencoder(spec, self._sets)
        self._gallery = Gallery(self._sets)
        self._plain = generate(worker, spec, OTHER_PROMPTS, 5)

    def examine(self, trained: TrainedSubject) -> dict[str, float]:
        """Return one subject's figures."""
        shown, kept = self._sets[trained.noun], self._kept[trained.noun]
        before, after = (self._draw([trained.phrase] * len(SEEDS), SEEDS[0], adapter) for adapter in (None, trained))
        others = self._draw(OTHER_PROMPTS, 5, trained)
        found = identity(self._gallery, trained.noun, after) | {
            "subject_before_db": closeness(before, kept),
            "subject_after_db": closeness(after, kept),
            "subject_gain_db": closeness(after, kept) - closeness(before, kept),
            "subject_after_photo_db": closeness(after, shown),
            "leak_db": float(np.mean([psnr_db(one, other) for one, other in zip(self._plain, others, strict=True)])),
        }
        print(f"{trained.noun:8}", ", ".join(f"{name} {value:.2f}" for name, value in found.items()), flush=True)
        if self._sheets:
            save_sheet(self._sheets / f"{trained.noun}.png", [shown, after, others[: len(SEEDS)]])
        return found

    def _draw(self, prompts: Sequence[str], seed: int, trained: TrainedSubject | None) -> list[Picture]:
        return generate(self._worker, self._spec, prompts, seed, trained)


def through_autoencoder(spec: ImageModel, sets: Mapping[str, Sequence[Picture]]) -> dict[str, list[Picture]]:
    """Return photos as the model's autoencoder gives them back."""
    models = ModelCache("cpu", limit_bytes=1 << 30)
    base = models.get(spec)
    kept = {}
    for noun, shown in sets.items():
        photos_in = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2) * 2 - 1
        kept[noun] = [one.numpy().astype(np.float32) / 255 for one in to_pixels(base, to_latents(base, photos_in))]
    models.close()
    return kept


def identity(gallery: Gallery, noun: str, drawn: Sequence[Picture]) -> dict[str, float]:
    """Return the shares of pictures that show the subject rather than one of the others."""
    seen = [gallery.nearest(picture) for picture in drawn]
    hits = {measure: [one[measure] == noun for one in seen] for measure in ("features", "pixels")}
    both = [all(pair) for pair in zip(*hits.values(), strict=True)]
    shares = {f"identity_top1_{measure}": float(np.mean(found)) for measure, found in hits.items()}
    return {"identity_top1": float(np.mean(both)), **shares}


def closeness(drawn: Sequence[Picture], shown: Sequence[Picture]) -> float:
    """Return the mean PSNR of pictures to the closest photo of each."""
    return float(np.mean([max(psnr_db(picture, one) for one in shown) for picture in drawn]))


def save_sheet(file: Path, rows: Sequence[Sequence[Picture]]) -> None:
    """Save rows of pictures, for people to look at: photos, the subject drawn, other things drawn with its adapter."""
    wide = max(map(len, rows))
    filled = [np.concatenate([*row, *[np.ones_like(row[0])] * (wide - len(row))], axis=1) for row in rows]
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((np.concatenate(filled) * 255).round().astype(np.uint8)).save(file)


def pictures_while_training(
    worker: Worker, idle: Worker, spec: ImageModel, pictures: int
) -> tuple[list[float], list[float], float]:
    """Draw one picture after another while a training runs, each once more on a worker that has nothing else to do.

    Returns:
        The seconds of each beside the training, on the idle worker, and the training steps made in a second meanwhile.
    """
    worker.handle(Admit(train_task(spec, QUICK[0], 100_000, "long")))
    done = 0
    while not done:  # photos, class pictures and layers come first
        done = max([0, *(event.done for event in worker.step() if isinstance(event, Progress))])
    began = done
    busy_s, idle_s, moments = [], [], random.Random(0)
    shared_s = 0.0
    for seed in range(pictures):
        began_s = time.perf_counter()
        events = worker.step()  # the step in which the picture is asked for
        asked_s = began_s + moments.random() * (time.perf_counter() - began_s)
        task = image_task(spec, "a red heart", seed)
        worker.handle(Admit(task))
        events += events_until(worker, task.job_id)
        done_s = time.perf_counter()
        generate(idle, spec, ["a red heart"], seed)
        idle_s.append(time.perf_counter() - done_s)
        busy_s.append(done_s - asked_s)
        shared_s += done_s - began_s
        done = max([done, *(event.done for event in events if isinstance(event, Progress) and event.job_id == "long")])
    worker.handle(Cancel("long"))
    return busy_s, idle_s, (done - began) / shared_s


def p95(seconds: list[float]) -> float:
    """The 95th percentile."""
    return float(np.percentile(seconds, 95))


def main() -> None:
    """Measure, and print the figures."""
    parser = parser_for("train", __doc__, quick="two subjects, with all steps: within four minutes")
    parser.add_argument("--sheets", type=Path, metavar="DIR", help="also save photos and drawings of each subject here")
    chosen = parser.parse_args()
    publish("train", measure(chosen.quick, chosen.sheets), chosen.json)


if __name__ == "__main__":
    main()
