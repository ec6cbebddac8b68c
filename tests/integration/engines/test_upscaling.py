"""Pictures enlarged in tiles: as if in one piece, whatever their size, beside others, and within bounds."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inference.messages import Failed, FailureKind, Finished, Progress
from inference.requests import SubjectUse
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


@pytest.fixture
def harness(weights: Path) -> Iterator[UpscaleHarness]:
    harness = UpscaleHarness(upscaler_spec(weights))
    yield harness
    harness.close()


@pytest.mark.parametrize("size", [(150, 101), (97, 33), (33, 160), (64, 64), (40, 31), (17, 5), (3, 70), (1, 1)])
def test_tiled_is_what_the_network_makes_of_the_whole_picture(harness: UpscaleHarness, size: tuple[int, int]) -> None:
    """Within one level of 255; two where rows meet, for what lies on the canvas is rounded already."""
    pixels = noise(*size)
    made = np.asarray(harness.enlarge(upscale_request(*size), png(pixels))).astype(np.int16)
    difference = np.abs(made - whole(compact_network(), pixels))
    assert made.shape == (2 * size[1], 2 * size[0], 3)
    assert difference.max() <= 2
    assert (difference > 1).mean() <= 0.01


def test_full_depth_network_has_no_seams_either(tmp_path: Path) -> None:
    """Sixteen layers see 18 pixels far, past where windows begin to fade, of an overlap of 32: within two levels."""
    sizes = {"width": 16, "depth": 16, "scale": 4, "seed": 1}
    harness = UpscaleHarness(upscaler_spec(write_compact(tmp_path / "w.safetensors", **sizes), scale=4, tile_px=96))
    pixels = noise(160, 224)
    made = np.asarray(harness.enlarge(upscale_request(160, 224, scale=4), png(pixels))).astype(np.int16)
    difference = np.abs(made - whole(compact_network(**sizes), pixels))
    assert difference.max() <= 2
    assert difference.mean() <= 0.02
    harness.close()


def test_progress_is_said_tile_by_tile_and_ends_at_all_of_them(harness: UpscaleHarness) -> None:
    harness.enlarge(upscale_request(100, 60), png(noise(100, 60)))
    said = [event for event in harness.events["only"] if isinstance(event, Progress)]
    assert [one.done for one in said] == list(range(1, len(said) + 1))
    assert {one.total for one in said} == {len(said)}
    assert len(said) > 10
    end = harness.events["only"][-1]
    assert isinstance(end, Finished)
    assert (end.done, end.total) == (len(said), len(said))


def test_two_rounds_enlarge_what_the_first_has_made(harness: UpscaleHarness) -> None:
    pixels = noise(50, 40)
    made = harness.enlarge(upscale_request(50, 40, rounds=2), png(pixels))
    once = whole(compact_network(), pixels).astype(np.uint8)
    difference = np.abs(np.asarray(made).astype(np.int16) - whole(compact_network(), once))
    assert made.size == (200, 160)
    assert difference.max() <= 8  # a level of the first round is more in the second
    assert difference.mean() <= 0.3
    said = [event for event in harness.events["only"] if isinstance(event, Progress)]
    assert {one.total for one in said} == {len(said)}


def test_picture_that_was_enlarged_without_a_network_is_made_small_again_first(harness: UpscaleHarness) -> None:
    pixels = noise(40, 30)
    large = np.asarray(Image.fromarray(pixels).resize((160, 120), Image.Resampling.LANCZOS))
    made = np.asarray(harness.enlarge(upscale_request(40, 30), png(large))).astype(np.int16)
    assert made.shape == (60, 80, 3)
    assert np.abs(made - whole(compact_network(), pixels)).mean() <= 2


def test_alpha_is_kept(harness: UpscaleHarness) -> None:
    pixels = noise(40, 30, channels=4).copy()
    pixels[..., 3] = 90
    made = harness.enlarge(upscale_request(), png(pixels))
    assert (made.mode, made.size) == ("RGBA", (80, 60))
    assert made.getchannel("A").getextrema() == (90, 90)


def test_grey_picture_stays_grey(harness: UpscaleHarness) -> None:
    assert harness.enlarge(upscale_request(), png(noise(40, 30, channels=1))).mode == "L"


def test_result_says_where_it_comes_from_and_what_it_was_generated_from(harness: UpscaleHarness) -> None:
    info = PngInfo()
    info.add_text("parameters", "a red heart\nSteps: 4, Seed: 7")
    made = harness.enlarge(upscale_request(subjects=(SubjectUse("rex"),)), png(noise(40, 30), pnginfo=info))
    assert made.info["parameters"] == "a red heart\nSteps: 4, Seed: 7"
    assert made.info["postprocessing"] == (
        "Postprocess upscale by: 2, Postprocess upscaler: tiny-up, "
        "Source job: 01j00000000000000000000009, Source picture: 2"
    )


def test_jobs_take_turns_by_the_tile_and_do_not_change_each_other(harness: UpscaleHarness) -> None:
    pictures = {"a": noise(120, 90, seed=1), "b": noise(90, 120, seed=2)}
    for job_id, pixels in pictures.items():
        harness.admit(job_id, upscale_request(pixels.shape[1], pixels.shape[0]), png(pixels))
    harness.finish()
    for job_id, pixels in pictures.items():
        made = np.asarray(harness.result(job_id)).astype(np.int16)
        assert np.abs(made - whole(compact_network(), pixels)).max() <= 2
    first_end = next(at for at, one in enumerate(harness.events["a"]) if isinstance(one, Finished))
    assert first_end == len(harness.events["a"]) - 1


def test_job_leaves_between_two_tiles(harness: UpscaleHarness) -> None:
    for job_id in ("stays", "leaves"):
        harness.admit(job_id, upscale_request(120, 90), png(noise(120, 90)))
    harness.step_until(lambda: len(harness.events["leaves"]) >= 3)
    harness.engine.cancel("leaves")
    seen = len(harness.events["leaves"])
    harness.finish()
    assert len(harness.events["leaves"]) == seen
    assert harness.result("stays").size == (240, 180)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "empty"), (b"no picture", "no picture that I can read"), (png(noise(40, 30))[:70], "damaged")],
)
def test_input_that_is_no_picture_fails_with_a_sentence(harness: UpscaleHarness, content: bytes, sentence: str) -> None:
    harness.admit("only", upscale_request(), content)
    harness.finish()
    failure = harness.failure()
    assert (failure.failure, failure.retry) == (FailureKind.BAD_INPUT, False)
    assert sentence in failure.message


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"width_px": 4000, "height_px": 4000}, "8000×8000 px; the limit here is 4 megapixels"),
        ({"rounds": 20}, "the limit here is 4 megapixels"),
        ({"rounds": 0}, "the limit here"),
        ({"scale": 4}, "has changed since"),
        ({"model": "gone"}, "no `model` with that name"),
    ],
)
def test_request_over_a_limit_is_refused_before_anything_is_computed(
    harness: UpscaleHarness, changes: dict[str, Any], sentence: str
) -> None:
    harness.admit("only", upscale_request(**changes), png(noise(40, 30)))
    harness.finish()
    assert len(harness.events["only"]) == 1
    failure = harness.failure()
    assert failure.failure is FailureKind.BAD_INPUT
    assert sentence in failure.message


def test_failed_job_leaves_the_others_alone(harness: UpscaleHarness) -> None:
    harness.admit("bad", upscale_request(), b"no picture")
    harness.admit("good", upscale_request(), png(noise(40, 30)))
    harness.finish()
    assert isinstance(harness.events["bad"][-1], Failed)
    assert harness.result("good").size == (80, 60)


def test_png_of_the_result_is_what_its_meta_says(harness: UpscaleHarness) -> None:
    harness.enlarge(upscale_request(), png(noise(40, 30)))
    output = harness.events["only"][-2]
    assert output.name == "upscaled.png"  # type: ignore[union-attr]
    assert output.meta == {"width": 80, "height": 60}  # type: ignore[union-attr]
    assert Image.open(io.BytesIO(output.content)).format == "PNG"  # type: ignore[union-attr]
