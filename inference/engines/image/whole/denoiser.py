"""Lanes of a model that is asked as a whole: one at a time, each step of it between two steps of everybody else's."""

import inspect
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from inference.engines.image.adapters.weights import AdapterSet
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.lane import Lane
from inference.engines.image.prompts import words_read
from inference.engines.image.task_pictures import NO_PICTURES, TaskPictures
from inference.engines.image.whole.steps import Between, PipelineSteps
from inference.requests import ImageRequest


class WholeDenoiser:
    """Draws lanes with diffusers' own pipeline; a lane that has begun is finished before the next begins.

    A pipeline keeps what it is at in itself, so that two calls at once would be mixed up. A lane's latents are its
    finished picture here.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._steps: PipelineSteps | None = None
        self._lane: Lane | None = None  # that they are of
        self._requests: dict[str, ImageRequest] = {}

    def start(
        self,
        request: ImageRequest,
        adapters: AdapterSet,
        *,
        job_id: str,
        scheduler_name: str,
        pictures: TaskPictures = NO_PICTURES,
    ) -> list[Lane]:
        """Return the lanes of a request. Nothing is computed yet.

        Args:
            request: what is asked for.
            adapters: none; `check_request` has seen to it.
            job_id: of the job that it belongs to.
            scheduler_name: not looked at: the pipeline has its own.
            pictures: none, as well.
        """
        self._requests[job_id] = request
        return [
            Lane(
                job_id=job_id,
                index=index,
                seed=request.seed_of(index),
                guidance=request.guidance,
                conditioning=Conditioning(torch.zeros(1, 0, 0)),
                adapters=adapters,
                scheduler=self.model.scheduler,
                timesteps=[0.0] * (request.steps + 1),  # the last one decodes
                times=torch.zeros(0),
                options={},
                latents=torch.zeros(1, 3, request.height_px, request.width_px),
                size_px=(request.width_px, request.height_px),
            )
            for index in range(request.count)
        ]

    def choose(self, lanes: Sequence[Lane]) -> list[Lane]:
        """Return the one lane that is advanced next: the one that was begun, else the first."""
        return [self._lane] if self._lane is not None and self._lane in lanes else list(lanes[:1])

    def advance(self, lanes: Sequence[Lane], *, previews: frozenset[str] = frozenset()) -> None:
        """Advance one lane by one of its pipeline's steps.

        Args:
            lanes: as `choose` returned them.
            previews: not looked at: what a pipeline is at is its own.
        """
        (lane,) = lanes
        if self._steps is None:
            cores = 1 if self.model.device.type == "cpu" else None
            self._lane = lane
            self._steps = PipelineSteps(partial(self._draw, lane, self._requests[lane.job_id]), cores=cores)
        picture = self._steps.advance()
        lane.position = min(lane.position + 1, len(lane.timesteps) - 1)
        if picture is not None:
            lane.latents, lane.position = picture, len(lane.timesteps)
            self._steps = self._lane = None

    def leave(self, job_id: str) -> None:
        """Stop what belongs to a job that is gone."""
        self._requests.pop(job_id, None)
        if self._lane is not None and self._lane.job_id == job_id and self._steps is not None:
            self._steps.cancel()
            self._steps = self._lane = None

    def forget(self) -> None:
        """There are no adapters to forget."""

    def close(self) -> None:
        """Stop what is under way."""
        if self._lane is not None:
            self.leave(self._lane.job_id)

    def _draw(self, lane: Lane, request: ImageRequest, between: Between) -> Tensor:
        """Return a picture (1, 3, height, width), -1 … 1."""
        known = inspect.signature(self.model.core.__call__).parameters
        asked: dict[str, Any] = {
            "prompt": words_read(request.prompt, self.model.spec),
            "negative_prompt": words_read(request.negative, self.model.spec) or None,
            "width": request.width_px,
            "height": request.height_px,
            "num_inference_steps": request.steps,
            "guidance_scale" if "guidance_scale" in known else "true_cfg_scale": request.guidance,
            "generator": torch.Generator("cpu").manual_seed(lane.seed),
            "callback_on_step_end": between,
            "output_type": "pt",
        }
        images = self.model.core(**{name: value for name, value in asked.items() if name in known}).images
        return torch.as_tensor(images)[:1].float() * 2 - 1
