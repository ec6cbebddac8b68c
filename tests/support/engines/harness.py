"""An engine on a tiny model, and plain diffusers beside it to compare with."""

import io
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from inference.catalogue import Catalogue, ImageModel
from inference.engines.image.adapters.cache import AdapterCache
from inference.engines.image.engine import ImageEngine
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.schedulers import make_scheduler
from inference.messages import Failed, Finished, JobEvent, Output, Task
from inference.requests import ImageRequest

STEPS_MAX = 50_000  # a step that waits for a load takes 5 ms, and loading on a busy machine many seconds


@dataclass(slots=True)
class Outcome:
    """What an engine reported about a job."""

    pictures: dict[str, NDArray[np.int16]] = field(default_factory=dict)
    events: list[JobEvent] = field(default_factory=list)

    @property
    def last(self) -> JobEvent:
        """The last event."""
        return self.events[-1]

    @property
    def failed(self) -> Failed:
        """The last event, which must be a failure."""
        assert isinstance(self.last, Failed), self.last
        return self.last

    @property
    def finished(self) -> Finished:
        """The last event, which must be a success."""
        assert isinstance(self.last, Finished), self.last
        return self.last


class EngineHarness:
    """Runs jobs on an engine by hand, and gathers what it reports."""

    def __init__(
        self, *specs: ImageModel, models: ModelCache | None = None, catalogue: Catalogue | None = None, **options: Any
    ) -> None:
        self.models = models or ModelCache("cpu", limit_bytes=1 << 30)
        self._own_models = models is None
        self.adapter_cache = AdapterCache(limit_bytes=1 << 24)
        self.engine = ImageEngine(
            catalogue or Catalogue(images=specs, speech=()), self.models, self.adapter_cache, **options
        )
        self.jobs: dict[str, Outcome] = {}

    def admit(self, job_id: str, request: ImageRequest, inputs: Mapping[str, bytes] | None = None) -> None:
        """Give the engine a job."""
        self.jobs[job_id] = Outcome()
        self.engine.admit(Task(job_id, 1, request, inputs or {}))

    def step(self, times: int = 1) -> list[JobEvent]:
        """Let the engine make some steps, and return its events."""
        events = [event for _ in range(times) for event in self.engine.step()]
        for event in events:
            outcome = self.jobs[event.job_id]
            outcome.events.append(event)
            if isinstance(event, Output):
                outcome.pictures[event.name] = open_picture(event.content)
        return events

    def step_until(self, condition: Callable[[], bool]) -> None:
        """Step until a condition is true."""
        for _ in range(STEPS_MAX):
            if condition():
                return
            self.step()
        raise AssertionError("the engine got nowhere")

    def finish(self) -> None:
        """Step until the engine has nothing left to do."""
        self.step_until(lambda: not self.engine.busy())

    def draw(self, request: ImageRequest, inputs: Mapping[str, bytes] | None = None) -> Outcome:
        """Run one job, and return what came of it."""
        self.admit("only", request, inputs)
        self.finish()
        return self.jobs["only"]

    def close(self) -> None:
        """Close the engine and its caches."""
        self.engine.close()
        self.adapter_cache.close()
        if self._own_models:
            self.models.close()


class Reference:
    """Plain diffusers: its own pipeline and its own LoRA loading, one picture at a time."""

    def __init__(self, pipeline: Any, scheduler: str) -> None:
        self._pipeline = pipeline
        self._base = pipeline.scheduler
        self._scheduler = scheduler
        self._adapters: set[str] = set()
        self._drawn: dict[Any, NDArray[np.int16]] = {}

    def picture(
        self, request: ImageRequest, index: int, adapters: Mapping[str, bytes] | None = None, scheduler: str = ""
    ) -> NDArray[np.int16]:
        """Draw one picture of a request.

        Args:
            request: the request.
            index: which of its pictures.
            adapters: the files of its subjects, by `adapter:<id>`.
            scheduler: another scheduler than the model's.
        """
        key = (request, index, scheduler)
        if key not in self._drawn:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # peft's and diffusers' own
                self._use(request, adapters or {})
                self._drawn[key] = self._draw(request, index, scheduler or self._scheduler)
        return self._drawn[key]

    def _draw(self, request: ImageRequest, index: int, scheduler: str) -> NDArray[np.int16]:
        self._pipeline.scheduler = make_scheduler(self._base, scheduler, request.steps)
        image = self._pipeline(
            request.prompt,
            negative_prompt=request.negative or None,
            width=request.width_px,
            height=request.height_px,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=torch.Generator("cpu").manual_seed(request.seed + index),
        ).images[0]
        return np.asarray(image).astype(np.int16)

    def _use(self, request: ImageRequest, adapters: Mapping[str, bytes]) -> None:
        for use in request.subjects:
            if use.subject_id not in self._adapters:
                with tempfile.TemporaryDirectory() as folder:  # given as tensors, diffusers would lose the settings
                    (Path(folder) / "lora.safetensors").write_bytes(adapters[f"adapter:{use.subject_id}"])
                    self._pipeline.load_lora_weights(
                        folder, weight_name="lora.safetensors", adapter_name=use.subject_id, local_files_only=True
                    )
                self._adapters.add(use.subject_id)
        if request.subjects:
            self._pipeline.enable_lora()
            names, weights = zip(*((use.subject_id, use.weight) for use in request.subjects), strict=True)
            self._pipeline.set_adapters(list(names), list(weights))
        elif self._adapters:
            self._pipeline.disable_lora()


def open_picture(content: bytes) -> NDArray[np.int16]:
    """Return the pixels of a picture, H x W x 3 in 0..255."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(np.int16)


def make_request(**changes: Any) -> ImageRequest:
    """Return a request for one tiny picture, with some fields changed."""
    fields: dict[str, Any] = {
        "prompt": "a red heart",
        "model": "tiny",
        "width_px": 16,
        "height_px": 16,
        "steps": 4,
        "guidance": 5.0,
        "seed": 1,
        "count": 1,
    }
    return ImageRequest(**fields | changes)


def assert_same(drawn: NDArray[np.int16], expected: NDArray[np.int16]) -> None:
    """Check the stated tolerance: one of 255 levels, and that only where rounding went the other way."""
    difference = np.abs(drawn - expected)
    assert drawn.shape == expected.shape
    assert difference.max() <= 1, f"differs by up to {difference.max()} levels"
    assert (difference > 0).mean() <= 0.02, f"{(difference > 0).mean():.1%} of the values differ"


def names(outcome: Outcome) -> Sequence[str]:
    """Return the names of the pictures of a job, in order."""
    return sorted(outcome.pictures)


def saved(folder: Path) -> Any:
    """Load diffusers' own pipeline from a folder."""
    from diffusers import DiffusionPipeline

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline: Any = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
