"""What a small model draws is enlarged by the upscaler in its folder, and by Lanczos where there is none."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inference.catalogue import ImageModel
from inference.engines.image.enlarging import ENLARGER_FILE, PictureEnlarger, read_enlarger
from inference.engines.image.models.loading import locate
from inference.engines.image.models.model import load_model
from inference.engines.image.models.plan import MemoryPlan
from inference.errors import ModelUnusable
from inference.messages import Output
from inference.pictures import Pixels
from tests.support.engines.harness import EngineHarness, make_request
from tests.support.engines.upscaling import compact_network, write_compact
from tests.support.tiny_models import make_spec


@pytest.fixture
def folder(sd_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(sd_folder, tmp_path / "sd")
    write_compact(tmp_path / "sd" / ENLARGER_FILE, scale=2)
    return tmp_path / "sd"


def pixels(content: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(content)))


def draw(spec: ImageModel) -> bytes:
    harness = EngineHarness(spec)
    outcome = harness.draw(make_request(steps=2))
    harness.close()
    return next(event.content for event in outcome.events if isinstance(event, Output))


def test_picture_is_enlarged_by_the_network_in_the_folder(folder: Path) -> None:
    small, large = pixels(draw(make_spec(folder))), draw(make_spec(folder, upscale=2))
    with torch.no_grad():
        expected = compact_network(scale=2)(torch.from_numpy(small.copy()).permute(2, 0, 1)[None] / 255)[0]
    ours = torch.from_numpy(pixels(large).copy()).permute(2, 0, 1) / 255
    # what the network is given was not rounded to bytes
    assert (ours - expected.clamp(0, 1)).abs().mean() < 2 / 255
    assert "Hires upscale: 2, Hires upscaler: SRVGGNetCompact" in Image.open(io.BytesIO(large)).info["parameters"]


def test_model_in_low_memory_has_its_network_too(folder: Path) -> None:
    spec = make_spec(folder, upscale=2)
    model = load_model(spec, locate(spec), torch.device("cpu"), torch.bfloat16, plan=MemoryPlan(low=True))
    assert isinstance(model.enlarger, PictureEnlarger)


def test_picture_is_enlarged_by_lanczos_without_a_network(sd_folder: Path) -> None:
    small, large = pixels(draw(make_spec(sd_folder))), draw(make_spec(sd_folder, upscale=2))
    side = (2 * small.shape[1], 2 * small.shape[0])
    assert np.array_equal(pixels(large), np.asarray(Image.fromarray(small).resize(side, Image.Resampling.LANCZOS)))
    assert "Hires upscaler: Lanczos" in Image.open(io.BytesIO(large)).info["parameters"]


def test_network_that_cannot_be_used_is_named(folder: Path, tmp_path: Path) -> None:
    assert isinstance(read_enlarger(folder, 2), PictureEnlarger)
    with pytest.raises(ModelUnusable, match="no compact network that enlarges 4 times"):
        read_enlarger(folder, 4)

    file = folder / ENLARGER_FILE
    elsewhere = tmp_path / "elsewhere.safetensors"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    with pytest.raises(ModelUnusable, match="a link to outside"):
        read_enlarger(folder, 2)

    file.unlink()
    file.write_bytes(elsewhere.read_bytes()[:-4])
    with pytest.raises(ModelUnusable, match="cut off"):
        read_enlarger(folder, 2)
