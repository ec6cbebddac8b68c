"""Pictures whose numbers overflowed in half precision, drawn once more from their beginning in float32."""

import copy
import logging
from collections import deque
from dataclasses import replace

import torch

from inference.engines.failures import is_out_of_memory, raise_if_device_is_lost
from inference.engines.image.adapters.weights import AdapterSet, LoraLayer
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.job import ImageJob
from inference.engines.image.lane import Lane
from inference.engines.image.models.model import layers_of
from inference.engines.image.passes import BatchedDenoiser
from inference.engines.image.task_pictures import NO_PICTURES
from inference.families import FAMILIES

log = logging.getLogger(__name__)


class Redrawer:
    """Draws lanes alone with a copy of their model in float32, one step between two passes of everybody else's.

    The copy is there as long as lanes of its model wait for it.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[ImageJob, Lane]] = deque()
        self._denoiser: BatchedDenoiser | None = None
        self._again: Lane | None = None  # of the first that waits

    def add(self, job: ImageJob, lane: Lane) -> None:
        """Take a lane whose latents are not finite; each has only one more try."""
        log.warning("a picture of %s came out as numbers that are not finite, and is drawn in float32", job.spec.name)
        self._waiting.append((job, lane))

    def step(self) -> tuple[bool, Lane | None]:
        """Advance the first lane by one step.

        Returns:
            Whether there was one; and it, once its latents are finished, or as they were if that failed.
        """
        if not self._waiting:
            return False, None
        job, lane = self._waiting[0]
        try:
            denoiser = self._denoiser_for(job)
            if self._again is None:
                self._again = _begin(denoiser, job, lane)
            denoiser.advance([self._again])
        except Exception as error:
            raise_if_device_is_lost(error)
            if not is_out_of_memory(error):
                log.exception("a picture of %s could not be drawn in float32", job.spec.name)
            self._next()
            return True, lane
        if not self._again.done:
            return True, None
        lane.latents = self._again.latents.to(lane.latents.dtype)
        self._next()
        return True, lane

    def forget(self, job: ImageJob) -> None:
        """Drop what belongs to a job."""
        if self._waiting and self._waiting[0][0] is job:
            self._next()
        self._waiting = deque((each, lane) for each, lane in self._waiting if each is not job)
        if not self._waiting:
            self._let_go()

    def _denoiser_for(self, job: ImageJob) -> BatchedDenoiser:
        assert job.model is not None
        if self._denoiser is None or self._denoiser.model.spec != job.spec:
            self._let_go()
            self._denoiser = BatchedDenoiser(_in_float32(job.model))
        return self._denoiser

    def _next(self) -> None:
        self._waiting.popleft()
        self._again = None
        if not self._waiting:
            self._let_go()

    def _let_go(self) -> None:
        on_cuda = self._denoiser is not None and self._denoiser.model.device.type == "cuda"
        self._denoiser = self._again = None
        if on_cuda:  # what is still held cannot be given back
            torch.cuda.empty_cache()


def is_to_be_redrawn(job: ImageJob, lane: Lane) -> bool:
    """Return whether a finished lane overflowed, and its model is one whose copy can be in float32."""
    model = job.model
    if model is None or model.dtype is torch.float32 or model.parking is not None or FAMILIES[job.spec.family].alone:
        return False
    return not bool(torch.isfinite(lane.latents).all())


def _begin(denoiser: BatchedDenoiser, job: ImageJob, lane: Lane) -> Lane:
    """Return the same picture from its beginning."""
    lanes = denoiser.start(
        job.request,
        _adapters_in_float32(lane.adapters),
        job_id=job.job_id,
        scheduler_name=job.spec.scheduler,
        pictures=NO_PICTURES if job.reading is None else job.reading.result(),
    )
    return lanes[lane.index]


def _in_float32(model: LoadedModel) -> LoadedModel:
    """Return a copy of a model whose networks compute in float32."""
    with torch.inference_mode(False):
        core, vae = copy.deepcopy(model.core).float(), copy.deepcopy(model.vae).float()
        encoders = tuple(copy.deepcopy(encoder).float() for encoder in model.text_encoders)
    parts = dict(zip(model.layers, (core, *encoders), strict=True))
    layers = {name: layers_of(part) for name, part in parts.items()}
    precise = replace(model, core=core, vae=vae, text_encoders=encoders, dtype=torch.float32, layers=layers)
    return replace(precise, compiled=False)  # copies of compiled blocks are as they were


def _adapters_in_float32(adapters: AdapterSet) -> AdapterSet:
    return AdapterSet(
        {
            component: {
                name: tuple(LoraLayer(one.down.float(), one.up.float(), one.scale) for one in found)
                for name, found in layers.items()
            }
            for component, layers in adapters.layers.items()
        }
    )
