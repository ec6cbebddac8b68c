"""Weights go from their files to the device without a second copy, and without a change to the process around them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.engines.image.families.family import Part
from inference.engines.image.models.loading import locate
from inference.engines.image.models.model import load_model
from inference.engines.image.models.weights import read_network, stored_dtype
from tests.support.real_models import write_hollow_weights
from tests.support.tiny_families import TINY
from tests.support.tiny_models import make_spec

FAMILIES = ("sdxl", "qwen-image")  # transformers' plainest models, and one made of several


@pytest.fixture(scope="module", params=FAMILIES)
def halves(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A family, and a tiny model of it whose files are in bfloat16."""
    folder = TINY[request.param](tmp_path_factory.mktemp("halves") / request.param)
    for file in folder.glob("*/*.safetensors"):
        tensors = load_file(file)
        save_file({name: tensor.bfloat16() for name, tensor in tensors.items()}, file, {"format": "pt"})
    return request.param, folder


def in_files(tensor: torch.Tensor) -> bool:
    """Return whether a tensor lies in a mapped safetensors file."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    mapped = [line.split()[0].split("-") for line in lines if ".safetensors" in line]
    return any(int(start, 16) <= tensor.data_ptr() < int(end, 16) for start, end in mapped)


def networks(family: str, folder: Path) -> list[tuple[Part, torch.nn.Module]]:
    checked = locate(make_spec(folder, family=family))
    return [(part, read_network(checked, part)) for part in checked.parts if not part.name.startswith("tokenizer")]


def test_weights_are_pages_of_their_files_in_the_precision_that_these_have(halves: tuple[str, Path]) -> None:
    for part, network in networks(*halves):
        weights = list(network.parameters())
        assert all(weight.dtype is torch.bfloat16 for weight in weights), part.name
        assert all(in_files(weight) for weight in weights), part.name


def test_loading_leaves_torchs_default_dtype_alone(halves: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[torch.dtype] = []
    monkeypatch.setattr(torch, "set_default_dtype", told.append)
    family, folder = halves
    spec = make_spec(folder, family=family)
    load_model(spec, locate(spec), torch.device("cpu"), torch.bfloat16)
    assert set(told) <= {torch.float32}


def test_half_precision_is_for_weights_and_not_for_what_networks_work_out(halves: tuple[str, Path]) -> None:
    family, folder = halves
    spec = make_spec(folder, family=family)
    model = load_model(spec, locate(spec), torch.device("cpu"), torch.bfloat16)
    parts: list[Any] = [model.core, *model.text_encoders]
    assert all(weight.dtype is torch.bfloat16 for part in parts for weight in part.parameters())
    frequencies = [buffer for part in parts for name, buffer in part.named_buffers() if "inv_freq" in name]
    assert bool(frequencies) == (family == "qwen-image")
    assert all(buffer.dtype is torch.float32 for buffer in frequencies)
    assert {weight.dtype for weight in model.vae.parameters()} == {
        torch.float32 if family == "sdxl" else torch.bfloat16  # SDXL's says that it overflows in less
    }


@pytest.mark.parametrize("family", ["z-image", "flux2-klein", "qwen-image"])
def test_hollow_files_of_benches_are_loaded_as_real_ones(family: str, tmp_path: Path) -> None:
    folder = TINY[family](tmp_path / family)
    for file in folder.glob("*/*.safetensors*"):
        file.unlink()
    spec = make_spec(folder, family=family)
    write_hollow_weights(spec)
    model = load_model(spec, locate(spec), torch.device("cpu"), torch.bfloat16)
    assert not any(weight.any() for part in (model.core, *model.text_encoders) for weight in part.parameters())


def test_files_of_several_precisions_are_read_in_the_widest(tmp_path: Path) -> None:
    half, whole = torch.zeros(2, dtype=torch.float16), torch.zeros(2)
    counts = torch.zeros(2, dtype=torch.int64)
    save_file({"a": half, "counts": counts}, tmp_path / "model.safetensors")
    assert stored_dtype(tmp_path) is torch.float16
    save_file({"a": half, "b": whole}, tmp_path / "model.safetensors")
    assert stored_dtype(tmp_path) is torch.float32
