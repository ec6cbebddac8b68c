"""Pictures that begin from a picture are those of diffusers' image-to-image pipelines, whoever shares their passes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.shared.files.pictures import read_parameters
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.messages import FailureKind, Output
from inference.requests import ImageRequest, InitPicture, SubjectUse
from tests.support.engines.harness import EngineHarness, assert_same, make_request, saved
from tests.support.engines.init_pictures import PICTURES, InitReference, picture_of
from tests.support.files.photos import bomb, encoded, picture
from tests.support.tiny_adapters import EVERYTHING, make_adapter
from tests.support.tiny_models import make_spec

SCHEDULERS = ("dpm++", "euler", "euler-a", "ddim", "model")


def from_picture(strength: float, key: str = "1", **changes: Any) -> ImageRequest:
    return make_request(init=InitPicture(key=key, strength=strength), **changes)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_picture_from_a_picture_equals_diffusers(sd_folder: Path, scheduler: str, strength: float) -> None:
    harness = EngineHarness(make_spec(sd_folder, scheduler=scheduler))
    reference = InitReference(saved(sd_folder), scheduler)
    request = from_picture(strength, negative="blue", steps=7, count=2)
    outcome = harness.draw(request, picture_of(request))
    for index in range(2):
        assert_same(outcome.pictures[f"picture-{index + 1}.png"], reference.picture(request, index))
    assert outcome.finished.total == 2 * int(7 * strength)
    harness.close()


@pytest.mark.parametrize("guidance", [1.0, 4.3])
def test_picture_from_a_picture_equals_diffusers_for_sdxl(xl_folder: Path, guidance: float) -> None:
    harness = EngineHarness(make_spec(xl_folder, family="sdxl"))
    reference = InitReference(saved(xl_folder), "dpm++")
    request = from_picture(0.6, negative="blue", guidance=guidance, width_px=24)
    drawn = harness.draw(request, picture_of(request)).pictures["picture-1.png"]
    assert_same(drawn, reference.picture(request, 0))
    harness.close()


def test_picture_from_a_picture_equals_diffusers_for_a_tiny_autoencoder(v_folder: Path) -> None:
    harness, reference = EngineHarness(make_spec(v_folder)), InitReference(saved(v_folder), "dpm++")
    request = from_picture(0.5, steps=6)
    drawn = harness.draw(request, picture_of(request)).pictures["picture-1.png"]
    assert_same(drawn, reference.picture(request, 0))
    harness.close()


def test_picture_that_it_begins_from_is_seen_in_what_is_drawn(harness: EngineHarness) -> None:
    first, second = (from_picture(0.3, key, steps=7) for key in PICTURES)
    drawn = [harness.draw(one, picture_of(one)).pictures["picture-1.png"] for one in (first, second)]
    assert abs(drawn[0] - drawn[1]).max() > 8


def test_strength_is_in_the_parameters_as_others_write_it(harness: EngineHarness) -> None:
    request = from_picture(0.55)
    outcome = harness.draw(request, picture_of(request))
    (output,) = [event for event in outcome.events if isinstance(event, Output)]
    assert "Denoising strength: 0.55" in read_parameters(output.content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "did not come"),
        (b"a list of things to buy", "can't be read"),
        (encoded(picture())[:200], "can't be read"),
        (encoded(picture(), "JPEG"), "can't be read"),  # whoever takes pictures in writes them anew
        (bomb(30_000, 30_000), "larger than 16 megapixels"),
        (encoded(picture(width=1, height=1)), "too small"),
        (encoded(picture(), save_all=True, append_images=[picture(2)]), "animated"),
    ],
)
def test_picture_that_cannot_be_used_is_refused_with_a_sentence(
    harness: EngineHarness, content: bytes, sentence: str
) -> None:
    harness.admit("fine", make_request())
    failed = harness.draw(from_picture(0.5), {"picture": content}).failed
    assert (failed.failure, failed.retry) == (FailureKind.BAD_INPUT, False)
    assert sentence in failed.message
    assert harness.jobs["fine"].finished


@pytest.mark.parametrize("strength", [0.0, -0.1, 1.01, float("nan")])
def test_strength_out_of_bounds_is_refused(harness: EngineHarness, strength: float) -> None:
    request = from_picture(strength)
    assert "`strength`" in harness.draw(request, picture_of(from_picture(1))).failed.message


REQUESTS = st.builds(
    lambda strength, key, use, **changes: (
        make_request(**changes) if strength is None else from_picture(strength, key, subjects=use, **changes)
    ),
    st.sampled_from([None, 0.05, 0.3, 0.5, 0.77, 1.0]),
    st.sampled_from(PICTURES),
    st.sampled_from([(), (SubjectUse("a", 0.8),)]),
    negative=st.sampled_from(["", "green"]),
    steps=st.sampled_from([1, 2, 5, 8]),
    guidance=st.sampled_from([1.0, 4.3]),
    seed=st.integers(0, 1),
    count=st.integers(1, 2),
    width_px=st.sampled_from([16, 24]),
)
Action = ImageRequest | int | tuple[str, int]
SCRIPTS = st.lists(
    st.one_of(REQUESTS, REQUESTS, st.integers(0, 4), st.tuples(st.just("cancel"), st.integers(0, 5))),
    min_size=2,
    max_size=9,
)


@pytest.fixture(scope="module")
def reference(sd_folder: Path) -> InitReference:
    return InitReference(saved(sd_folder), "")


@pytest.fixture(scope="module")
def adapters(sd_model: LoadedModel) -> Mapping[str, bytes]:
    return {"adapter:a": make_adapter(sd_model, rank=4, seed=1, parts=("unet", "text_encoder"), endings=EVERYTHING)}


def play(harness: EngineHarness, script: list[Action], adapters: Mapping[str, bytes]) -> dict[str, ImageRequest]:
    """Let jobs come and go as a script says; return those that were not cancelled."""
    requests: dict[str, ImageRequest] = {}
    for action in script:
        if isinstance(action, ImageRequest):
            requests[f"job-{len(harness.jobs)}"] = action
            harness.admit(f"job-{len(harness.jobs)}", action, {**picture_of(action), **adapters})
        elif isinstance(action, int):
            harness.step(action)
        else:
            harness.engine.cancel(f"job-{action[1]}")
            requests.pop(f"job-{action[1]}", None)
    harness.finish()
    return requests


def check_script(
    folder: Path,
    models: ModelCache,
    reference: InitReference,
    adapters: Mapping[str, bytes],
    script: list[Action],
    scheduler: str,
    lanes_max: int,
) -> None:
    spec = make_spec(folder, scheduler=scheduler)
    harness = EngineHarness(spec, models=models, lanes_max=lanes_max, slots=16)
    for job_id, request in play(harness, script, adapters).items():
        for index in range(request.count):
            drawn = harness.jobs[job_id].pictures[f"picture-{index + 1}.png"]
            assert_same(drawn, reference.picture(request, index, adapters, scheduler=scheduler))
    harness.close()


@settings(max_examples=12, deadline=None)
@given(script=SCRIPTS, scheduler=st.sampled_from(SCHEDULERS), lanes_max=st.integers(1, 8))
def test_picture_from_a_picture_is_the_same_whatever_joins_and_leaves_its_batch(
    sd_folder: Path,
    reference: InitReference,
    adapters: Mapping[str, bytes],
    models: ModelCache,
    script: list[Action],
    scheduler: str,
    lanes_max: int,
) -> None:
    check_script(sd_folder, models, reference, adapters, script, scheduler, lanes_max)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(script=SCRIPTS, scheduler=st.sampled_from(SCHEDULERS), lanes_max=st.integers(1, 8))
def test_picture_from_a_picture_is_the_same_over_hundreds_of_scripts(
    sd_folder: Path,
    reference: InitReference,
    adapters: Mapping[str, bytes],
    models: ModelCache,
    script: list[Action],
    scheduler: str,
    lanes_max: int,
) -> None:
    check_script(sd_folder, models, reference, adapters, script, scheduler, lanes_max)
