"""Masks and canvases: what is drawn anew equals diffusers' inpainting pipelines, whoever shares the passes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.shared.files.pictures import read_parameters
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.messages import FailureKind, Output
from inference.requests import ImageRequest, InitPicture, SubjectUse
from tests.support.engines.harness import EngineHarness, assert_same, make_request, saved
from tests.support.engines.init_pictures import MASKS, PICTURES, InitReference, canvas, mask, picture_of
from tests.support.files.photos import encoded
from tests.support.tiny_adapters import EVERYTHING, make_adapter
from tests.support.tiny_models import TINY_SD, TINY_SDXL, make_folder, make_spec

SCHEDULERS = ("dpm++", "euler", "euler-a", "ddim", "model")
AROUND = (4, 2, 8, 0)  # margins of a canvas


def inpainted(
    strength: float, key: str = "1", *, init: Mapping[str, Any] | None = None, **changes: Any
) -> ImageRequest:
    return make_request(init=InitPicture(key=key, strength=strength, **(init or {"mask": "left"})), **changes)


@pytest.fixture(scope="module")
def nine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = replace(TINY_SD, unet=TINY_SD.unet | {"in_channels": 9})
    return make_folder(shape, tmp_path_factory.mktemp("models") / "nine")


@pytest.fixture(scope="module")
def nine_xl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = replace(TINY_SDXL, unet=TINY_SDXL.unet | {"in_channels": 9})
    return make_folder(shape, tmp_path_factory.mktemp("models") / "nine-xl")


def check(folder: Path, request: ImageRequest, scheduler: str = "dpm++", **fields: Any) -> None:
    harness = EngineHarness(make_spec(folder, scheduler=scheduler, **fields))
    reference = InitReference(saved(folder), scheduler)
    outcome = harness.draw(request, picture_of(request))
    for index in range(request.count):
        assert_same(outcome.pictures[f"picture-{index + 1}.png"], reference.picture(request, index))
    harness.close()


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_masked_picture_equals_diffusers(sd_folder: Path, scheduler: str, strength: float) -> None:
    check(sd_folder, inpainted(strength, steps=5, count=2, negative="blue"), scheduler)


@pytest.mark.parametrize("scheduler", ["dpm++", "euler-a"])
@pytest.mark.parametrize("init", [None, {"mask": "hole"}, {"margins_px": AROUND}, {"mask": ""}])
def test_model_of_nine_channels_equals_diffusers(
    nine_folder: Path, scheduler: str, init: Mapping[str, Any] | None
) -> None:
    plain = make_request(steps=5, width_px=24)
    check(nine_folder, plain if init is None else inpainted(0.7, init=init, steps=5, width_px=24), scheduler)
    check(nine_folder, plain if init is None else inpainted(1.0, init=init, steps=3, width_px=24), scheduler)


def test_masked_picture_equals_diffusers_for_sdxl(xl_folder: Path, nine_xl_folder: Path) -> None:
    for folder in (xl_folder, nine_xl_folder):
        check(folder, inpainted(0.6, steps=5, guidance=4.3), family="sdxl")
        check(folder, inpainted(1.0, init={"margins_px": AROUND}, steps=3, width_px=24), family="sdxl")


def test_masked_picture_equals_diffusers_for_a_tiny_autoencoder(v_folder: Path) -> None:
    check(v_folder, inpainted(0.5, steps=6), "euler-a")


@pytest.mark.parametrize("margins_px", [(8, 0, 0, 0), (0, 8, 0, 0), (0, 0, 5, 3), AROUND])
def test_larger_canvas_equals_diffusers(sd_folder: Path, margins_px: tuple[int, int, int, int]) -> None:
    check(sd_folder, inpainted(0.9, init={"margins_px": margins_px}, steps=5, width_px=24, height_px=24))
    check(
        sd_folder, inpainted(1.0, init={"margins_px": margins_px, "mask": "hole"}, steps=3, width_px=24, height_px=24)
    )


def test_blurred_mask_keeps_the_picture_pixel_by_pixel_where_it_is_black(harness: EngineHarness) -> None:
    request = inpainted(1.0, init={"mask": "left", "mask_blur_px": 1}, width_px=64, height_px=32)
    outcome = harness.draw(request, picture_of(request))
    drawn, kept = outcome.pictures["picture-1.png"], np.asarray(canvas(request)).astype(np.int16)
    assert (drawn[:, 40:] == kept[:, 40:]).all()
    assert abs(drawn[:, :24] - kept[:, :24]).max() > 8
    (output,) = [event for event in outcome.events if isinstance(event, Output)]
    assert "Denoising strength: 1, Mask blur: 1" in read_parameters(output.content)


@pytest.mark.parametrize(
    ("init", "inputs", "sentence"),
    [
        ({"mask": "left"}, {"mask": encoded(mask("left", (30, 60)))}, "has to have the picture's 60×30"),
        ({"mask": "left"}, {"mask": encoded(Image.new("L", (60, 30)))}, "mask is empty"),
        ({"mask": "left"}, {"mask": b"white"}, "`mask` can't be read"),
        ({"mask": "left"}, {"mask": b""}, "`mask` did not come"),
        ({"margins_px": (8, 0, 8, 0)}, {}, "canvas must leave at least 8 px"),
        ({"margins_px": (-8, 0, 0, 0)}, {}, "canvas must leave"),
        ({"mask": "left", "mask_blur_px": 65}, {}, "blurred by 0 to 64"),
    ],
)
def test_mask_or_canvas_that_cannot_be_used_is_refused_with_a_sentence(
    harness: EngineHarness, init: Mapping[str, Any], inputs: Mapping[str, bytes], sentence: str
) -> None:
    request = inpainted(0.5, init=init)
    failed = harness.draw(request, {**picture_of(request), **inputs}).failed
    assert failed.failure is FailureKind.BAD_INPUT
    assert sentence in failed.message


def test_canvas_over_the_limit_is_refused(harness: EngineHarness) -> None:
    request = inpainted(0.5, init={"margins_px": (64, 0, 64, 0)}, width_px=144)
    assert "at most 64 px" in harness.draw(request, picture_of(request)).failed.message


REQUESTS = st.builds(
    lambda strength, key, init, use, **changes: (
        make_request(**changes) if strength is None else inpainted(strength, key, init=init, subjects=use, **changes)
    ),
    st.sampled_from([None, 0.05, 0.5, 0.77, 1.0]),
    st.sampled_from(PICTURES),
    st.one_of(
        st.builds(lambda name: {"mask": name}, st.sampled_from(MASKS)),
        st.just({"margins_px": (0, 3, 5, 0)}),
        st.just({"mask": ""}),
    ),
    st.sampled_from([(), (SubjectUse("a", 0.8),)]),
    steps=st.sampled_from([2, 3, 5]),  # of one step, diffusers' pipelines draw the whole or nothing
    guidance=st.sampled_from([1.0, 4.3]),
    seed=st.integers(0, 1),
    count=st.integers(1, 2),
    width_px=st.sampled_from([16, 24]),
)
SCRIPTS = st.lists(st.one_of(REQUESTS, REQUESTS, st.integers(0, 4)), min_size=2, max_size=7)


@pytest.fixture(scope="module")
def reference(sd_folder: Path) -> InitReference:
    return InitReference(saved(sd_folder), "")


@pytest.fixture(scope="module")
def adapters(sd_model: LoadedModel) -> Mapping[str, bytes]:
    return {"adapter:a": make_adapter(sd_model, rank=4, seed=1, parts=("unet", "text_encoder"), endings=EVERYTHING)}


def play(
    folder: Path,
    models: ModelCache,
    reference: InitReference,
    adapters: Mapping[str, bytes],
    script: list[ImageRequest | int],
    scheduler: str,
    lanes_max: int,
) -> None:
    harness = EngineHarness(make_spec(folder, scheduler=scheduler), models=models, lanes_max=lanes_max, slots=16)
    requests: dict[str, ImageRequest] = {}
    for action in script:
        if isinstance(action, int):
            harness.step(action)
            continue
        requests[f"job-{len(requests)}"] = action
        harness.admit(f"job-{len(requests) - 1}", action, {**picture_of(action), **adapters})
    harness.finish()
    for job_id, request in requests.items():
        for index in range(request.count):
            drawn = harness.jobs[job_id].pictures[f"picture-{index + 1}.png"]
            assert_same(drawn, reference.picture(request, index, adapters, scheduler=scheduler))
    harness.close()


@settings(max_examples=8, deadline=None)
@given(script=SCRIPTS, scheduler=st.sampled_from(SCHEDULERS), lanes_max=st.integers(1, 8))
def test_masked_picture_is_the_same_beside_all_others(
    sd_folder: Path,
    models: ModelCache,
    reference: InitReference,
    adapters: Mapping[str, bytes],
    script: list[ImageRequest | int],
    scheduler: str,
    lanes_max: int,
) -> None:
    play(sd_folder, models, reference, adapters, script, scheduler, lanes_max)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(script=SCRIPTS, scheduler=st.sampled_from(SCHEDULERS), lanes_max=st.integers(1, 8))
def test_masked_picture_is_the_same_over_hundreds_of_scripts(
    sd_folder: Path,
    models: ModelCache,
    reference: InitReference,
    adapters: Mapping[str, bytes],
    script: list[ImageRequest | int],
    scheduler: str,
    lanes_max: int,
) -> None:
    play(sd_folder, models, reference, adapters, script, scheduler, lanes_max)
