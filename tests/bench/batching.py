"""Pictures per second for members at once, against plain diffusers one by one: `python -m tests.bench.batching`.

Both use the same model, in the same run, in rounds that alternate, so that whatever else the machine does meets both;
the best round of each counts. `diffusers` is its own pipeline called for one picture after the other. Figures:

- `diffusers_pictures_per_s`, `atelier_pictures_per_s_1`, `_4`, `_8`: with 1, 4, 8 members who want a picture each.
- `ratio_1`, `ratio_8`: atelier over diffusers. `ratio_8_mixed_adapters`: 8 members, six of whom bring adapters of their
  own (one with two, one with three), of the layers and rank that a training here makes, over diffusers without any.
- `adapter_cold_ms`, `adapter_hot_ms`: how much later a lane's first step begins because its adapter had to be read and
  checked, or was there already: by how much the first step takes longer than the second, with an adapter less
  without; p95 less p95.
- `busy_neighbour_ratio`: how much longer four pictures at once take beside a program that fills one core.
- `adapter_step_ratio`: a step with an adapter over one without, which is the price of its arithmetic; medians.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from inference.catalogue import DEFAULT_FILE, ImageModel, read_catalogue
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.requests import ImageRequest, SubjectUse
from tests.bench.pictures import Bench, PlainDiffusers, Spent
from tests.bench.report import main
from tests.support.tiny_adapters import ATTENTION, make_adapter
from tests.support.tiny_models import Shape, make_folder, make_spec

# about the size of the built-in model, for a checkout that has no weights
SIMILAR = Shape(
    unet={
        "sample_size": 16,
        "block_out_channels": (96, 192),
        "layers_per_block": 2,
        "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": 192,
        "attention_head_dim": 4,
    },
    vae={"latent_channels": 4},
    text=({"hidden_size": 192, "intermediate_size": 768, "num_attention_heads": 4, "num_hidden_layers": 3},),
    tiny_vae=True,
    prediction="v_prediction",
)

SETS: tuple[tuple[SubjectUse, ...], ...] = (
    (),
    (SubjectUse("a"),),
    (SubjectUse("b", 0.8),),
    (),
    (SubjectUse("c"), SubjectUse("a", 0.5)),
    (SubjectUse("d"),),
    (SubjectUse("b", 0.5), SubjectUse("c", 0.5), SubjectUse("d", 0.5)),
    (SubjectUse("e"),),
)


def choose_model(scratch: Path) -> ImageModel:
    """Return the built-in model if its weights are here, else one of similar size with random weights."""
    spec = read_catalogue(DEFAULT_FILE).images[0]
    if spec.folder is not None and (spec.folder / "model_index.json").exists():
        return spec
    print("the built-in model's weights are not here: measuring random weights of similar size")
    folder = make_folder(SIMILAR, scratch / "similar")
    return make_spec(folder, name="similar", width_px=128, height_px=128, side_max_px=192, steps=20, guidance=4.0)


def measure(spec: ImageModel, *, rounds: int, device: str = "cpu") -> dict[str, float]:
    """Return every figure of this bench."""
    models = ModelCache(device, limit_bytes=8 << 30)
    model = models.get(spec)
    plain = PlainDiffusers.load(spec, model.device, model.dtype)
    bench = Bench(spec, models, lanes_max=8)
    adapters = {f"adapter:{name}": as_trained(model, ord(name)) for name in "abcde"}
    wishes = [bench.request(member) for member in range(8)]
    mixed = [bench.request(member, subjects=SETS[member]) for member in range(8)]
    bench.draw(mixed, adapters)  # warms up, and brings the adapters in
    runs: dict[str, list[Spent]] = {name: [] for name in ("diffusers", "1", "4", "4 beside", "8", "mixed")}
    for _ in range(rounds):
        runs["diffusers"].append(plain.draw(wishes[:2]))
        runs["1"].append(_one_by_one(bench, wishes[:2]))
        runs["4"].append(bench.draw(wishes[:4]))
        with busy_neighbour():
            runs["4 beside"].append(bench.draw(wishes[:4]))
        runs["8"].append(bench.draw(wishes))
        runs["mixed"].append(bench.draw(mixed, adapters))
    best = {name: max(spent.per_s for spent in spents) for name, spents in runs.items()}
    figures = {
        "diffusers_pictures_per_s": best["diffusers"],
        "atelier_pictures_per_s_1": best["1"],
        "atelier_pictures_per_s_4": best["4"],
        "atelier_pictures_per_s_8": best["8"],
        "ratio_1": best["1"] / best["diffusers"],
        "ratio_8": best["8"] / best["diffusers"],
        "ratio_8_mixed_adapters": best["mixed"] / best["diffusers"],
        "busy_neighbour_ratio": best["4"] / best["4 beside"],
    }
    figures |= measure_swaps(bench, rounds=rounds * 10)
    bench.close()
    models.close()
    return figures


def as_trained(model: LoadedModel, seed: int) -> bytes:
    """Return an adapter of the size that this model's trainings make, with random numbers."""
    spec = model.spec
    endings = ("",) if spec.train_layers == "all" else (*ATTENTION, "to_k", "net.0.proj", "net.2")
    return make_adapter(
        model, rank=spec.train_rank, seed=seed, parts=tuple(model.layers), endings=endings, dtype=torch.float16
    )


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Keep one core busy with another process."""
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        neighbour.kill()
        neighbour.wait()


def measure_swaps(bench: Bench, *, rounds: int) -> dict[str, float]:
    """Return how much an adapter delays a lane's first step, new to the engine and known to it, and every step."""
    model = bench.models.get(bench.spec)
    runs: dict[str, list[tuple[float, float]]] = {"none": [], "cold": [], "hot": []}
    for number in range(rounds):
        name = f"swap-{number}"
        inputs = {f"adapter:{name}": as_trained(model, number)}
        request = bench.request(0, subjects=(SubjectUse(name),))
        runs["none"].append(bench.first_steps_s(bench.request(0)))
        runs["cold"].append(bench.first_steps_s(request, inputs))
        runs["none"].append(bench.first_steps_s(bench.request(0)))
        runs["hot"].append(bench.first_steps_s(request, inputs))
    start_ms = {way: _p95_ms([first - second for first, second in spent]) for way, spent in runs.items()}
    step_s = {way: statistics.median(second for _, second in spent) for way, spent in runs.items()}
    return {
        "adapter_cold_ms": start_ms["cold"] - start_ms["none"],
        "adapter_hot_ms": start_ms["hot"] - start_ms["none"],
        "adapter_step_ratio": step_s["hot"] / step_s["none"],
    }


def _one_by_one(bench: Bench, wishes: Sequence[ImageRequest]) -> Spent:
    started_s = time.perf_counter()
    for wish in wishes:
        bench.draw([wish])
    return Spent(time.perf_counter() - started_s, len(wishes))


def _p95_ms(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] * 1e3


def run(quick: bool) -> dict[str, float]:
    """Measure the built-in model on the CPU."""
    with TemporaryDirectory() as scratch:
        return measure(choose_model(Path(scratch)), rounds=3 if quick else 10)


if __name__ == "__main__":
    main("batching", __doc__, run)
