"""What a model will take of memory is known before it is loaded."""

from pathlib import Path

import pytest
import torch

from inference.engines import check
from inference.engines.image.families.registry import family_of
from inference.engines.image.models import forecast as forecasts
from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.forecast import forecast
from inference.engines.image.models.loading import locate
from inference.engines.image.models.model import load_model
from inference.engines.image.models.parking import module_bytes
from inference.engines.image.models.plan import LowMemory
from inference.errors import ModelUnusable
from tests.support.grown_models import GROWN, change_config, grow
from tests.support.measured_peaks import measured_peaks
from tests.support.real_models import SIZES_PX, write_configurations
from tests.support.tiny_families import TINY
from tests.support.tiny_models import make_spec

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
# parameters of the published models: text encoders, what denoises
PUBLISHED = {
    "sd": (123_060_480, 859_520_964),
    "sdxl": (123_060_480 + 694_659_840, 2_567_463_684),
    "z-image": (4_022_468_096, 6_154_908_736),
    "qwen-image": (8_292_166_656, 20_430_401_088),
}


@pytest.mark.parametrize("family", ["sd", "z-image", "qwen-image"])
def test_forecast_is_what_a_grown_model_takes(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = grow(TINY[family](tmp_path / "tiny"), tmp_path / "grown", GROWN[family])
    spec = make_spec(folder, family=family, width_px=64, height_px=64, guidance=4.0)
    monkeypatch.setattr(forecasts, "TOKENS", 64)
    foretold = forecast(spec, locate(spec), CPU)
    model = load_model(spec, locate(spec), CPU)
    encoders = sum(map(module_bytes, model.text_encoders))
    assert (foretold.encoders, foretold.core, foretold.vae) == (
        encoders,
        module_bytes(model.core),
        module_bytes(model.vae),
    )
    encoding, denoising, decoding = measured_peaks(model, (64, 64), tokens=64)
    assert foretold.encoding == pytest.approx(encoding, rel=0.05)
    assert foretold.denoising == pytest.approx(denoising, rel=0.05)
    if family != "qwen-image":  # a CPU's convolutions over time copy what they read
        assert foretold.decoding == pytest.approx(decoding, rel=0.05)


@pytest.mark.parametrize(
    "family", ["sd", "z-image", *(pytest.param(name, marks=pytest.mark.long) for name in ("sdxl", "qwen-image"))]
)
def test_real_configurations_have_the_published_parameters(family: str, tmp_path: Path) -> None:
    folder, side_px = write_configurations(family, tmp_path), SIZES_PX[family]
    spec = make_spec(folder, family=family, width_px=side_px, height_px=side_px, side_max_px=side_px)
    foretold = forecast(spec, check_folder(folder, family, weights=False), CUDA)
    encoders, core = PUBLISHED[family]
    assert family_of(spec).dtype_on(CUDA).itemsize == 2
    assert foretold.core == 2 * core
    assert foretold.encoders == pytest.approx(2 * encoders, rel=1e-5)  # and what they work out for themselves
    assert 0 < foretold.denoising < 0.1 * foretold.weights  # attention's scores are never there all at once


def test_larger_pictures_and_guidance_take_more(sd_folder: Path) -> None:
    folder = locate(make_spec(sd_folder))
    small, large, guided = (
        forecast(make_spec(sd_folder, width_px=side, height_px=side, guidance=guidance), folder, CPU)
        for side, guidance in ((32, 1.0), (64, 1.0), (32, 5.0))
    )
    assert large.denoising == pytest.approx(4 * small.denoising, rel=0.1)
    assert large.decoding == pytest.approx(4 * small.decoding, rel=0.1)
    assert guided.denoising == pytest.approx(2 * small.denoising, rel=0.1)
    assert (small.encoding, small.weights) == (large.encoding, guided.weights)


def test_configuration_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = TINY["z-image"](tmp_path / "odd")
    change_config(folder / "transformer" / "config.json", {"n_heads": 3})
    spec = make_spec(folder, family="z-image")
    with pytest.raises(ModelUnusable, match="configuration"):
        forecast(spec, check_folder(folder, "z-image"), CPU)


@pytest.mark.parametrize(
    ("share", "setting", "good", "said"),
    [
        (1.0, "auto", True, "and fits"),
        (1.0, "on", True, "fits in low memory"),
        (0.95, "auto", True, "fits in low memory"),
        (0.95, "off", False, "does not fit; in low memory"),
        (0.01, "auto", False, "does not fit, not in low memory either"),
    ],
)
def test_doctor_says_whether_a_model_fits(
    sd_folder: Path, monkeypatch: pytest.MonkeyPatch, share: float, setting: str, good: bool, said: str
) -> None:
    spec = make_spec(sd_folder, width_px=16, height_px=16)
    folder = locate(spec)
    peak_bytes = forecast(spec, folder, CPU).peak
    monkeypatch.setattr(check, "total_bytes", lambda _: int(share * peak_bytes))
    found = check.check_image_model(spec, "cpu", LowMemory(setting))
    assert (found.good, said in found.text, bool(found.remedy)) == (good, True, not good), found.text
