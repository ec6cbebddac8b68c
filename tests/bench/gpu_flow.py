"""Flow transformers on a GPU: Z-Image, FLUX.2 klein 4B and Qwen-Image in their real configurations, random weights.

Figures, each with `zimage_`, `klein_` or `qwen_` before it, at the models' own sizes, steps and guidance, in bfloat16:

- `foretold_peak_gb`: the forecast for one picture. What has no room for that has figures in low memory only.
- `load_s`, `latency_s`, `peak_gb`: loading from files (of zeros, which are in no cache), one picture alone, its peak.
- `pictures_per_s_4`: four members at once; `diffusers_pictures_per_s`: plain diffusers, one by one; `ratio_4`.
- `compiled_pictures_per_s_4`: the same four, with torch.compile for each repeated block.
- `quantised_latency_s`, `quantised_peak_gb`: one picture, with `quantise = "float8"`.
- `low_load_s`, `low_latency_s`, `low_peak_gb`: one picture in low memory, on a card of `low_card_gb`.
"""

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers import DiffusionPipeline

from inference.catalogue import ImageModel
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.compiling import compile_blocks
from inference.engines.image.models.forecast import forecast
from inference.engines.image.models.loading import ModelCache, locate
from inference.engines.image.models.plan import LowMemory
from inference.engines.memory import CONTEXT_BYTES, free_bytes
from inference.requests import ImageRequest
from tests.bench.pictures import Bench, BuiltModels
from tests.support.real_models import SIZES_PX, write_configurations, write_hollow_weights
from tests.support.tiny_families import TINY
from tests.support.tiny_models import make_spec

MEMBERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowModel:
    """A model that is measured."""

    family: str
    steps: int
    guidance: float
    low_card_gb: int  # of the card that low memory is measured for
    ask: Mapping[str, Any]  # the pipeline's arguments for that guidance


MODELS = {
    "zimage": FlowModel(family="z-image", steps=8, guidance=0.0, low_card_gb=12, ask={"guidance_scale": 0.0}),
    "klein": FlowModel(family="flux2-klein", steps=4, guidance=1.0, low_card_gb=8, ask={"guidance_scale": 1.0}),
    "qwen": FlowModel(
        family="qwen-image",
        steps=30,
        guidance=4.0,
        low_card_gb=24,
        ask={"true_cfg_scale": 4.0, "negative_prompt": " "},
    ),
}


def measure(*, quick: bool, device: str, tiny: bool) -> dict[str, float]:
    """Return the figures of all models; quick: of fewer steps."""
    figures: dict[str, float] = {}
    for name, model in MODELS.items():
        with TemporaryDirectory() as scratch:
            spec = _write(model, Path(scratch), quick=quick, tiny=tiny)
            found = _measure_model(model, spec, torch.device(device), tiny=tiny)
        figures |= {f"{name}_{key}": value for key, value in found.items()}
    return figures


def _write(model: FlowModel, scratch: Path, *, quick: bool, tiny: bool) -> ImageModel:
    side_px = 16 if tiny else SIZES_PX[model.family]
    folder = TINY[model.family](scratch / "tiny") if tiny else write_configurations(model.family, scratch)
    spec = make_spec(
        folder,
        family=model.family,
        width_px=side_px,
        height_px=side_px,
        side_max_px=side_px,
        steps=2 if tiny or quick else model.steps,
        guidance=model.guidance,
    )
    if not tiny:
        write_hollow_weights(spec)
    return spec


def _measure_model(model: FlowModel, spec: ImageModel, device: torch.device, *, tiny: bool) -> dict[str, float]:
    peak_bytes = forecast(spec, locate(spec), device).peak
    figures = {"foretold_peak_gb": peak_bytes / 1e9}
    if peak_bytes <= free_bytes(device):
        figures |= _measure_whole(model, spec, device, backend="eager" if tiny else "inductor")
    quantised = spec.model_copy(update={"quantise": "float8"})
    if forecast(quantised, locate(spec), device).peak <= free_bytes(device):
        bench, _ = _open(quantised, ModelCache(device, limit_bytes=0, low_memory=LowMemory.OFF))
        figures["quantised_latency_s"], figures["quantised_peak_gb"] = _one_picture(bench, device)
        bench.close()
        bench.models.close()
    limit_bytes = 0 if tiny else model.low_card_gb * 2**30 - CONTEXT_BYTES
    bench, load_s = _open(spec, ModelCache(device, limit_bytes=limit_bytes, low_memory=LowMemory.ON))
    latency_s, low_peak_gb = _one_picture(bench, device)
    bench.close()
    bench.models.close()
    return figures | {
        "low_card_gb": model.low_card_gb,
        "low_load_s": load_s,
        "low_latency_s": latency_s,
        "low_peak_gb": low_peak_gb,
    }


def _measure_whole(model: FlowModel, spec: ImageModel, device: torch.device, *, backend: str) -> dict[str, float]:
    bench, load_s = _open(spec, ModelCache(device, limit_bytes=0, low_memory=LowMemory.OFF))
    loaded = bench.models.get(spec)
    _fill(loaded)
    wishes = [bench.request(member) for member in range(MEMBERS)]
    latency_s, peak_gb = _one_picture(bench, device)
    together = max(bench.draw(wishes).per_s for _ in range(2))
    alone = _diffusers_per_s(model, loaded, wishes[:2])
    with_blocks = Bench(spec, BuiltModels(compile_blocks(loaded, backend=backend)), lanes_max=MEMBERS)
    with_blocks.draw(wishes)  # compiles
    compiled = max(with_blocks.draw(wishes).per_s for _ in range(2))
    with_blocks.close()
    bench.close()
    bench.models.close()
    return {
        "load_s": load_s,
        "latency_s": latency_s,
        "peak_gb": peak_gb,
        "pictures_per_s_4": together,
        "diffusers_pictures_per_s": alone,
        "ratio_4": together / alone,
        "compiled_pictures_per_s_4": compiled,
    }


def _open(spec: ImageModel, models: ModelCache) -> tuple[Bench, float]:
    """Load a model; return an engine on it, and the seconds that it took."""
    gc.collect()
    started_s = time.perf_counter()
    models.get(spec)
    return Bench(spec, models, lanes_max=MEMBERS), time.perf_counter() - started_s


def _fill(model: LoadedModel) -> None:
    """Draw weights by lot: a GPU computes with zeros quicker than with numbers."""
    for network in (model.core, model.vae, *model.text_encoders):
        for weight in network.parameters():
            weight.data.normal_(std=0.02)


def _one_picture(bench: Bench, device: torch.device) -> tuple[float, float]:
    """Return the seconds of one picture alone, and the peak in gigabytes; 0 where there is no GPU."""
    bench.draw([bench.request(0)])
    if device.type != "cuda":
        return bench.draw([bench.request(1)]).seconds, 0.0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    seconds = bench.draw([bench.request(1)]).seconds
    return seconds, torch.cuda.max_memory_allocated(device) / 1e9


def _diffusers_per_s(model: FlowModel, loaded: LoadedModel, wishes: Sequence[ImageRequest]) -> float:
    """Return the pictures a second of diffusers' own pipeline, with the same networks."""
    parts = {"transformer": loaded.core, "vae": loaded.vae, "text_encoder": loaded.text_encoders[0]}
    pipeline: Any = DiffusionPipeline.from_pretrained(loaded.spec.folder, **parts, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    started_s = time.perf_counter()
    for wish in wishes:
        size = {"width": wish.width_px, "height": wish.height_px}
        seeded = torch.Generator("cpu").manual_seed(wish.seed)
        pipeline(prompt=wish.prompt, num_inference_steps=wish.steps, generator=seeded, **size, **model.ask)
    return len(wishes) / (time.perf_counter() - started_s)
