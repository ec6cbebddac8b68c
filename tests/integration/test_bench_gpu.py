"""The GPU benches run where there is no GPU, too: with tiny models, to be ready when there is one."""

import json
from pathlib import Path

import pytest
import torch

from tests.bench import gpu


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_bench_without_a_gpu_says_so_and_leaves() -> None:
    with pytest.raises(SystemExit, match="no CUDA device"):
        gpu.main(["image"])


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_image_bench_runs_with_tiny_models(tmp_path: Path) -> None:
    gpu.main(["image", "--quick", "--compile", "--device", "cpu", "--tiny", "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    engine = ("atelier_pictures_per_s_16", "atelier_compiled_pictures_per_s_8", "ratio_8_mixed_adapters", "latency_s")
    for name in ("diffusers_pictures_per_s", *engine):
        assert figures[f"sd15_{name}"] > 0
        assert figures[f"sdxl_{name}"] > 0


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_train_bench_runs_with_tiny_models(tmp_path: Path) -> None:
    gpu.main(["train", "--quick", "--device", "cpu", "--tiny", "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    for name in ("sd15_lora_ratio", "sd15_plain_steps_per_s", "sd15_whole_steps_per_s", "sdxl_lora_ratio"):
        assert figures[name] > 0
