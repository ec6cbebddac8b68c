"""Files of decoded pictures; these functions run on threads beside the steps."""

from importlib import metadata

import torch

from inference.engines.image.decoding import to_rgb8
from inference.engines.image.job import ImageJob
from inference.engines.image.lane import Lane
from inference.engines.image.schedulers import sampler_name
from inference.messages import Output
from inference.pictures import LANCZOS, GenerationParameters, encode_png, encode_preview
from inference.requests import LoraUse, SubjectUse


def make_preview(images: torch.Tensor) -> bytes:
    """Encode a job's unfinished pictures (n, 3, h, w), 0 … 1, as one small WebP."""
    return encode_preview([to_rgb8(image) for image in images])


def make_output(job: ImageJob, lane: Lane, image: torch.Tensor) -> Output:
    """Encode one finished picture (3, height, width), 0 … 1, as a PNG with its parameters."""
    request, spec = job.request, job.spec
    enlarger = None if job.model is None else job.model.enlarger
    uses: tuple[SubjectUse | LoraUse, ...] = (*request.subjects, *request.loras)
    used = [use for use in uses if use.weight]  # those that have an adapter
    parameters = GenerationParameters(
        prompt=request.prompt,
        negative=request.negative,
        steps=request.steps,
        sampler=sampler_name(lane.scheduler),
        guidance=request.guidance,
        seed=lane.seed,
        width_px=request.width_px,
        height_px=request.height_px,
        model=spec.name,
        upscale=spec.upscale,
        upscaler=LANCZOS if enlarger is None else enlarger.name,
        denoising_strength=None if request.init is None else request.init.strength,
        mask_blur_px=0 if request.init is None else request.init.mask_blur_px,
        variation_seed=None if request.variation is None else request.variation.seed + lane.index,
        variation_strength=0.0 if request.variation is None else request.variation.strength,
        origin=request.origin,
        version=_version(),
        lora_tags=tuple(use.lora_tag for use in used),
        lora_hashes=tuple(
            (use.lora_name, adapter.result().autov3) for use, adapter in zip(used, job.adapters or (), strict=True)
        ),
    )
    meta = {
        "seed": lane.seed,
        "width": request.width_px * spec.upscale,
        "height": request.height_px * spec.upscale,
    }
    content = encode_png(to_rgb8(image if enlarger is None else enlarger(image)), parameters)
    return Output(job.job_id, job.task.attempt, f"picture-{lane.index + 1}.png", "image/png", content, meta)


def _version() -> str:
    try:
        return metadata.version("atelier-bot")
    except metadata.PackageNotFoundError:
        return ""
