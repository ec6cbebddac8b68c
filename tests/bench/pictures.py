"""Pictures drawn for benches: by the engine for several members at once, and by plain diffusers one after the other."""

import gc
import time
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DiffusionPipeline

from inference.catalogue import Catalogue, ImageModel
from inference.engines.image.adapters.cache import AdapterCache
from inference.engines.image.engine import ImageEngine
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.schedulers import make_scheduler
from inference.engines.libraries import quiet_libraries
from inference.messages import Failed, Progress, Task
from inference.requests import ImageRequest, SubjectUse

PROMPTS = ("a red heart", "a blue car", "a green apple", "a yellow star", "a dog", "a house", "a pizza", "a rocket")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run took."""

    seconds: float
    pictures: int

    @property
    def per_s(self) -> float:
        return self.pictures / self.seconds


class BuiltModels(ModelCache):
    """A cache that holds one model, built here instead of loaded from files."""

    def __init__(self, model: LoadedModel) -> None:
        super().__init__(model.device, limit_bytes=0)
        self._model = model

    def acquire(self, spec: ImageModel) -> Future[LoadedModel]:
        """Return the model, whatever was asked for."""
        future: Future[LoadedModel] = Future()
        future.set_result(self._model)
        return future


class Bench:
    """An engine on one model, driven without a worker around it."""

    def __init__(self, spec: ImageModel, models: ModelCache, *, lanes_max: int) -> None:
        self.spec = spec
        self.models = models
        self.adapter_cache = AdapterCache(limit_bytes=1 << 30)
        catalogue = Catalogue(images=(spec,), speech=())
        self.engine = ImageEngine(catalogue, models, self.adapter_cache, slots=64, lanes_max=lanes_max)
        self._jobs = 0

    def request(self, member: int, *, subjects: tuple[SubjectUse, ...] = ()) -> ImageRequest:
        """Return one member's wish for one picture, at the model's own size and steps."""
        return ImageRequest(
            prompt=PROMPTS[member % len(PROMPTS)],
            model=self.spec.name,
            width_px=self.spec.width_px,
            height_px=self.spec.height_px,
            steps=self.spec.steps,
            guidance=self.spec.guidance,
            seed=member,
            count=1,
            subjects=subjects,
        )

    def draw(self, requests: Sequence[ImageRequest], inputs: Mapping[str, bytes] | None = None) -> Spent:
        """Draw all requests at once, from admission to files."""
        started_s = time.perf_counter()
        for request in requests:
            self._admit(request, inputs)
        while self.engine.busy():
            for event in self.engine.step():
                _expect_success(event)
        return Spent(time.perf_counter() - started_s, sum(request.count for request in requests))

    def first_steps_s(self, request: ImageRequest, inputs: Mapping[str, bytes] | None = None) -> tuple[float, float]:
        """Return the seconds from admission to the end of the first denoising step, and those of the second step.

        The job is dropped then.
        """
        ends_s = [time.perf_counter()]
        job_id = self._admit(request, inputs)
        while len(ends_s) < 3:
            if any(isinstance(_expect_success(event), Progress) for event in self.engine.step()):
                ends_s.append(time.perf_counter())
        self.engine.cancel(job_id)
        return ends_s[1] - ends_s[0], ends_s[2] - ends_s[1]

    def close(self) -> None:
        self.engine.close()
        self.adapter_cache.close()
        gc.collect()

    def _admit(self, request: ImageRequest, inputs: Mapping[str, bytes] | None) -> str:
        self._jobs += 1
        job_id = f"job-{self._jobs}"
        self.engine.admit(Task(job_id, 1, request, inputs or {}))
        return job_id


class PlainDiffusers:
    """diffusers' own pipeline as its documentation uses it, one call a picture."""

    def __init__(self, pipeline: Any, spec: ImageModel) -> None:
        self.pipeline = pipeline
        self.pipeline.set_progress_bar_config(disable=True)
        self._base = pipeline.scheduler
        self._name = spec.scheduler

    @classmethod
    def load(cls, spec: ImageModel, device: torch.device, dtype: torch.dtype) -> "PlainDiffusers":
        """Load a catalogue entry's local folder as diffusers does by itself."""
        quiet_libraries()
        assert spec.folder is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipeline = DiffusionPipeline.from_pretrained(
                spec.folder, torch_dtype=dtype, local_files_only=True, use_safetensors=True
            )
        return cls(pipeline.to(device), spec)

    def draw(self, requests: Sequence[ImageRequest]) -> Spent:
        """Draw the requests one after the other."""
        started_s = time.perf_counter()
        for request in requests:
            self.pipeline.scheduler = make_scheduler(self._base, self._name, request.steps)
            self.pipeline(
                request.prompt,
                width=request.width_px,
                height=request.height_px,
                num_inference_steps=request.steps,
                guidance_scale=request.guidance,
                generator=torch.Generator("cpu").manual_seed(request.seed),
            )
        return Spent(time.perf_counter() - started_s, len(requests))


def _expect_success(event: object) -> object:
    if isinstance(event, Failed):
        raise RuntimeError(f"a job of the bench failed: {event.message}")
    return event
