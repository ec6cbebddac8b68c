"""Decoding that does not fit goes on in tiles, and numbers that overflow are tried once in float32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference.engines.image.decoding import decode
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache, locate
from inference.engines.image.models.model import load_model
from inference.engines.image.models.tiling import can_be_tiled, decode_in_tiles
from inference.messages import FailureKind, Finished
from tests.support.engines.harness import EngineHarness, make_request
from tests.support.grown_models import change_config
from tests.support.tiny_models import TINY_SD, make_folder, make_spec

TILE_PX = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose autoencoder was trained on small pictures: those are its tiles."""
    written = make_folder(TINY_SD, tmp_path_factory.mktemp("tiled") / "sd")
    change_config(written / "vae" / "config.json", {"sample_size": TILE_PX})
    return written


def loaded(folder: Path, dtype: torch.dtype = torch.float32) -> LoadedModel:
    spec = make_spec(folder, side_max_px=256)
    return load_model(spec, locate(spec), torch.device("cpu"), dtype)


def running_out_above(decoder: Any, latents_side: int) -> Any:
    """Return a decoder's forward that has memory for no more than a tile."""

    def limited(latents: torch.Tensor, *given: Any, **options: Any) -> Any:
        if max(latents.shape[-2:]) > latents_side:
            raise torch.OutOfMemoryError("no memory")
        return decoder(latents, *given, **options)

    return limited


def test_tiles_give_the_picture_within_a_few_levels(folder: Path) -> None:
    model = loaded(folder)
    latents = torch.randn(1, 4, 128, 64, generator=torch.Generator().manual_seed(1))
    whole = decode(model, latents)
    decode_in_tiles(model.vae)
    tiled = decode(model, latents)
    assert tiled.shape == whole.shape
    difference = (tiled - whole).abs() * 255
    assert 0 < difference.mean() < 3  # a tile's normalisation knows only the tile
    small = torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(2))
    assert torch.equal(decode(model, small), decode(loaded(folder), small))  # no larger than a tile: as ever


def test_picture_too_large_to_be_decoded_whole_is_decoded_in_tiles(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    spec = make_spec(folder, side_max_px=256)
    model = cache.get(spec)
    monkeypatch.setattr(model.vae.decoder, "forward", running_out_above(model.vae.decoder.forward, TILE_PX // 2))
    harness = EngineHarness(spec, models=cache)
    outcome = harness.draw(make_request(width_px=128, height_px=128, steps=1))
    assert isinstance(outcome.last, Finished)
    assert outcome.pictures["picture-1.png"].shape == (128, 128, 3)
    assert not can_be_tiled(model.vae)  # it is, from now on
    harness.close()
    cache.close()


def test_picture_whose_tiles_do_not_fit_either_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    spec = make_spec(folder, side_max_px=256)
    model = cache.get(spec)
    monkeypatch.setattr(model.vae.decoder, "forward", running_out_above(model.vae.decoder.forward, 8))
    harness = EngineHarness(spec, models=cache)
    failed = harness.draw(make_request(width_px=128, height_px=128, steps=1)).failed
    assert failed.failure is FailureKind.OUT_OF_MEMORY
    harness.close()
    cache.close()


@pytest.mark.parametrize("broken", [False, True])
def test_picture_that_overflows_in_half_precision_is_decoded_in_float32(folder: Path, broken: bool) -> None:
    cache = ModelCache("cpu", limit_bytes=1 << 30, dtype=torch.float16)
    spec = make_spec(folder, side_max_px=256)
    model = cache.get(spec)
    layer = model.vae.decoder.conv_in
    weight = layer.weight.float()
    layer.weight.data = (weight * 30000 / weight.abs().max()).half()
    if broken:
        model.vae.decoder.conv_out.bias.data[0] = torch.nan
    latents = torch.full((1, 4, 8, 8), 3.0, dtype=torch.float16)
    assert not torch.isfinite(decode(model, latents)).all()  # it really does overflow
    harness = EngineHarness(spec, models=cache)
    outcome = harness.draw(make_request(steps=2))
    if broken:
        assert outcome.failed.failure is FailureKind.NOT_FINITE
    else:
        assert np.ptp(outcome.pictures["picture-1.png"]) > 0
    assert {weight.dtype for weight in model.vae.parameters()} == {torch.float16}  # and everybody else's stays quick
    harness.close()
    cache.close()
