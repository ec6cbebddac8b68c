"""Models in eight bits: half of the memory, nearly the same pictures, the same in low memory."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.forecast import forecast
from inference.engines.image.models.loading import ModelCache, locate
from inference.engines.image.models.model import load_model
from inference.engines.image.models.plan import LowMemory
from inference.engines.image.models.quantised import pack
from tests.support.engines.harness import EngineHarness, make_request
from tests.support.real_models import write_configurations
from tests.support.tiny_families import TINY
from tests.support.tiny_models import make_spec

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return TINY["z-image"](tmp_path_factory.mktemp("quantised") / "z-image")


def test_packed_weights_are_near_those_that_were_packed() -> None:
    weights = torch.randn(8, 64) * torch.logspace(-6, 3, 8)[:, None]
    weights[3] = 0
    packed = pack(weights)
    assert packed.size_bytes == 8 * 64 + 8 * 4
    error = (packed.unpacked(torch.float32) - weights).norm(dim=1) / weights.norm(dim=1).clamp(min=1e-30)
    assert error.max() < 0.04  # of each row, however small its numbers are
    assert torch.equal(pack(packed.unpacked(torch.float32)).unpacked(torch.float32), packed.unpacked(torch.float32))


def test_pictures_are_nearly_those_of_the_whole_model_and_the_same_in_low_memory(folder: Path) -> None:
    pictures = []
    for quantise, setting in (("", LowMemory.OFF), ("float8", LowMemory.OFF), ("float8", LowMemory.ON)):
        cache = ModelCache("cpu", limit_bytes=0, low_memory=setting)
        harness = EngineHarness(make_spec(folder, family="z-image", quantise=quantise), models=cache)
        pictures.append(harness.draw(make_request(steps=2, guidance=3.0)).pictures["picture-1.png"])
        harness.close()
        cache.close()
    whole, quantised, low = pictures
    assert 0 < np.abs(whole - quantised).mean() < 8
    np.testing.assert_array_equal(low, quantised)


def test_it_takes_what_was_foretold(folder: Path) -> None:
    spec = make_spec(folder, family="z-image", quantise="float8")
    model = load_model(spec, locate(spec), CPU, torch.bfloat16)
    assert model.size_bytes == pytest.approx(forecast(spec, locate(spec), CPU, torch.bfloat16).weights, rel=0.001)
    assert (
        model.size_bytes < load_model(make_spec(folder, family="z-image"), locate(spec), CPU, torch.bfloat16).size_bytes
    )


def test_real_model_takes_about_half(tmp_path: Path) -> None:
    folder = write_configurations("z-image", tmp_path)
    sizes = {
        quantise: forecast(
            make_spec(folder, family="z-image", quantise=quantise, width_px=256, height_px=256, side_max_px=256),
            check_folder(folder, "z-image", weights=False),
            torch.device("cuda"),
        )
        for quantise in ("", "float8")
    }
    assert 0.5 < sizes["float8"].core / sizes[""].core < 0.53
    assert sizes["float8"].peak < 0.65 * sizes[""].peak
