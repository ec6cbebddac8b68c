"""Pictures to begin from, and plain diffusers' image-to-image pipelines beside the engine."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline
from numpy.typing import NDArray
from PIL import Image, ImageOps

from inference.engines.image.schedulers import make_scheduler
from inference.requests import ImageRequest
from tests.support.engines.harness import Reference
from tests.support.files.photos import encoded, picture

PICTURES = ("1", "2")  # the keys of two, of different ratios


def picture_of(request: ImageRequest) -> Mapping[str, bytes]:
    """Return the inputs of a task: the picture that it begins from, if there is one."""
    if request.init is None:
        return {}
    seed = int(request.init.key)
    return {"picture": encoded(picture(seed, width=60, height=30 * seed))}


class InitReference(Reference):
    """Plain diffusers for each way in: text alone, or a picture."""

    def __init__(self, pipeline: Any, scheduler: str) -> None:
        super().__init__(pipeline, scheduler)
        sdxl = "XL" in type(pipeline).__name__
        kind: Any = StableDiffusionXLImg2ImgPipeline if sdxl else StableDiffusionImg2ImgPipeline
        extras: dict[str, Any] = {} if sdxl else {"requires_safety_checker": False}
        self._from_picture = kind(**pipeline.components, **extras)
        self._from_picture.set_progress_bar_config(disable=True)

    def _draw(self, request: ImageRequest, index: int, scheduler: str) -> NDArray[np.int16]:
        if request.init is None:
            return super()._draw(request, index, scheduler)
        self._from_picture.scheduler = make_scheduler(self._base, scheduler, request.steps)
        image = self._from_picture(
            request.prompt,
            image=fitted(request),
            strength=min(
                1.0, max(request.init.strength, 1.001 / request.steps)
            ),  # in less than a step it draws nothing
            negative_prompt=request.negative or None,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=torch.Generator("cpu").manual_seed(request.seed + index),
        ).images[0]
        return np.asarray(image).astype(np.int16)


def fitted(request: ImageRequest) -> Image.Image:
    """Return the picture that a request begins from, its middle cropped to size."""
    with Image.open(io.BytesIO(picture_of(request)["picture"])) as opened:
        size_px = (request.width_px, request.height_px)
        return ImageOps.fit(opened.convert("RGB"), size_px, Image.Resampling.LANCZOS)
