"""Pictures to begin from, and plain diffusers' image-to-image and inpainting pipelines beside the engine."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from diffusers import (
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
)
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from inference.engines.image.schedulers import make_scheduler
from inference.requests import ImageRequest
from tests.support.engines.harness import Reference
from tests.support.files.photos import encoded, picture

PICTURES = ("1", "2")  # the keys of two, of different ratios
MASKS = ("left", "hole")  # the keys of two masks


def picture_of(request: ImageRequest) -> Mapping[str, bytes]:
    """Return the inputs of a task: the picture that it begins from, its mask, its references, if there are such."""
    inputs = {f"reference-{index}": encoded(reference(key)) for index, key in enumerate(request.references)}
    if request.init is None:
        return inputs
    seed = int(request.init.key)
    size = (60, 30 * seed)
    inputs["picture"] = encoded(picture(seed, *size))
    return inputs | ({"mask": encoded(mask(request.init.mask, size))} if request.init.mask else {})


def reference(key: str) -> Image.Image:
    """Return a picture that a prompt speaks of; its sides are no multiples of anything."""
    seed = int(key)
    return picture(seed, 64 + seed, 64 + 6 * seed)


def mask(name: str, size: tuple[int, int]) -> Image.Image:
    """Return a mask by its name, with an edge that is neither black nor white."""
    image, (width, height) = Image.new("L", size), size
    box = (0, 0, width // 2, height) if name == "left" else (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    ImageDraw.Draw(image).rectangle(box, fill=255, outline=100)
    return image


class InitReference(Reference):
    """Plain diffusers for each way in: text alone, a picture, a mask, a canvas."""

    def __init__(self, pipeline: Any, scheduler: str) -> None:
        super().__init__(pipeline, scheduler)
        sdxl = "XL" in type(pipeline).__name__
        extras: dict[str, Any] = {} if sdxl else {"requires_safety_checker": False}
        kinds: tuple[Any, Any] = (StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline)
        if sdxl:
            kinds = (StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline)
        self._from_picture, self._inpainting = (kind(**pipeline.components, **extras) for kind in kinds)
        for each in (self._from_picture, self._inpainting):
            each.set_progress_bar_config(disable=True)

    def _draw(self, request: ImageRequest, index: int, scheduler: str) -> NDArray[np.int16]:
        init, nine = request.init, self._pipeline.unet.config.in_channels == 9
        if init is None and not nine:
            return super()._draw(request, index, scheduler)
        strength, size = 1.0 if init is None else init.strength, (request.width_px, request.height_px)
        options: dict[str, Any] = {
            "image": Image.new("RGB", size) if init is None else canvas(request),
            "strength": min(1.0, max(strength, 1.001 / request.steps)),  # in less than a step it draws nothing
            "negative_prompt": request.negative or None,
            "num_inference_steps": request.steps,
            "guidance_scale": request.guidance,
            "generator": torch.Generator("cpu").manual_seed(request.seed + index),
        }
        pipeline = self._from_picture
        if nine or (init is not None and (init.mask or any(init.margins_px))):
            pipeline = self._inpainting
            options |= {"mask_image": canvas_mask(request), "width": size[0], "height": size[1]}
        pipeline.scheduler = make_scheduler(self._base, scheduler, request.steps)
        return np.asarray(pipeline(request.prompt, **options).images[0]).astype(np.int16)


def canvas(request: ImageRequest) -> Image.Image:
    """Return the picture that a request begins from: its middle, and around it its edge, pixel by pixel."""
    left, top, _, _, width, height = _inner(request)
    with Image.open(io.BytesIO(picture_of(request)["picture"])) as opened:
        inner = ImageOps.fit(opened.convert("RGB"), (width, height), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (request.width_px, request.height_px))
    for x in range(whole.width):
        for y in range(whole.height):
            at = min(max(x - left, 0), width - 1), min(max(y - top, 0), height - 1)
            whole.putpixel((x, y), inner.getpixel(at))  # type: ignore[arg-type]
    return whole


def canvas_mask(request: ImageRequest) -> Image.Image:
    """Return what is drawn anew as white: of the picture what its mask says, and all around it."""
    whole = Image.new("L", (request.width_px, request.height_px), 255)
    if request.init is None or not (request.init.mask or any(request.init.margins_px)):
        return whole
    left, top, _, _, width, height = _inner(request)
    inner = Image.new("L", (width, height))
    if request.init.mask:
        with Image.open(io.BytesIO(picture_of(request)["mask"])) as opened:
            inner = ImageOps.fit(opened.convert("L"), (width, height), Image.Resampling.LANCZOS)
    whole.paste(inner, (left, top))
    return whole


def _inner(request: ImageRequest) -> tuple[int, int, int, int, int, int]:
    """Return the margins, and the width and height that they leave."""
    margins = (0, 0, 0, 0) if request.init is None else request.init.margins_px
    left, top, right, bottom = margins
    return (*margins, request.width_px - left - right, request.height_px - top - bottom)
