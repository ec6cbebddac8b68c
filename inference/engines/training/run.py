"""A training from its photos to its adapter, as a generator: every `yield` is a place to stop and let others go on."""

import io
import logging
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import safetensors.torch
import torch
from PIL import Image
from safetensors import SafetensorError

from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.training.dreambooth import DreamBooth, TrainingData, photo_captions
from inference.engines.training.lora import SubjectLora
from inference.engines.training.optimizers import AdamWOptimizer
from inference.engines.training.photos import augment, photo_tensor
from inference.engines.training.prior import known_captions, prior_captions, prior_latents
from inference.engines.training.sampler import sample_latents, to_latents, to_pixels
from inference.errors import BadRequest
from inference.messages import Checkpoint, Finished, JobEvent, Output, Progress, Task, adapter_name, filmstrip_name
from inference.requests import TrainRequest

log = logging.getLogger(__name__)

FILMSTRIP_SEED = 7
SLICE_S = 0.1  # training steps that are shorter than this are done several at a time


class TrainingRun:
    """One subject's training."""

    def __init__(
        self, task: Task, base: LoadedModel, *, building: threading.Lock, cache_dir: Path | None = None
    ) -> None:
        """Start nothing yet; `run` does.

        Args:
            task: its request and photos, and a checkpoint to go on from.
            base: the loaded base model, with `spec.train_batch` photos to a step.
            building: held while layers are built; the libraries patch torch while they build a model on another thread.
            cache_dir: where class pictures are kept for the next training of the same class; None: nowhere.
        """
        assert isinstance(task.request, TrainRequest)
        self.stop_early = False  # set from outside, read between steps
        self._task, self._base = task, base
        self._building, self._cache_dir = building, cache_dir
        self._request: TrainRequest = task.request
        self._phrase = f"{task.request.trigger} {task.request.class_noun}".strip()

    def run(self) -> Iterator[list[JobEvent]]:
        """Train, yielding what happened after each short piece of work. The last event is `Finished`.

        Raises:
            FloatingPointError: the loss is not finite.
            OSError: a photo cannot be read.
        """
        started_s = time.monotonic()
        training, lora = yield from self._prepare()
        request = self._request
        while training.done < request.steps and not self.stop_early:
            for _ in self._slice(training):
                pass
            yield [self._progress(training)]
            if training.done % request.preview_every == 0 or training.done == request.steps:
                yield (yield from self._save_step(training, lora))
        if self.stop_early and 0 < training.done < request.steps and training.done % request.preview_every:
            yield (yield from self._save_step(training, lora))
        yield [self._finished(training, time.monotonic() - started_s)]

    def _slice(self, training: DreamBooth) -> Iterator[float]:
        """Do training steps until the slice of time is used up, or something is to be shown."""
        until_s = time.monotonic() + SLICE_S
        while True:
            yield training.step()
            due = training.done % self._request.preview_every == 0 or training.done >= self._request.steps
            if due or self.stop_early or time.monotonic() >= until_s:
                return

    def _prepare(self) -> Generator[list[JobEvent], None, tuple[DreamBooth, SubjectLora]]:
        request, base = self._request, self._base
        if family_of(base.spec).reads_mask(base):
            raise BadRequest(f"{base.spec.title} only fills masks and can't be trained. Please choose another `model`.")
        photos = []
        for index in range(len(request.photos)):
            pixels = photo_tensor(self._task.inputs[f"photo-{index}"], base.spec.width_px, base.spec.height_px)
            for variant in augment(pixels, base.spec, request.seed + index):
                photos.append(to_latents(base, variant[None]))
                yield []
        prior = torch.empty(0, *photos[0].shape[1:], device=base.device)
        if request.prior_weight > 0:
            pieces = prior_latents(base, request.class_noun, self._cache_dir)
            prior = yield from _without_events(pieces)
        data = TrainingData(
            photos=torch.cat(photos),
            captions=photo_captions(self._phrase),
            prior=prior,
            prior_captions=prior_captions(request.class_noun) if len(prior) else (),
            prior_weight=request.prior_weight,
            batch=base.spec.train_batch,
            prior_batch=base.spec.train_prior_batch,
            known_captions=known_captions(base, request.class_noun) if len(prior) else (),
        )
        training, lora = yield from self._begin(data)
        if checkpoint := self._task.inputs.get("checkpoint"):
            try:
                training.restore(checkpoint)
            except (KeyError, RuntimeError, SafetensorError):
                log.warning("training %s starts over: its checkpoint is damaged", self._task.job_id, exc_info=True)
                training, lora = yield from self._begin(data)
        yield [self._progress(training)]
        return training, lora

    def _begin(self, data: TrainingData) -> Generator[list[JobEvent], None, tuple[DreamBooth, SubjectLora]]:
        request = self._request
        lora = yield from self._layers()
        base, rate = self._base, request.learning_rate
        optimizer = AdamWOptimizer(lora.parameters(), device=base.device, half=base.dtype == torch.float16)
        return DreamBooth(base, lora, optimizer, data, steps=request.steps, rate=rate, seed=request.seed), lora

    def _layers(self) -> Generator[list[JobEvent], None, SubjectLora]:
        request, base = self._request, self._base
        while not self._building.acquire(blocking=False):
            yield []
        try:
            lora = SubjectLora(
                base.core,
                base.text_encoders,
                rank=request.rank,
                seed=request.seed,
                train_text=request.train_text_encoder,
                all_layers=base.spec.train_layers == "all",
            )
        finally:
            self._building.release()
        if base.device.type == "cuda":
            lora.unet.enable_gradient_checkpointing()  # type: ignore[operator]
        return lora

    def _save_step(self, training: DreamBooth, lora: SubjectLora) -> Generator[list[JobEvent], None, list[JobEvent]]:
        """Generate a picture for the filmstrip, then keep the adapter and a checkpoint.

        The checkpoint comes last: whatever is lost before it is made again, the same.
        """
        base, task, done = self._base, self._task, training.done
        strip = sample_latents(training.model, [self._phrase], [FILMSTRIP_SEED])
        latents = yield from _without_events(strip)
        picture = _png(to_pixels(base, latents)[0])
        weights = safetensors.torch.save(lora.export(), metadata=self._metadata(done))
        return [
            Output(task.job_id, task.attempt, filmstrip_name(done), "image/png", picture, {"step": done}),
            Output(
                task.job_id,
                task.attempt,
                adapter_name(done),
                "application/octet-stream",
                weights,
                {"step": done},
            ),
            Checkpoint(task.job_id, task.attempt, done, training.checkpoint()),
        ]

    def _metadata(self, done: int) -> dict[str, str]:
        """Say what the adapter is, by Stability's ModelSpec 1.0.0, which other tools read."""
        spec, request = self._base.spec, self._request
        return {
            "format": "pt",
            "modelspec.sai_model_spec": "1.0.0",
            "modelspec.architecture": family_of(spec).lora_architecture,
            "modelspec.implementation": "diffusers",
            "modelspec.title": request.name,
            "modelspec.trigger_phrase": self._phrase,
            "modelspec.license": spec.licence,
            "modelspec.resolution": f"{spec.width_px}x{spec.height_px}",
            "atelier.base_model": f"{spec.source}@{spec.revision}" if spec.revision else spec.source,
            "atelier.steps": str(done),
            "atelier.rank": str(request.rank),
            "atelier.learning_rate": str(request.learning_rate),
            "atelier.photos": str(len(request.photos)),
            "atelier.seed": str(request.seed),
        }

    def _progress(self, training: DreamBooth) -> Progress:
        return Progress(self._task.job_id, self._task.attempt, training.done, self._request.steps)

    def _finished(self, training: DreamBooth, seconds: float) -> Finished:
        task, done = self._task, training.done
        shown = [step for step in range(1, done + 1) if step % self._request.preview_every == 0 or step == done]
        summary = {"seconds": round(seconds, 2), "steps": done, "film": shown, "trigger": self._phrase}
        return Finished(task.job_id, task.attempt, done, self._request.steps, summary)


T = TypeVar("T")


def _without_events(pieces: Generator[None, None, T]) -> Generator[list[JobEvent], None, T]:
    """Pass a generator's pauses on as pieces of work in which nothing happened, and its value as the value."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        yield []


def _png(pixels: torch.Tensor) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(stream, "PNG")
    return stream.getvalue()
