"""Pictures on a GPU: the engine against plain diffusers, on SD 1.5 and SDXL with random weights.

Figures, each with `sd15_` or `sdxl_` before it (512² and 1024², 30 steps, guidance on, half precision):

- `diffusers_pictures_per_s`, `diffusers_compiled_pictures_per_s`: plain diffusers one by one, eager and torch.compile.
- `atelier_pictures_per_s_1`, `_4`, `_8`, `_16`: so many members at once, from admission to PNG files.
- with `--compile`: `atelier_compiled_pictures_per_s_8`, the same with compiled blocks, and `compiling_s`, once.
- `ratio_8`, `ratio_16`: over eager diffusers; `ratio_8_to_compiled`; `ratio_8_mixed_adapters`: with adapters as in
  `batching`.
- `latency_s`: one picture alone, end to end (median). `peak_gb_1`, `peak_gb_16`: memory at 1 and 16 members, with the
  model and with diffusers' copy of its UNet.
- `adapter_cold_ms`, `adapter_hot_ms`, `adapter_step_ratio`: as in `batching`.

Z-Image, FLUX.2 klein 4B and Qwen-Image follow: `gpu_flow`.
"""

import copy
import gc
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from inference.catalogue import ImageModel
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.compiling import compile_blocks
from inference.engines.image.models.model import assemble
from inference.engines.image.models.weights import place
from inference.requests import ImageRequest
from tests.bench import gpu_flow
from tests.bench.batching import SETS, measure_swaps
from tests.bench.pictures import Bench, BuiltModels, PlainDiffusers, Spent
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import SD15, SDXL, TINY_SD, TINY_SDXL, Shape, make_pipeline, make_spec

STEPS = 30


def measure(*, quick: bool, device: str, tiny: bool, compiled: bool = False) -> dict[str, float]:
    """Return the figures of both architectures."""
    figures: dict[str, float] = {}
    for name, shape, side_px in (("sd15", SD15, 512), ("sdxl", SDXL, 1024)):
        if tiny:
            shape, side_px = (TINY_SD if name == "sd15" else TINY_SDXL), 16
        found = _measure_shape(shape, side_px, quick=quick, device=torch.device(device), tiny=tiny)
        if compiled:
            found |= _measure_compiled_engine(shape, side_px, device=torch.device(device), tiny=tiny)
        figures |= {f"{name}_{key}": value for key, value in found.items()}
        gc.collect()
    return figures | gpu_flow.measure(quick=quick, device=device, tiny=tiny)


def _built(shape: Shape, side_px: int, device: torch.device, *, tiny: bool) -> tuple[ImageModel, Any]:
    """Return a model's entry, and diffusers' pipeline with random weights."""
    spec = make_spec(
        Path("./built-here"),
        family="sd" if len(shape.text) == 1 else "sdxl",
        width_px=side_px,
        height_px=side_px,
        side_max_px=side_px,
        steps=2 if tiny else STEPS,
        guidance=7.5,
    )
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    with TemporaryDirectory() as scratch:
        return spec, make_pipeline(shape, scratch=Path(scratch), device=str(device)).to(dtype)


def _measure_shape(shape: Shape, side_px: int, *, quick: bool, device: torch.device, tiny: bool) -> dict[str, float]:
    spec, pipeline = _built(shape, side_px, device, tiny=tiny)
    dtype = pipeline.dtype
    plain = PlainDiffusers(pipeline, spec)
    bench = Bench(spec, BuiltModels(as_loaded(pipeline, spec, device, dtype)), lanes_max=16)
    rounds = 1 if tiny else 2 if quick else 5
    figures = _measure_engine(bench, plain, rounds)
    bench.close()
    if not (quick and spec.family == "sdxl" and not tiny):  # compiling SDXL takes minutes
        compiled = _measure_compiled(plain, bench.request(0), rounds, backend="eager" if tiny else "inductor")
        figures["diffusers_compiled_pictures_per_s"] = compiled
        figures["ratio_8_to_compiled"] = figures["atelier_pictures_per_s_8"] / compiled
    return figures


def _measure_compiled_engine(shape: Shape, side_px: int, *, device: torch.device, tiny: bool) -> dict[str, float]:
    """Return what eight members get of an engine whose blocks are compiled, and what compiling takes."""
    spec, pipeline = _built(shape, side_px, device, tiny=tiny)
    model = as_loaded(pipeline, spec, device, pipeline.dtype)
    compiled = compile_blocks(model, backend="eager" if tiny else "inductor")
    bench = Bench(spec, BuiltModels(compiled), lanes_max=16)
    wishes = [bench.request(member) for member in range(8)]
    first, best = bench.draw(wishes), max(bench.draw(wishes).per_s for _ in range(2))
    bench.close()
    return {"atelier_compiled_pictures_per_s_8": best, "compiling_s": first.seconds - len(wishes) / best}


def as_loaded(pipeline: Any, spec: ImageModel, device: torch.device, dtype: torch.dtype) -> LoadedModel:
    """Return a pipeline's parts as the engine's loader would: its own copy of the UNet and the autoencoder."""
    family = family_of(spec)
    parts = {part.name: getattr(pipeline, part.name) for part in family.parts}
    parts |= {name: copy.deepcopy(parts[name]).requires_grad_(False) for name in (family.core, "vae")}
    placed = {name: place(family, name, part, device, dtype) for name, part in parts.items()}
    return assemble(spec, placed, pipeline.scheduler, device=device, dtype=dtype, settings={})


def _measure_engine(bench: Bench, plain: PlainDiffusers, rounds: int) -> dict[str, float]:
    model = bench.models.get(bench.spec)
    parts = tuple(model.layers)
    adapters = {f"adapter:{name}": make_adapter(model, rank=8, seed=ord(name), parts=parts) for name in "abcde"}
    wishes = [bench.request(member) for member in range(16)]
    mixed = [bench.request(member, subjects=SETS[member]) for member in range(8)]
    plain.draw(wishes[:1])
    bench.draw(mixed, adapters)
    runs: dict[str, list[Spent]] = {"diffusers": [], "mixed": []}
    for _ in range(rounds):
        runs["diffusers"].append(plain.draw(wishes[:2]))
        runs["mixed"].append(bench.draw(mixed, adapters))
        for members in (1, 4, 8, 16):
            runs.setdefault(f"{members}", []).append(bench.draw(wishes[:members]))
    best = {name: max(spent.per_s for spent in spents) for name, spents in runs.items()}
    figures = {f"atelier_pictures_per_s_{members}": best[str(members)] for members in (1, 4, 8, 16)}
    figures |= {"diffusers_pictures_per_s": best["diffusers"]}
    figures |= {f"ratio_{members}": best[str(members)] / best["diffusers"] for members in (8, 16)}
    figures["ratio_8_mixed_adapters"] = best["mixed"] / best["diffusers"]
    figures["latency_s"] = statistics.median(spent.seconds for spent in runs["1"])
    figures |= _peaks(bench, wishes)
    return figures | measure_swaps(bench, rounds=rounds * 5)


def _peaks(bench: Bench, wishes: Sequence[ImageRequest]) -> Mapping[str, float]:
    if bench.models.device.type != "cuda":
        return {}
    figures = {}
    for members in (1, 16):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        bench.draw(wishes[:members])
        figures[f"peak_gb_{members}"] = torch.cuda.max_memory_allocated() / 1e9
    return figures


def _measure_compiled(plain: PlainDiffusers, wish: ImageRequest, rounds: int, *, backend: str) -> float:
    plain.pipeline.unet = torch.compile(plain.pipeline.unet, backend=backend)
    plain.draw([wish, wish])  # compiles
    return max(plain.draw([wish, wish]).per_s for _ in range(rounds))
