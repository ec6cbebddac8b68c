"""Upscaling where memory, precision or the card run short: smaller tiles, full precision, bounded memory."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.engines.upscale.network import UpscaleNetwork
from inference.messages import FailureKind, Progress
from tests.support.engines.upscaling import (
    UpscaleHarness,
    compact_network,
    noise,
    png,
    upscaler_spec,
    whole,
    write_compact,
)
from tests.support.fakes.requests import upscale_request

CPU = torch.device("cpu")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_compact(tmp_path / "tiny.safetensors")


@pytest.mark.parametrize("free_px", [16, 32])
def test_tile_that_does_not_fit_into_memory_is_halved(weights: Path, free_px: int) -> None:
    """A device that has no room for more than so many pixels of a window's side."""
    network = compact_network()

    def enlarge(window: torch.Tensor) -> torch.Tensor:
        if window.shape[-1] > free_px:
            raise torch.OutOfMemoryError
        made: torch.Tensor = network(window)
        return made

    harness = UpscaleHarness(
        upscaler_spec(weights, tile_px=128),
        load=lambda *_: UpscaleNetwork(network, scale=2, device=CPU, dtype=torch.float32, enlarge=enlarge),
    )
    harness.admit("only", upscale_request(150, 60), png(noise(150, 60)))
    harness.finish()
    if free_px < 32:  # no tile is as small as that
        assert harness.failure().failure is FailureKind.OUT_OF_MEMORY
    else:
        made = np.asarray(harness.result("only")).astype(np.int16)
        assert np.abs(made - whole(network, noise(150, 60))).max() <= 3
    harness.close()


def test_jobs_that_meet_the_same_limit_halve_their_tiles_once(weights: Path) -> None:
    network, sides, limit_px = compact_network(), [], [1000]

    def enlarge(window: torch.Tensor) -> torch.Tensor:
        sides.append(window.shape[-1])
        if window.shape[-1] > limit_px[0]:
            raise torch.OutOfMemoryError
        made: torch.Tensor = network(window)
        return made

    harness = UpscaleHarness(
        upscaler_spec(weights, tile_px=128),
        load=lambda *_: UpscaleNetwork(network, scale=2, device=CPU, dtype=torch.float32, enlarge=enlarge),
    )
    for job_id in ("a", "b"):
        harness.admit(job_id, upscale_request(600, 500), png(noise(600, 500)))
    harness.step_until(lambda: all(harness.events.values()))  # both have begun with large tiles
    sides.clear()
    limit_px[0] = 64  # something else takes the memory
    harness.finish()
    assert sides.count(128) == 2
    assert set(sides) == {128, 64}
    assert harness.result("a").size == harness.result("b").size == (1200, 1000)
    harness.close()


def test_network_that_does_not_fit_into_memory_makes_no_tile_smaller(weights: Path) -> None:
    network, loads = compact_network(), []

    def load(*_: object) -> UpscaleNetwork:
        loads.append(1)
        if len(loads) == 1:
            raise torch.OutOfMemoryError
        return UpscaleNetwork(network, scale=2, device=CPU, dtype=torch.float32)

    harness = UpscaleHarness(upscaler_spec(weights, tile_px=64), load=load)
    harness.admit("only", upscale_request(60, 60), png(noise(60, 60)))
    harness.finish()
    assert (harness.failure().failure, harness.failure().retry) == (FailureKind.OUT_OF_MEMORY, True)
    harness.enlarge(upscale_request(60, 60), png(noise(60, 60)))
    assert [one.total for one in harness.events["only"] if isinstance(one, Progress)] == [1]
    harness.close()


@pytest.mark.parametrize("mends", [True, False])
def test_numbers_that_are_not_finite_are_tried_once_in_full_precision(weights: Path, mends: bool) -> None:
    network, calls = compact_network(), []

    def enlarge(window: torch.Tensor) -> torch.Tensor:
        calls.append(window.dtype)
        broken = window.dtype is not torch.float32 or not mends
        made: torch.Tensor = network(window)
        return made * torch.nan if broken else made

    harness = UpscaleHarness(
        upscaler_spec(weights),
        load=lambda *_: UpscaleNetwork(network, scale=2, device=CPU, dtype=torch.bfloat16, enlarge=enlarge),
    )
    harness.admit("only", upscale_request(), png(noise(40, 30)))
    harness.finish()
    assert calls[:2] == [torch.bfloat16, torch.float32]
    if mends:
        assert harness.result("only").size == (80, 60)
    else:
        assert (harness.failure().failure, len(calls)) == (FailureKind.NOT_FINITE, 2)
    harness.close()


def test_memory_does_not_grow_with_the_picture(weights: Path) -> None:
    """What the largest window takes is what the whole device needs; only the picture's own bytes grow."""
    network, taken = compact_network(), []

    def enlarge(window: torch.Tensor) -> torch.Tensor:
        with torch.profiler.profile(profile_memory=True, activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            made: torch.Tensor = network(window)
        taken.append(sum(max(0, event.self_cpu_memory_usage) for event in profile.key_averages()))
        return made

    harness = UpscaleHarness(
        upscaler_spec(weights, tile_px=64),
        load=lambda *_: UpscaleNetwork(network, scale=2, device=CPU, dtype=torch.float32, enlarge=enlarge),
    )
    harness.enlarge(upscale_request(64, 64), png(noise(64, 64)))
    small = max(taken)
    harness.enlarge(upscale_request(500, 300), png(noise(500, 300)))
    assert len(taken) > 30
    assert max(taken) <= 1.05 * small
    harness.close()
