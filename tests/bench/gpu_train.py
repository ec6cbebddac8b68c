"""Trainings on a GPU: adapters and whole UNets, against a plain loop, on SD 1.5 and SDXL with random weights.

Figures, each with `sd15_` (512²) or `sdxl_` (1024²) before it; a step is one photo and one class picture:

- `lora_steps_per_s`, `lora_peak_gb`: our training of an adapter, everything encoded once. `lora_800_steps_s`: from it.
- `plain_steps_per_s`, `plain_peak_gb`: a plain loop with peft and AdamW that encodes photo and caption in each step.
- `lora_ratio`: ours over plain.
- `whole_steps_per_s`, `whole_peak_gb`: all of the UNet, as `inference.engines.training.whole` does it (SD 1.5 only).
"""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers import DDPMScheduler
from peft import LoraConfig, inject_adapter_in_model

from inference.catalogue import ImageModel
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.training.dreambooth import DreamBooth, TrainingData, photo_captions
from inference.engines.training.lora import UNET_TARGETS, SubjectLora
from inference.engines.training.optimizers import AdamWOptimizer
from inference.engines.training.photos import photo_tensor
from inference.engines.training.sampler import to_latents
from inference.engines.training.whole import train_unet
from tests.bench.gpu_image import as_loaded
from tests.support.engines.creature import photo
from tests.support.tiny_models import SD15, SDXL, TINY_SD, TINY_SDXL, Shape, make_pipeline, make_spec

PHOTOS = 4
RANK = 8
RATE = 1e-4
PHRASE = "zkv mascot"


def measure(*, quick: bool, device: str, tiny: bool) -> dict[str, float]:
    """Return the figures of both architectures."""
    figures: dict[str, float] = {}
    for name, shape, side_px in (("sd15", SD15, 512), ("sdxl", SDXL, 1024)):
        if tiny:
            shape, side_px = (TINY_SD if name == "sd15" else TINY_SDXL), 16
        steps = 3 if tiny else 30 if quick else 100
        found = _measure_shape(shape, side_px, torch.device(device), steps)
        figures |= {f"{name}_{key}": value for key, value in found.items()}
    return figures


def _measure_shape(shape: Shape, side_px: int, device: torch.device, steps: int) -> dict[str, float]:
    family = "sd" if len(shape.text) == 1 else "sdxl"
    spec = make_spec(
        Path("./built-here"), family=family, width_px=side_px, height_px=side_px, side_max_px=side_px, train_batch=1
    )
    figures: dict[str, float] = {}
    runs: dict[str, Callable[[LoadedModel, Any], Callable[[], object]]] = {"lora": _ours, "plain": _plain}
    if family == "sd":
        runs["whole"] = _whole
    for name, prepare in runs.items():
        base, pipeline = _build(shape, spec, device)
        step = prepare(base, pipeline)
        del base, pipeline  # what the training itself does not hold is not in its memory
        figures |= {f"{name}_{key}": value for key, value in _time(step, device, steps).items()}
        del step
        _tidy(device)
    figures["lora_800_steps_s"] = 800 / figures["lora_steps_per_s"]
    figures["lora_ratio"] = figures["lora_steps_per_s"] / figures["plain_steps_per_s"]
    return figures


def _build(shape: Shape, spec: ImageModel, device: torch.device) -> tuple[LoadedModel, Any]:
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    with TemporaryDirectory() as scratch:
        pipeline = make_pipeline(shape, scratch=Path(scratch), device=str(device)).to(dtype)
    base = as_loaded(pipeline, spec, device, dtype)
    pipeline.unet = None  # the copy that `as_loaded` made is the only one that counts
    return base, pipeline


def _data(base: LoadedModel) -> TrainingData:
    spec = base.spec
    photos = [to_latents(base, photo_tensor(photo(i), spec.width_px, spec.height_px)[None]) for i in range(PHOTOS)]
    latents = torch.cat(photos)
    said = ("a mascot",) * PHOTOS
    return TrainingData(
        photos=latents, captions=photo_captions(PHRASE), prior=latents, prior_captions=said, prior_weight=1.0, batch=1
    )


def _ours(base: LoadedModel, _pipeline: Any) -> Callable[[], object]:
    data = _data(base)
    lora = SubjectLora(base.core, base.text_encoders, rank=RANK, seed=0, train_text=False)
    if base.device.type == "cuda":
        lora.unet.enable_gradient_checkpointing()  # type: ignore[operator]
    optimizer = AdamWOptimizer(lora.parameters(), device=base.device, half=base.dtype == torch.float16)
    return DreamBooth(base, lora, optimizer, data, steps=1000, rate=RATE, seed=0).step


def _whole(base: LoadedModel, _pipeline: Any) -> Callable[[], object]:
    steps = train_unet(base, _data(base), steps=1_000_000, rate=RATE, seed=0)
    return lambda: next(steps)


def _plain(base: LoadedModel, _pipeline: Any) -> Callable[[], object]:
    """Return one step of the loop that diffusers' own examples show, with the same layers, rank and precision."""
    unet = base.core
    inject_adapter_in_model(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(UNET_TARGETS)), unet)
    layers = [parameter for name, parameter in unet.named_parameters() if "lora_" in name]
    for parameter in layers:
        parameter.data = parameter.data.float()
    if base.device.type == "cuda":
        unet.enable_gradient_checkpointing()
    optimizer = torch.optim.AdamW(layers, lr=RATE)
    scaler = torch.amp.GradScaler(base.device.type, enabled=base.dtype == torch.float16)
    noise_scheduler = DDPMScheduler.from_config(base.scheduler.config)
    spec = base.spec
    pixels = torch.stack([photo_tensor(photo(i), spec.width_px, spec.height_px) for i in range(2)])

    def step() -> None:
        latents = to_latents(base, pixels)
        with torch.no_grad():
            size_px = (spec.width_px, spec.height_px)
            conditioning = family_of(spec).encode(base, (PHRASE, "a mascot"), size_px=size_px, guidance=spec.guidance)
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (2,), device=latents.device)
        noisy = noise_scheduler.add_noise(latents, noise, timesteps)
        with torch.autocast(base.device.type, base.dtype, enabled=base.dtype != torch.float32):
            predicted = unet(
                noisy, timesteps, encoder_hidden_states=conditioning.hidden, added_cond_kwargs=dict(conditioning.extra)
            ).sample
        loss = torch.nn.functional.mse_loss(predicted.float(), noise)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)

    return step


def _time(step: Callable[[], object], device: torch.device, steps: int) -> dict[str, float]:
    for _ in range(min(3, steps)):
        step()
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    started_s = time.perf_counter()
    for _ in range(steps):
        step()
    if cuda:
        torch.cuda.synchronize()
    figures = {"steps_per_s": steps / (time.perf_counter() - started_s)}
    return figures | ({"peak_gb": torch.cuda.max_memory_allocated() / 1e9} if cuda else {})


def _tidy(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
